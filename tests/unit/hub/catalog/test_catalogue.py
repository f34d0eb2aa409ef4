"""What was committed is found at once, by every process, whatever state the files of the index are in."""

from __future__ import annotations

import json
import random
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from tests.small_hub import SmallHub, repo_id

from zoco.adapters.db import changes
from zoco.adapters.db.changes import Change
from zoco.adapters.db.tables import change, namespace, repo
from zoco.core.access import Actor, Visibility
from zoco.core.ids import RepoType
from zoco.hub.catalog import catalogue as catalogue_module
from zoco.hub.catalog import generations, log_store, reindex
from zoco.hub.catalog.catalogue import Catalogue, NotReady
from zoco.hub.catalog.current_index import ABOUT, CATALOGUE, CURRENT, current
from zoco.hub.catalog.generations import build, open_generation, refresh_numbers, write_what_is_due
from zoco.hub.catalog.lists import list_repos
from zoco.hub.catalog.query import Query, Sort
from zoco.hub.catalog.reindex import Due, what_is_due
from zoco.hub.community.likes import like
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.move import move_repo
from zoco.hub.repos.open import open_for_admin
from zoco.hub.repos.settings import change_settings


def folder_of(hub: SmallHub, tmp_path: Path) -> Path:
    assert hub.catalogue is not None
    return tmp_path / CATALOGUE


def names(catalogue: Catalogue, query: Query, actor: Actor | None = None) -> list[str]:
    return [info.id.name for info in list_repos(catalogue, actor, query).items]


CARD = {"README.md": "---\ntags: [es]\n---\n"}
SPANISH = Query(RepoType.MODEL, filters=("es",), sort=Sort.NAME)


def test_what_one_process_writes_the_others_find_in_their_next_answer(hub: SmallHub, tmp_path: Path) -> None:
    ana, folder = hub.user("ana"), folder_of(hub, tmp_path)
    for number in range(3):
        hub.repo(ana, f"ana/m{number}", CARD)
    build(hub.db, folder)
    others = [hub.catalogue, Catalogue(hub.storage, folder), Catalogue(hub.storage)]
    assert [names(one, SPANISH) for one in others] == [["m0", "m1", "m2"]] * 3

    def all_say(wanted: list[str], query: Query = SPANISH) -> None:
        assert [names(one, query) for one in others] == [wanted] * 3

    new = hub.repo(ana, "ana/new", CARD)
    all_say(["m0", "m1", "m2", "new"])
    hub.commit(ana, "ana/m1", {"README.md": "---\ntags: [en]\n---\n"})
    all_say(["m0", "m2", "new"])
    move_repo(hub.storage, open_for_admin(hub.storage, repo_id("ana/m2"), ana), ana, repo_id("ana/a2"))
    all_say(["a2", "m0", "new"])
    first = open_for_admin(hub.storage, repo_id("ana/m0"), ana)
    change_settings(hub.storage, first, ana, visibility=Visibility.PRIVATE)
    all_say(["a2", "new"])
    assert names(others[1], SPANISH, ana) == ["a2", "m0", "new"]
    like(hub.db, new, ana)
    all_say(["new", "a2", "m1"], Query(RepoType.MODEL, sort=Sort.LIKES))
    delete_repo(hub.storage, new, ana)
    all_say(["a2"])


def test_a_written_index_is_taken_up_and_changes_upon_it_are_kept(hub: SmallHub, tmp_path: Path) -> None:
    ana, folder = hub.user("ana"), folder_of(hub, tmp_path)
    hub.repo(ana, "ana/one", CARD)
    assert names(hub.catalogue, SPANISH) == ["one"]
    assert build(hub.db, folder)
    hub.repo(ana, "ana/two", CARD)
    assert names(hub.catalogue, SPANISH) == ["one", "two"]
    with hub.catalogue.view() as view:
        assert view.types[RepoType.MODEL].index.segment.size == 1
        assert len(view.types[RepoType.MODEL].index.delta.docs) == 1
    shutil.rmtree(folder)
    hub.repo(ana, "ana/three", CARD)
    assert names(hub.catalogue, SPANISH) == ["one", "three", "two"], "its files are a cache"
    assert names(Catalogue(hub.storage, folder), SPANISH) == ["one", "three", "two"]
    assert build(hub.db, folder)
    assert names(hub.catalogue, SPANISH) == ["one", "three", "two"]
    with hub.catalogue.view() as view:
        assert view.types[RepoType.MODEL].index.segment.size == 3


