"""What is doomed is deleted in its time, and nothing that is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.databases import db, migrated

from zoco.adapters.blobs.memory import MemoryBlobStore
from zoco.adapters.db.engine import Database, Read
from zoco.adapters.db.tables import doomed_object
from zoco.jobs.doomed import STRAY_KEPT_MS, Keys, delete_due, doom, doom_strays, list_due, note_strays

__all__ = ["db", "migrated"]


class Room:
    """Names keys without tables of its own."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.blobs = db, MemoryBlobStore(folder)
        self.named: set[str] = set()
        self.keys = Keys("a/", self._among, self._among)

    def _among(self, _read: Read, keys: Sequence[str]) -> set[str]:
        return self.named & set(keys)

    def put(self, *names: str) -> list[str]:
        for name in names:
            self.blobs.put_bytes(name, name.encode())
        return list(names)

    def doom(self, keys: Sequence[str], at: int) -> None:
        with self.db.write() as write:
            doom(write, keys, at)

    def deleted(self, now: int, ahead: int = 0) -> list[str]:
        listed = list(list_due(self.db, self.keys, now, ahead))
        gone = list(delete_due(self.db, self.blobs, self.keys, now, ahead))
        assert [one.what for one in gone] == listed
        assert all(one.size == len(one.what) for one in gone)
        return listed

    def stored(self) -> list[str]:
        return sorted(self.blobs.keys("a/"))


@pytest.fixture
def room(db: Database, tmp_path: Path) -> Room:
    return Room(db, tmp_path)


def test_a_key_goes_at_its_time(room: Room) -> None:
    room.doom(room.put("a/1", "a/2"), 100)
    assert room.deleted(99) == []
    assert room.deleted(100) == ["a/1", "a/2"]
    assert room.stored() == []
    with room.db.read() as read:
        assert read.execute(select(doomed_object)).all() == []


def test_many_keys_go_in_one_run(room: Room) -> None:
    room.doom(room.put(*(f"a/{number:04}" for number in range(1000))), 1)
    assert len(room.deleted(1)) == 1000
    assert room.stored() == []


def test_a_key_that_is_named_again_is_only_forgotten(room: Room) -> None:
    room.doom(room.put("a/1", "a/2"), 1)
    room.named = {"a/1"}
    assert room.deleted(5) == ["a/2"]
    assert room.stored() == ["a/1"]
    room.named = set()
    assert room.deleted(5) == [], "it is doomed no more"


def test_the_keys_of_other_rooms_are_left_to_them(room: Room) -> None:
    room.blobs.put_bytes("b/1", b"x")
    room.doom(["b/1"], 1)
    assert room.deleted(5) == []


def test_a_shorter_grace_counts_for_what_is_doomed_already_but_not_for_strays(room: Room) -> None:
    room.doom(room.put("a/old"), 1000)
    room.put("a/stray")
    with room.db.write() as write:
        doom_strays(write, ["a/stray"], 1000)
    assert room.deleted(10, 900) == []
    assert room.deleted(10, 990) == ["a/old"]
    assert room.deleted(1000, -1) == ["a/stray"]


def test_a_longer_grace_counts_too(room: Room) -> None:
    room.doom(room.put("a/1"), 1000)
    assert room.deleted(1999, -1000) == []
    assert room.deleted(2000, -1000) == ["a/1"]


def test_strays_are_noted_once_and_have_an_hour_at_least(room: Room) -> None:
    room.put("a/named", "a/stray")
    room.named = {"a/named"}
    noted = list(note_strays(room.db, room.blobs, room.keys, 0, 0))
    assert [one.what for one in noted] == ["a/stray"]
    assert list(note_strays(room.db, room.blobs, room.keys, 0, 0)) == []
    assert room.deleted(STRAY_KEPT_MS - 1) == []
    assert room.deleted(STRAY_KEPT_MS) == ["a/stray"]


def test_what_was_a_stray_once_has_its_whole_time_when_it_is_given_up(room: Room) -> None:
    """Met by the random model: a pack noted while its push was ending, then used for months, went without any grace."""
    room.put("a/pack")
    list(note_strays(room.db, room.blobs, room.keys, 0, 0))
    room.named = {"a/pack"}
    room.named = set()
    room.doom(["a/pack"], 10 * STRAY_KEPT_MS)
    list(note_strays(room.db, room.blobs, room.keys, 0, 0))
    assert room.deleted(9 * STRAY_KEPT_MS) == []
    assert room.deleted(10 * STRAY_KEPT_MS) == ["a/pack"]


def test_a_deletion_that_was_cut_off_is_done_again(room: Room) -> None:
    room.doom(room.put("a/1", "a/2"), 1)
    next(iter(delete_due(room.db, room.blobs, room.keys, 5)))
    room.doom(["a/1", "a/2"], 1)
    gone = list(delete_due(room.db, room.blobs, room.keys, 5))
    assert [one.size for one in gone] == [0, 0], "the bytes were gone already"
