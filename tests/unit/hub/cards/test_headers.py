"""What headers of weights and files of results add to a card, read by range in the moment of the push."""

from __future__ import annotations

import json

import pytest
from tests.gguf_maker import gguf
from tests.small_hub import SmallHub, repo_id

from zoco.core.access import Actor
from zoco.hub.cards.card import Card
from zoco.hub.cards.ggufs import gguf_among
from zoco.hub.cards.service import card_of
from zoco.hub.catalog.describe import repo_info
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, LfsOp
from zoco.hub.repos.open import open_for_admin, open_for_reading
from zoco.surfaces.hub_api import fields

LLAMA: dict[str, object] = {
    "general.architecture": "llama",
    "general.file_type": 15,
    "llama.context_length": 8192,
    "tokenizer.ggml.tokens": ["<unk>", "<s>", "</s>"],
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.chat_template": "{{ messages }}",
}
SHOWN = {
    "total": 1024,
    "architecture": "llama",
    "quantization": "Q4_K_M",
    "context_length": 8192,
    "chat_template": "{{ messages }}",
    "bos_token": "<s>",
    "eos_token": "</s>",
}
TENSORS = [("w", (32, 32), 12)]


def the_card(hub: SmallHub, path: str) -> Card:
    with hub.db.read() as read:
        found = card_of(read, open_for_reading(hub.storage, repo_id(path), None).key)
    assert found
    return found


def push_lfs(hub: SmallHub, owner: Actor, path: str, files: dict[str, bytes]) -> None:
    repo = open_for_admin(hub.storage, repo_id(path), owner)
    pointers = {name: hub.lfs_object(owner, repo, data) for name, data in files.items()}
    changes = tuple(LfsOp(name, pointer.sha256, pointer.size) for name, pointer in pointers.items())
    commit(hub.storage, repo, owner, "main", CommitRequest("Weights", changes))