@pytest.mark.parametrize("damage", ["cut", "gone", "format", "database", "current", "garbage"])
def test_a_damaged_index_is_never_answered_from(hub: SmallHub, tmp_path: Path, damage: str) -> None:
    ana, folder = hub.user("ana"), folder_of(hub, tmp_path)
    for number in range(40):
        hub.repo(ana, f"ana/m{number}", CARD)
        if number == 2:
            break
    made = build(hub.db, folder)
    assert made
    at = folder / made.name
    about = json.loads((at / ABOUT).read_text())
    match damage:
        case "cut":
            (at / "models/keys").write_bytes(b"12345")
        case "gone":
            (at / "models/terms.sets").unlink()
        case "format" | "database":
            (at / ABOUT).write_text(json.dumps({**about, damage: "other"}))
        case "current":
            (folder / CURRENT).write_text("1-nothing")
        case "garbage":
            (folder / CURRENT).write_bytes(b"\xff\xfe")
    catalogue = Catalogue(hub.storage, folder)
    assert names(catalogue, SPANISH) == ["m0", "m1", "m2"]
    hub.repo(ana, "ana/new", CARD)
    assert names(catalogue, SPANISH) == ["m0", "m1", "m2", "new"]
    assert build(hub.db, folder)
    assert names(catalogue, SPANISH) == ["m0", "m1", "m2", "new"]


def test_an_index_that_is_ahead_of_a_restored_database_is_left(hub: SmallHub, tmp_path: Path) -> None:
    ana, folder = hub.user("ana"), folder_of(hub, tmp_path)
    hub.repo(ana, "ana/kept", CARD)
    gone = hub.repo(ana, "ana/gone", CARD)
    build(hub.db, folder)
    with hub.db.write() as write:  # as if the database were that of yesterday
        write.execute(delete(repo).where(repo.c.id == gone.key))
        write.execute(delete(change).where(change.c.repo_id == gone.key))
    assert names(Catalogue(hub.storage, folder), SPANISH) == ["kept"]


def test_a_process_that_slept_longer_than_the_log_reads_everything_again(hub: SmallHub, tmp_path: Path) -> None:
    ana, folder = hub.user("ana"), folder_of(hub, tmp_path)
    for number in range(3):
        hub.repo(ana, f"ana/m{number}", CARD)
    build(hub.db, folder)
    assert names(hub.catalogue, SPANISH) == ["m0", "m1", "m2"]
    hub.commit(ana, "ana/m0", {"README.md": "none"})
    hub.commit(ana, "ana/m2", {"x.txt": "x"})
    with hub.db.write() as write:
        write.execute(delete(change).where(change.c.seq < log_store.newest(write)))
    assert names(hub.catalogue, SPANISH) == ["m1", "m2"]
    assert names(Catalogue(hub.storage, folder), SPANISH) == ["m1", "m2"]
    assert what_is_due(hub.db, folder) is Due.NOTHING, "so small a Hub keeps none"


def set_downloads(hub: SmallHub, name: str, number: int, kind: Change = Change.NUMBERS) -> None:
    with hub.db.write() as write:
        changed = update(repo).where(repo.c.name == name).values(downloads=number).returning(repo.c.id)
        changes.note(write, write.scalars(changed), kind)


def test_numbers_are_refreshed_without_reading_the_documents(hub: SmallHub, tmp_path: Path) -> None:
    ana, folder = hub.user("ana"), folder_of(hub, tmp_path)
    for name in ("a", "b", "c", "d"):
        hub.repo(ana, f"ana/{name}", CARD)
    by_downloads = Query(RepoType.MODEL, sort=Sort.DOWNLOADS)
    build(hub.db, folder)
    set_downloads(hub, "a", 5)
    hub.commit(ana, "ana/b", {"README.md": "---\ntags: [en]\n---\n"})
    delete_repo(hub.storage, open_for_admin(hub.storage, repo_id("ana/d"), ana), ana)
    hub.repo(ana, "ana/e", CARD)
    made = refresh_numbers(hub.db, folder)
    assert made
    assert made.about.seq < made.about.numbers_seq
    set_downloads(hub, "c", 3)
    for catalogue in (hub.catalogue, Catalogue(hub.storage, folder)):
        assert names(catalogue, SPANISH) == ["a", "c", "e"]
        assert names(catalogue, by_downloads) == ["a", "c", "e", "b"]
        with catalogue.view() as view:
            index = view.types[RepoType.MODEL].index
            assert len(index.overlay.docs) == 3, "b and e, and c since the refresh"
    set_downloads(hub, "b", 9)
    assert names(hub.catalogue, by_downloads) == ["b", "a", "c", "e"]


def test_an_index_is_written_when_enough_has_changed(
    hub: SmallHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindex, "WRITTEN_FROM", 3)
    monkeypatch.setattr(reindex, "CHANGED_MIN", 2)
    ana, folder = hub.user("ana"), folder_of(hub, tmp_path)
    hub.repo(ana, "ana/a", CARD)
    hub.repo(ana, "ana/b", CARD)
    assert write_what_is_due(hub.db, folder) is Due.NOTHING
    hub.repo(ana, "ana/c", CARD)
    assert write_what_is_due(hub.db, folder) is Due.ALL
    set_downloads(hub, "a", 1)
    set_downloads(hub, "a", 2)
    assert write_what_is_due(hub.db, folder) is Due.NOTHING
    set_downloads(hub, "b", 1)
    assert write_what_is_due(hub.db, folder) is Due.NUMBERS
    assert write_what_is_due(hub.db, folder) is Due.NOTHING
    set_downloads(hub, "a", 1, Change.DOCUMENT)
    set_downloads(hub, "c", 1, Change.DOCUMENT)
    assert write_what_is_due(hub.db, folder) is Due.ALL
    assert what_is_due(hub.db, folder) is Due.NOTHING
    assert [one.name for one in folder.iterdir() if one.is_dir()] == [current(folder)], "older ones are tidied away"


