from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, insert, select
from tests.unit.hub.lfs.conftest import NewRepo
from tests.unit.hub.lfs.test_upload import send, sha, stored_bytes

from zoco.adapters.clock import now_ms
from zoco.adapters.db.tables import doomed_object, lfs_multipart, repo
from zoco.core.errors import Unavailable
from zoco.core.repos import WritableRepo
from zoco.hub.lfs import store
from zoco.hub.lfs.garbage import STORED, forget_unlinked
from zoco.hub.lfs.objects import find, unlink
from zoco.hub.lfs.upload import Lfs
from zoco.jobs import doomed

HOUR = 3_600_000


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ms = 1_000_000_000_000
        monkeypatch.setattr("zoco.hub.lfs.upload.now_ms", lambda: self.ms)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def keys(lfs: Lfs) -> list[str]:
    return list(lfs.blobs.keys("lfs/"))


def run(lfs: Lfs, clock: Clock) -> tuple[int, int, int]:
    """How many objects were forgotten, strays noted, keys deleted."""
    forgotten = forget_unlinked(lfs.db, clock.ms, 48 * HOUR)
    strays = doomed.note_strays(lfs.db, lfs.blobs, STORED, clock.ms, 48 * HOUR)
    deleted = doomed.delete_due(lfs.db, lfs.blobs, STORED, clock.ms)
    return len(list(forgotten)), len(list(strays)), len(list(deleted))


def test_what_a_repository_has_is_never_collected(lfs: Lfs, new_repo: NewRepo, clock: Clock) -> None:
    own = new_repo()
    send(lfs, own, b"weights")
    clock.ms += 1000 * HOUR
    assert run(lfs, clock) == (0, 0, 0)
    assert stored_bytes(lfs, own, sha(b"weights")) == b"weights"


def test_an_object_that_nobody_has_goes_after_the_grace_and_not_before(
    lfs: Lfs, new_repo: NewRepo, clock: Clock
) -> None:
    own = new_repo()
    send(lfs, own, b"weights")
    unlink(lfs.db, own, [sha(b"weights")])
    assert run(lfs, clock) == (0, 0, 0), "a fresh object is left alone"
    clock.ms += 49 * HOUR
    assert run(lfs, clock) == (1, 0, 0), "forgotten, but a download that began before may go on"
    assert keys(lfs)
    clock.ms += 47 * HOUR
    assert run(lfs, clock) == (0, 0, 0)
    clock.ms += 2 * HOUR
    assert run(lfs, clock) == (0, 0, 1)
    assert keys(lfs) == []
    with lfs.db.read() as read:
        assert read.execute(select(doomed_object)).all() == []


def test_an_object_sent_again_while_the_old_bytes_wait_for_deletion_is_whole(
    lfs: Lfs, new_repo: NewRepo, clock: Clock
) -> None:
    """The reason for fresh keys: with the hash as key, the deletion would hit the revived object."""
    own = new_repo()
    send(lfs, own, b"weights")
    unlink(lfs.db, own, [sha(b"weights")])
    clock.ms += 49 * HOUR
    run(lfs, clock)
    send(lfs, own, b"weights")
    assert len(keys(lfs)) == 2
    clock.ms += 49 * HOUR
    assert run(lfs, clock) == (0, 0, 1)
    assert stored_bytes(lfs, own, sha(b"weights")) == b"weights"


def test_bytes_of_an_upload_that_died_before_its_row_go_after_the_grace(lfs: Lfs, clock: Clock) -> None:
    lfs.blobs.put_bytes("lfs/ab/deadbeef", b"orphan")
    assert run(lfs, clock) == (0, 1, 0)
    assert run(lfs, clock) == (0, 0, 0)
    clock.ms += 49 * HOUR
    assert run(lfs, clock) == (0, 0, 1)
    assert keys(lfs) == []


def test_a_stray_that_was_an_upload_under_way_stays(lfs: Lfs, new_repo: NewRepo, clock: Clock) -> None:
    own = new_repo()
    lfs.blobs.put_bytes("lfs/ab/underway", b"weights")
    run(lfs, clock)
    with lfs.db.write() as write:
        held = store.insert_object(write, store.LfsObject(sha(b"weights"), 7, "lfs/ab/underway"), clock.ms)
        store.link(write, own.key, held, None, clock.ms)
    clock.ms += 49 * HOUR
    assert run(lfs, clock) == (0, 0, 0)
    assert find(lfs.db, own, sha(b"weights"))
    assert keys(lfs) == ["lfs/ab/underway"]


def test_the_key_of_an_upload_in_parts_is_no_stray(lfs: Lfs, new_repo: NewRepo, clock: Clock) -> None:
    values = {"uuid": "u", "sha256": sha(b"weights"), "size": 7, "part_size": 7, "key": "lfs/ab/parts", "created_at": 1}
    own = new_repo()
    with lfs.db.write() as write:
        write.execute(insert(lfs_multipart).values(repo_id=own.key, **values))
    lfs.blobs.put_bytes("lfs/ab/parts", b"weights")
    assert run(lfs, clock) == (0, 0, 0)


def test_a_deleted_repository_frees_what_only_it_had(lfs: Lfs, new_repo: NewRepo, clock: Clock) -> None:
    own, other = new_repo(), new_repo()
    send(lfs, own, b"only here")
    send(lfs, own, b"shared")
    send(lfs, other, b"shared")
    with lfs.db.write() as write:
        write.execute(delete(repo).where(repo.c.id == own.key))
    clock.ms += 49 * HOUR
    assert run(lfs, clock)[0] == 1
    clock.ms += 49 * HOUR
    assert run(lfs, clock)[2] == 1
    assert stored_bytes(lfs, other, sha(b"shared")) == b"shared"


def test_packs_of_git_are_not_touched(lfs: Lfs, clock: Clock) -> None:
    lfs.blobs.put_bytes("git/ab/x.pack", b"PACK")
    with lfs.db.write() as write:
        doomed.doom(write, ["git/ab/x.pack"], 0)
    clock.ms += 1000 * HOUR
    assert run(lfs, clock) == (0, 0, 0)
    assert list(lfs.blobs.keys("git/")) == ["git/ab/x.pack"]


def test_an_upload_that_races_with_the_collection_of_its_own_object_ends_whole(lfs: Lfs, new_repo: NewRepo) -> None:
    """Either the old bytes are kept for it, or its own are stored: never a link to bytes that went."""
    start = threading.Barrier(2)

    def upload(own: WritableRepo, data: bytes) -> None:
        start.wait(30)
        try:
            send(lfs, own, data)
        except Unavailable:  # told to come again, as a client does
            send(lfs, own, data)

    def collect() -> None:
        start.wait(30)
        for passing in (forget_unlinked(lfs.db, now_ms(), -1), doomed.delete_due(lfs.db, lfs.blobs, STORED, now_ms())):
            list(passing)

    with ThreadPoolExecutor(2) as threads:
        for turn in range(25):
            before, after, data = new_repo(), new_repo(), f"weights {turn}".encode()
            send(lfs, before, data)
            unlink(lfs.db, before, [sha(data)])
            racing = [threads.submit(upload, after, data), threads.submit(collect)]
            for one in racing:
                one.result(60)
            assert stored_bytes(lfs, after, sha(data)) == data