def test_a_gguf_file_tells_what_it_is(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/llama")
    push_lfs(hub, ana, "ana/llama", {"llama-Q4_K_M.gguf": gguf(LLAMA, TENSORS) + bytes(300_000)})
    card = the_card(hub, "ana/llama")
    assert card.gguf == SHOWN
    assert (card.library_name, card.pipeline_tag, card.parameters) == ("gguf", "text-generation", 1024)
    assert "conversational" in {tag.value for tag in card.tags}


def test_the_api_shows_it_now_and_at_an_older_commit(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/llama")
    push_lfs(hub, ana, "ana/llama", {"quants/llama.gguf": gguf(LLAMA, TENSORS)})
    repo = open_for_reading(hub.storage, repo_id("ana/llama"), None)
    now = repo_info(hub.catalogue, repo, None)
    assert fields.shown(now, ("gguf",))["gguf"] == SHOWN
    hub.commit(ana, "ana/llama", {"quants/llama.gguf": None})
    assert "gguf" not in fields.shown(repo_info(hub.catalogue, repo, None), ("gguf",))
    assert fields.shown(repo_info(hub.catalogue, repo, None, now.head), ("gguf",))["gguf"] == SHOWN


def test_all_parts_of_a_split_file_count(hub: SmallHub) -> None:
    ana = hub.user("ana")
    parts = {
        f"m-{n + 1:05}-of-00002.gguf": gguf((LLAMA if n == 0 else {}) | {"split.no": n, "split.count": 2}, TENSORS)
        for n in range(2)
    }
    hub.repo(ana, "ana/llama")
    push_lfs(hub, ana, "ana/llama", parts)
    assert the_card(hub, "ana/llama").gguf == SHOWN | {"total": 2048}
    hub.commit(ana, "ana/llama", {"m-00002-of-00002.gguf": None})
    left = the_card(hub, "ana/llama").gguf
    assert left == {key: value for key, value in SHOWN.items() if key != "total"}, "a part is missing: nobody knows"


def test_safetensors_decide_the_number_of_parameters(hub: SmallHub) -> None:
    ana = hub.user("ana")
    header = json.dumps({"a": {"dtype": "F32", "shape": [7], "data_offsets": [0, 28]}}).encode()
    weights = len(header).to_bytes(8, "little") + header + bytes(28)
    hub.repo(ana, "ana/llama")
    push_lfs(hub, ana, "ana/llama", {"model.safetensors": weights, "model.gguf": gguf(LLAMA, TENSORS)})
    card = the_card(hub, "ana/llama")
    assert (card.parameters, card.gguf) == (7, SHOWN)


@pytest.mark.parametrize("data", [b"not a header at all", b"", gguf({}, tensor_count=2**60)])
def test_a_lying_header_is_unknown_and_no_error(hub: SmallHub, data: bytes) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/llama")
    push_lfs(hub, ana, "ana/llama", {"model.gguf": data or b"x"})
    card = the_card(hub, "ana/llama")
    assert (card.gguf, card.parameters, card.library_name) == (None, None, "gguf")


def test_a_header_with_what_no_database_holds_is_kept_without_it(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/llama")
    said = LLAMA | {"general.architecture": "ll\0ama", "tokenizer.chat_template": "a\ud800b"}
    push_lfs(hub, ana, "ana/llama", {"model.gguf": gguf(said, TENSORS)})
    assert (the_card(hub, "ana/llama").gguf or {})["architecture"] == "llama"


@pytest.mark.parametrize(
    ("paths", "chosen"),
    [
        (["b.gguf", "a.gguf", "x/0.gguf"], ["a.gguf"]),
        (["mmproj-a.gguf", "m.gguf", "a.imatrix.gguf"], ["m.gguf"]),
        (["Q4/m-00002-of-00002.gguf", "Q4/m-00001-of-00002.gguf", "Q8/m-00001-of-00002.gguf"], None),
        (["mmproj.gguf"], []),
        (["m.bin"], []),
    ],
)
def test_which_files_are_one_model(paths: list[str], chosen: list[str] | None) -> None:
    assert gguf_among(paths) == (["Q4/m-00001-of-00002.gguf", "Q4/m-00002-of-00002.gguf"] if chosen is None else chosen)


RESULT = "- dataset: {id: cais/hle, task_id: default, revision: abc}\n  value: 20.9\n  date: 2026-01-15\n"


def test_results_of_evaluations_are_read_from_their_files(hub: SmallHub) -> None:
    ana = hub.user("ana")
    files = {
        ".eval_results/hle.yaml": RESULT + "  source: {url: 'https://x.org', name: Logs}\n  notes: no-tools\n",
        ".eval_results/broken.yaml": "- dataset: [",
        ".eval_results/nothing.yaml": "- dataset: {id: a/b}\n  value: 1\n",
        ".eval_results/large.yaml": "# " + "x" * 70_000,
        ".eval_results/deeper/no.yaml": RESULT,
        ".eval_results/notes.txt": "no",
    }
    hub.repo(ana, "ana/m", files)
    assert [tag.value for tag in the_card(hub, "ana/m").tags] == ["eval-results"]
    results = the_card(hub, "ana/m").eval_results
    errors = {one["filename"]: one["error"] for one in results if "error" in one}
    assert {name.rpartition("/")[2] for name in errors} == {"broken.yaml", "nothing.yaml", "large.yaml"}
    assert [one for one in results if "error" not in one] == [
        {
            "filename": ".eval_results/hle.yaml",
            "verified": False,
            "data": {
                "dataset": {"id": "cais/hle", "task_id": "default", "revision": "abc"},
                "value": 20.9,
                "date": "2026-01-15",
                "source": {"url": "https://x.org", "name": "Logs"},
                "notes": "no-tools",
            },
        }
    ]


def test_results_that_nobody_can_read_are_no_tag(hub: SmallHub) -> None:
    hub.repo(hub.user("ana"), "ana/m", {".eval_results/broken.yaml": "- 5"})
    assert the_card(hub, "ana/m").tags == ()


def test_the_client_reads_the_results(hub: SmallHub) -> None:
    from huggingface_hub.hf_api import ModelInfo

    ana = hub.user("ana")
    hub.repo(ana, "ana/m", {".eval_results/hle.yaml": RESULT, ".eval_results/broken.yaml": "- 5"})
    repo = open_for_reading(hub.storage, repo_id("ana/m"), None)
    shown = fields.shown(repo_info(hub.catalogue, repo, None), ("evalResults",))
    found = ModelInfo(**shown).eval_results
    assert found
    assert [(one.dataset_id, one.task_id, one.value) for one in found] == [("cais/hle", "default", 20.9)]


def test_results_without_end_are_bounded(hub: SmallHub) -> None:
    ana = hub.user("ana")
    many = {f".eval_results/{n:03}.yaml": RESULT.replace("abc", "x" * 9_000) for n in range(80)}
    hub.repo(ana, "ana/m", many)
    assert len(the_card(hub, "ana/m").eval_results) < 30
