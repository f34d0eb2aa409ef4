"""Which files count as a download follows the card, at the price of one read for each version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from tests.small_hub import SmallHub, repo_id

from zoco.core.access import Actor
from zoco.hub.cards import counting
from zoco.hub.cards.counting import counts_as_download
from zoco.hub.repos.open import open_for_reading


@contextmanager
def statements(hub: SmallHub) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(hub.db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(hub.db.engine, "before_cursor_execute", note)


def counted(hub: SmallHub, path: str, *files: str) -> set[str]:
    repo = open_for_reading(hub.storage, repo_id(path), None)
    return {file for file in files if counts_as_download(hub.db, repo, file)}


@pytest.fixture
def ana(hub: SmallHub) -> Actor:
    return hub.user("ana")


def test_a_model_counts_by_the_query_files_of_its_library(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "ana/plain", {"a.txt": "a"})
    hub.repo(ana, "ana/adapter", {"README.md": "---\nlibrary_name: peft\n---\n"})
    files = ("config.json", "adapter_config.json", "model.safetensors", "README.md", "q/4.gguf")
    assert counted(hub, "ana/plain", *files) == {"config.json", "q/4.gguf"}
    assert counted(hub, "ana/adapter", *files) == {"adapter_config.json", "q/4.gguf"}


def test_any_file_of_a_dataset_counts_and_none_of_a_space(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "datasets/ana/llamas")
    hub.repo(ana, "spaces/ana/demo")
    assert counted(hub, "datasets/ana/llamas", "a/b.csv", "config.json") == {"a/b.csv", "config.json"}
    assert counted(hub, "spaces/ana/demo", "app.py", "config.json") == set()


def test_a_new_card_counts_at_once_and_an_old_one_costs_no_sql(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "ana/model")
    repo = open_for_reading(hub.storage, repo_id("ana/model"), None)
    assert counts_as_download(hub.db, repo, "config.json")
    with statements(hub) as seen:
        assert counts_as_download(hub.db, repo, "config.json")
        assert not counts_as_download(hub.db, repo, "x.nemo")
    assert seen == []
    hub.commit(ana, "ana/model", {"README.md": "---\nlibrary_name: nemo\n---\n"})
    assert counted(hub, "ana/model", "config.json", "x.nemo") == {"config.json", "x.nemo"}
    hub.commit(ana, "ana/model", {"README.md": "---\nlibrary_name: timm\n---\n"})
    assert counted(hub, "ana/model", "config.json", "model.safetensors") == {"model.safetensors"}


def test_what_is_remembered_is_bounded(hub: SmallHub, ana: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "KNOWN_MAX", 2)
    monkeypatch.setattr(counting, "_known", type(counting._known)())
    for name in "abc":
        hub.repo(ana, f"ana/{name}")
        counted(hub, f"ana/{name}", "config.json")
        assert len(counting._known) <= 2
    with statements(hub) as seen:
        counted(hub, "ana/c", "config.json")
    assert not any("library_name" in statement for statement in seen)
