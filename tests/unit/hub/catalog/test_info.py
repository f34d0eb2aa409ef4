"""What is told about one repository: card, files, weights, and links that live and die with what they point to."""

from __future__ import annotations

import json
import struct

import pytest
from tests.small_hub import SmallHub, repo_id

from zoco.core.access import Gated, Visibility
from zoco.core.errors import RepoNotFound
from zoco.formats.git.attributes import Attributes
from zoco.formats.git.objects import (
    MODE_FILE,
    MODE_TREE,
    Commit,
    Kind,
    Signature,
    TreeEntry,
    serialise_commit,
    serialise_tree,
)
from zoco.formats.git.pack import PackWriter
from zoco.hub.cards.weights import weights_among
from zoco.hub.catalog.describe import repo_info
from zoco.hub.catalog.files import FILES_MAX
from zoco.hub.catalog.info import BaseModel, RepoInfo, SafetensorsTotals
from zoco.hub.catalog.query import Want
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, LfsOp
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.open import open_for_admin, open_for_reading
from zoco.hub.repos.settings import change_settings
from zoco.hub.repos.storage import Update, apply_updates, store_pack

ALL = frozenset(Want)


def weights(**shapes: list[int]) -> bytes:
    header = json.dumps(
        {name: {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()}
    )
    return struct.pack("<Q", len(header)) + header.encode()


def info_of(hub: SmallHub, path: str, *want: Want) -> RepoInfo:
    return repo_info(hub.catalogue, open_for_reading(hub.storage, repo_id(path), None), None, want=frozenset(want))


def test_a_transformers_model_is_described_from_its_config(hub: SmallHub) -> None:
    config = {
        "architectures": ["BertForMaskedLM"],
        "model_type": "bert",
        "auto_map": {"AutoModelForMaskedLM": "m.Bert"},
    }
    readme = "---\nwidget: [{text: Hola}]\nmodel-index: [{name: m, results: []}]\nbase_model: [ana/base]\n---\n"
    hub.repo(
        hub.user("ana"),
        "ana/bert",
        {"config.json": json.dumps(config), "tokenizer_config.json": '{"mask_token": "[MASK]"}', "README.md": readme},
    )
    info = info_of(hub, "ana/bert")
    assert info.transformers
    assert (info.transformers.auto_model, info.transformers.pipeline_tag) == ("AutoModelForMaskedLM", "fill-mask")
    assert (info.transformers.processor, info.transformers.custom_class) == ("AutoTokenizer", "m.Bert")
    assert (info.mask_token, info.library_name) == ("[MASK]", "transformers")
    assert info.widget == [{"text": "Hola"}]
    assert info.model_index == [{"name": "m", "results": []}]
    assert info.base_models == (BaseModel("ana/base", "finetune"),)
    assert info.author == "ana"


def test_files_carry_sizes_and_lfs_facts_when_asked(hub: SmallHub) -> None:
    ana = hub.user("ana")
    repo = hub.repo(ana, "ana/iris", {"a/b.txt": "12345"})
    pointer = hub.lfs_object(ana, repo, b"w" * 5000)
    commit(hub.storage, repo, ana, "main", CommitRequest("Weights", (LfsOp("w.bin", pointer.sha256, pointer.size),)))
    bare = info_of(hub, "ana/iris", Want.SIBLINGS)
    assert [(one.path, one.size) for one in bare.siblings or ()] == [
        (".gitattributes", None),
        ("a/b.txt", None),
        ("w.bin", None),
    ]
    full = info_of(hub, "ana/iris", Want.SIZES)
    by_path = {one.path: one for one in full.siblings or ()}
    assert (by_path["a/b.txt"].size, by_path["a/b.txt"].lfs) == (5, None)
    lfs = by_path["w.bin"].lfs
    assert lfs
    assert (lfs.sha256, lfs.size, by_path["w.bin"].size) == (pointer.sha256, 5000, 5000)
    assert 100 < lfs.pointer_size < 200
    assert full.main_size
    assert full.main_size > 5005


@pytest.mark.parametrize("by_lfs", [True, False])
def test_weights_are_counted_from_their_headers(hub: SmallHub, by_lfs: bool) -> None:
    ana = hub.user("ana")
    repo = hub.repo(ana, "ana/net")
    data = weights(a=[10, 10], b=[7])
    if by_lfs:
        assert Attributes("*.safetensors filter=lfs").is_lfs("model.safetensors")
        pointer = hub.lfs_object(ana, repo, data)
        change = LfsOp("model.safetensors", pointer.sha256, pointer.size)
        commit(hub.storage, repo, ana, "main", CommitRequest("Weights", (change,)))
    else:
        hub.repo(ana, "ana/plain", {"model.safetensors": data.decode()})
    path = "ana/net" if by_lfs else "ana/plain"
    assert info_of(hub, path, Want.SAFETENSORS).safetensors == SafetensorsTotals({"F32": 107}, 107)


def test_weights_behind_a_gate_are_still_counted(hub: SmallHub) -> None:
    ana = hub.user("ana")
    repo = hub.repo(ana, "ana/net", {"model.safetensors": weights(a=[3]).decode()})
    change_settings(hub.storage, repo, ana, gated=Gated.MANUAL)
    found = info_of(hub, "ana/net", Want.SAFETENSORS).safetensors
    assert found
    assert found.total == 3


def test_a_lying_header_is_unknown_and_no_error(hub: SmallHub) -> None:
    hub.repo(hub.user("ana"), "ana/net", {"model.safetensors": "not a header at all"})
    assert info_of(hub, "ana/net", Want.SAFETENSORS).safetensors is None


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["model.safetensors", "other.safetensors"], ["model.safetensors"]),
        (
            ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "x.safetensors"],
            ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
        ),
        (["net.safetensors"], ["net.safetensors"]),
        (["a.safetensors", "b.safetensors"], []),
        (["pytorch_model.bin"], []),
    ],
)
def test_which_files_make_up_one_model(names: list[str], chosen: list[str]) -> None:
    assert weights_among(names) == chosen