def test_two_processes_do_not_write_it_at_once(hub: SmallHub, tmp_path: Path) -> None:
    folder = folder_of(hub, tmp_path)
    folder.mkdir()
    with generations._alone(folder) as is_alone:
        assert is_alone
        assert build(hub.db, folder) is None
    assert build(hub.db, folder) is not None


def test_a_writer_that_fails_leaves_the_old_index_in_use(
    hub: SmallHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, folder = hub.user("ana"), folder_of(hub, tmp_path)
    hub.repo(ana, "ana/a", CARD)
    made = build(hub.db, folder)
    assert made

    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(generations, "_sync", full)
    with pytest.raises(OSError, match="No space"):
        build(hub.db, folder)
    assert current(folder) == made.name
    assert [one.name for one in folder.iterdir() if one.is_dir()] == [made.name]
    assert names(Catalogue(hub.storage, folder), SPANISH) == ["a"]


def test_a_large_hub_without_an_index_says_that_it_is_being_built(
    hub: SmallHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_module, "STRAIGHT_MAX", 1)
    ana, folder = hub.user("ana"), folder_of(hub, tmp_path)
    hub.repo(ana, "ana/a", CARD)
    assert names(hub.catalogue, SPANISH) == ["a"]
    hub.repo(ana, "ana/b", CARD)
    assert names(hub.catalogue, SPANISH) == ["a", "b"], "who has an index goes on with it"
    fresh = Catalogue(hub.storage, folder)
    with pytest.raises(NotReady, match="being built"):
        names(fresh, SPANISH)
    build(hub.db, folder)
    assert names(fresh, SPANISH) == ["a", "b"]


def test_answers_hold_while_others_write_and_the_index_is_rewritten(hub: SmallHub, tmp_path: Path) -> None:
    """Writers, readers and a compactor at once: nobody misses what was there when it asked."""
    ana, folder = hub.user("ana"), folder_of(hub, tmp_path)
    hub.repo(ana, "ana/seed", CARD)
    build(hub.db, folder)
    committed: list[str] = ["seed"]
    stop = threading.Event()
    problems: list[str] = []

    def write(thread: int) -> None:
        for number in range(12):
            name = f"m{thread}-{number}"
            hub.repo(ana, f"ana/{name}", CARD)
            committed.append(name)
            if random.Random(number).random() < 0.3:
                hub.commit(ana, f"ana/{name}", {"x.txt": "x"})

    def compact() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            (build if turn % 2 else refresh_numbers)(hub.db, folder)

    def read(catalogue: Catalogue) -> None:
        while not stop.is_set():
            before = set(committed)
            found = list_repos(catalogue, None, replace(SPANISH, limit=1000))
            missing = before - {info.id.name for info in found.items}
            if missing or found.total != len(found.items):
                problems.append(f"missing {missing}, total {found.total} of {len(found.items)}")

    writers = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    shared = Catalogue(hub.storage, folder)
    readers = [threading.Thread(target=read, args=(one,)) for one in (shared, shared, Catalogue(hub.storage, folder))]
    compactor = threading.Thread(target=compact)
    for thread in (*readers, compactor, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in (*readers, compactor):
        thread.join()
    assert not problems
    assert len(names(Catalogue(hub.storage, folder), replace(SPANISH, limit=1000))) == 25


def test_the_log_is_written_with_the_change_or_not_at_all(hub: SmallHub) -> None:
    ana = hub.user("ana")
    made = hub.repo(ana, "ana/a", CARD)
    with hub.db.read() as read:
        before = log_store.newest(read)
    with pytest.raises(RuntimeError), hub.db.write() as write:
        changes.note(write, [made.key])
        raise RuntimeError
    with hub.db.write() as write:
        write.execute(update(namespace).values(kind=namespace.c.kind))
    with hub.db.read() as read:
        assert log_store.newest(read) == before, "what was rolled back left no note for the next transaction"


def test_one_generation_is_opened_once(hub: SmallHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(hub, tmp_path)
    ana = hub.user("ana")
    hub.repo(ana, "ana/a", CARD)
    build(hub.db, folder)
    opened: list[Path] = []

    def counted(where: Path, db: object) -> object:
        opened.append(where)
        return open_generation(where, hub.db)

    monkeypatch.setattr(catalogue_module, "open_generation", counted)
    fresh = Catalogue(hub.storage, folder)
    for _ in range(3):
        names(fresh, SPANISH)
    (folder / CURRENT).write_text("1-unfit")
    for _ in range(3):
        names(fresh, SPANISH)
    assert len(opened) == 2, "an unfit one is not tried at every question"
