"""The card follows the default branch, in the very transaction that moves it."""

from __future__ import annotations

import json

from tests.small_hub import SmallHub, repo_id

from zoco.adapters.git.reader import open_reader
from zoco.core.ids import RepoType
from zoco.core.repos import WritableRepo
from zoco.formats.git.edit import edit_tree
from zoco.formats.git.objects import MODE_FILE, Commit, Kind, Signature, serialise_commit
from zoco.formats.git.pack import PackWriter
from zoco.hub.cards.card import Card
from zoco.hub.cards.service import card_of
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, FileOp
from zoco.hub.repos.open import open_for_admin, open_for_reading
from zoco.hub.repos.ref_store import tip_of
from zoco.hub.repos.refs import create_branch
from zoco.hub.repos.storage import Update, apply_updates, bare_repository, store_pack


def the_card(hub: SmallHub, path: str) -> Card:
    with hub.db.read() as read:
        found = card_of(read, open_for_reading(hub.storage, repo_id(path), None).key)
    assert found
    return found


def printed(card: Card) -> list[str]:
    return [tag.printed(RepoType.MODEL) for tag in card.tags]


def test_a_commit_is_found_by_its_tags_at_once(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/iris")
    hub.commit(ana, "ana/iris", {"README.md": "---\ntags: [es]\nlicense: mit\n---\n# Iris\n\nClassifies flowers.\n"})
    card = the_card(hub, "ana/iris")
    assert (printed(card), card.license, card.description) == (["es", "license:mit"], "mit", "Classifies flowers.")
    hub.commit(ana, "ana/iris", {"README.md": "---\ntags: [en]\n---\n"})
    assert printed(the_card(hub, "ana/iris")) == ["en"]
    hub.commit(ana, "ana/iris", {"README.md": None})
    assert the_card(hub, "ana/iris") == Card()


def test_other_branches_change_nothing(hub: SmallHub) -> None:
    ana = hub.user("ana")
    repo = hub.repo(ana, "ana/iris", {"README.md": "---\ntags: [one]\n---\n"})
    create_branch(hub.storage, repo, ana, "next")
    repo = open_for_admin(hub.storage, repo.id, ana)
    change = FileOp("README.md", b"---\ntags: [two]\n---\n")
    commit(hub.storage, repo, ana, "next", CommitRequest("Change", (change,)))
    assert printed(the_card(hub, "ana/iris")) == ["one"]


def test_library_task_and_config_come_from_the_files(hub: SmallHub) -> None:
    ana = hub.user("ana")
    config = {"architectures": ["BertForMaskedLM"], "model_type": "bert", "vocab_size": 30522}
    tokenizer = {"mask_token": {"content": "[MASK]", "lstrip": True}, "chat_template": "{{ x }}", "extra": 1}
    hub.repo(ana, "ana/bert", {"config.json": json.dumps(config), "tokenizer_config.json": json.dumps(tokenizer)})
    card = the_card(hub, "ana/bert")
    assert (card.library_name, card.pipeline_tag) == ("transformers", "fill-mask")
    assert card.config == {
        "architectures": ["BertForMaskedLM"],
        "model_type": "bert",
        "tokenizer_config": {"mask_token": "[MASK]", "chat_template": "{{ x }}"},
    }


def test_hostile_json_is_left_out(hub: SmallHub) -> None:
    ana = hub.user("ana")
    for number, text in enumerate(
        (
            "[" * 100_000,
            '{"architectures": 5, "model_type": "a\\u0000b\\ud800"}',
            '{"model_type": NaN, "auto_map": {"a": "' + "x" * 100_000 + '"}}',
            "\0",
            "null",
        )
    ):
        hub.repo(ana, f"ana/m{number}", {"config.json": text})
        config = the_card(hub, f"ana/m{number}").config or {}
        assert "architectures" not in config
        assert len(json.dumps(config)) < 1000


def test_a_card_that_cannot_be_read_is_kept_as_a_problem_by_git_pushes(hub: SmallHub) -> None:
    """A push never goes through the API's check; the subscriber must not refuse it."""
    ana = hub.user("ana")
    repo: WritableRepo = hub.repo(ana, "ana/iris")
    with hub.db.read() as read:
        tip = tip_of(read, repo.key, "refs/heads/main")
    assert tip
    assert tip.oid
    pack = PackWriter()
    blob = pack.add(Kind.BLOB, b"---\n tags:\n- es\n- bert\n---\nStill shown.\n")
    with open_reader(bare_repository(hub.storage, repo)) as git:
        root = git.commit(tip.oid).tree
        tree = edit_tree(root, {"README.md": (MODE_FILE, blob)}, lambda oid: git.read(oid)[1], pack.add)
    who = Signature("ana", "ana@x", 1)
    new = pack.add(Kind.COMMIT, serialise_commit(Commit(tree, (tip.oid,), who, who, "push")))
    files = hub.storage.blobs.scratch / "p.pack", hub.storage.blobs.scratch / "p.idx"
    stored = store_pack(hub.storage, *files, pack.write(*files))
    pack.close()
    apply_updates(hub.storage, repo, [Update("refs/heads/main", tip.oid, new)], [stored], ana, "git")
    card = the_card(hub, "ana/iris")
    assert card.problem
    assert "Remove the space" in card.problem
    assert printed(card) == ["bert", "es"], "what an obvious repair makes readable is read"
    assert card.description == "Still shown."


def test_a_card_with_bytes_that_no_database_holds_is_pushed_all_the_same(hub: SmallHub) -> None:
    """PostgreSQL refuses NUL in text: the first version of this room failed the push."""
    ana = hub.user("ana")
    hub.repo(ana, "ana/iris")
    hub.commit(ana, "ana/iris", {"README.md": "---\ntags: [es]\n---\nHe\0llo \ufffe there.\n"})
    card = the_card(hub, "ana/iris")
    assert printed(card) == ["es"]
    assert card.description.startswith("Hello")