def test_an_older_commit_is_described_by_its_own_card(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/iris", {"README.md": "---\ntags: [one]\n---\n"})
    first = info_of(hub, "ana/iris").head
    hub.commit(ana, "ana/iris", {"README.md": "---\ntags: [two]\n---\n", "new.txt": "x"})
    repo = open_for_reading(hub.storage, repo_id("ana/iris"), None)
    then = repo_info(hub.catalogue, repo, None, first, want=frozenset({Want.SIBLINGS}))
    assert (then.head, then.tags) == (first, ("one",))
    assert "new.txt" not in {one.path for one in then.siblings or ()}
    assert info_of(hub, "ana/iris").tags == ("two",)


def test_links_live_and_die_with_what_they_point_to(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/net", {"README.md": "---\ndatasets: [ana/llamas, nowhere/data]\n---\n"})
    assert info_of(hub, "ana/net", Want.LINKED).datasets == ()
    data = hub.repo(ana, "datasets/ana/llamas")
    assert info_of(hub, "ana/net", Want.LINKED).datasets == ("ana/llamas",)
    assert info_of(hub, "datasets/ana/llamas", Want.LINKED).models == ("ana/net",)
    change_settings(hub.storage, data, ana, visibility=Visibility.PRIVATE)
    assert info_of(hub, "ana/net", Want.LINKED).datasets == ()
    delete_repo(hub.storage, data, ana)
    assert (
        repo_info(hub.catalogue, open_for_reading(hub.storage, repo_id("ana/net"), ana), ana, want=ALL).datasets == ()
    )


def test_children_are_counted_by_those_who_may_see_them(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/base")
    hub.repo(ana, "ana/child", {"README.md": "---\nbase_model: ana/base\n---\n"})
    hub.repo(ana, "ana/hidden", {"README.md": "---\nbase_model: ana/base\n---\n"}, private=True)
    assert info_of(hub, "ana/base", Want.CHILDREN).children_count == 1
    repo = open_for_reading(hub.storage, repo_id("ana/base"), ana)
    assert repo_info(hub.catalogue, repo, ana, want=frozenset({Want.CHILDREN})).children_count == 2


def test_what_was_deleted_meanwhile_is_not_found(hub: SmallHub) -> None:
    ana = hub.user("ana")
    repo = hub.repo(ana, "ana/iris")
    delete_repo(hub.storage, repo, ana)
    with pytest.raises(RepoNotFound):
        repo_info(hub.catalogue, repo, ana)


def test_a_spaces_card_says_its_sdk(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "spaces/ana/demo")
    assert info_of(hub, "spaces/ana/demo").sdk == "static"
    hub.commit(ana, "spaces/ana/demo", {"README.md": "---\nsdk: gradio\n---\n"})
    assert info_of(hub, "spaces/ana/demo").sdk == "gradio"
    hub.commit(ana, "spaces/ana/demo", {"README.md": None})
    assert info_of(hub, "spaces/ana/demo").sdk == "static"
    assert open_for_admin(hub.storage, repo_id("spaces/ana/demo"), ana)


def test_a_tree_of_a_trillion_files_is_described_in_bounds(hub: SmallHub) -> None:
    """A few kilobytes can stand for more paths than memory holds."""
    ana = hub.user("ana")
    repo = hub.repo(ana, "ana/bomb")
    pack = PackWriter()
    blob = pack.add(Kind.BLOB, b"12345")
    entries = [TreeEntry(MODE_FILE, f"{n}.txt".encode(), blob) for n in range(10)]
    tree = pack.add(Kind.TREE, serialise_tree(entries))
    for _ in range(11):
        tree = pack.add(Kind.TREE, serialise_tree(TreeEntry(MODE_TREE, str(n).encode(), tree) for n in range(10)))
    who = Signature("ana", "ana@x", 1)
    tip = pack.add(Kind.COMMIT, serialise_commit(Commit(tree, (), who, who, "bomb")))
    files = hub.storage.blobs.scratch / "p.pack", hub.storage.blobs.scratch / "p.idx"
    stored = store_pack(hub.storage, *files, pack.write(*files))
    pack.close()
    old = info_of(hub, "ana/bomb").head
    apply_updates(hub.storage, repo, [Update("refs/heads/main", old, tip)], [stored], ana, "git")
    info = info_of(hub, "ana/bomb", Want.SIZES)
    assert 50_000 < len(info.siblings or ()) <= FILES_MAX
    assert info.main_size == 5 * 10**12
