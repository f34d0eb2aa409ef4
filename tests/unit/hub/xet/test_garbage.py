"""Xet files that nothing names go, then xorbs that nothing uses: dead first, and only much later for good."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from tests.moving_clock import HOUR_MS, MovingClock, clock
from tests.small_hub import SmallHub, hub
from tests.xet_data import MadeXorb, Used, bytes_of, make_xorb, register, send_xorb

from zoco.adapters.db.tables import xet_dedup, xet_file, xet_file_xorb, xet_xorb
from zoco.core.access import Actor
from zoco.core.errors import HubError
from zoco.core.repos import AdminRepo
from zoco.formats.lfs.pointer import Pointer
from zoco.hub.lfs import garbage as lfs_garbage
from zoco.hub.lfs.content import read_object
from zoco.hub.lfs.objects import find, unlink
from zoco.hub.xet import garbage, store
from zoco.hub.xet.instance import cas_segment
from zoco.hub.xet.xorbs import Xet
from zoco.jobs import doomed

__all__ = ["clock", "hub"]

GRACE_MS = 48 * HOUR_MS
URL_MS = HOUR_MS


@pytest.fixture
def ana(hub: SmallHub) -> Actor:
    return hub.user("ana")


@pytest.fixture
def iris(hub: SmallHub, ana: Actor) -> AdminRepo:
    return hub.repo(ana, "ana/iris")


def xorb(*words: str) -> MadeXorb:
    return make_xorb([word.encode() * 50 for word in words])


def sent(hub: SmallHub, *words: str) -> MadeXorb:
    made = xorb(*words)
    send_xorb(hub.storage.xet, made)
    return made


def put(hub: SmallHub, repo: AdminRepo, *terms: Used) -> Pointer:
    return register(hub.storage.xet, repo, terms, None, GRACE_MS)


def collect(hub: SmallHub, clock: MovingClock, grace_ms: int = GRACE_MS) -> dict[str, list[str]]:
    """What each pass took."""
    now, db = clock.now_ms, hub.db
    passes = {
        "objects": lfs_garbage.forget_unlinked(db, now, grace_ms),
        "files": garbage.forget_files(db, now, grace_ms),
        "dead": garbage.mark_dead(db, now, grace_ms),
        "xorbs": garbage.forget_xorbs(db, now, grace_ms, URL_MS),
        "bytes": doomed.delete_due(db, hub.storage.blobs, garbage.STORED, now),
    }
    return {name: [gone.what for gone in gones] for name, gones in passes.items()}


def stored(hub: SmallHub) -> set[str]:
    return set(hub.storage.blobs.keys("xorbs/"))


def content(hub: SmallHub, repo: AdminRepo, pointer: Pointer) -> bytes:
    found = find(hub.db, repo, pointer.sha256)
    assert found
    return b"".join(read_object(Xet(hub.db, hub.storage.blobs), found))


def test_a_file_that_is_linked_keeps_its_xorbs_for_ever(hub: SmallHub, iris: AdminRepo, clock: MovingClock) -> None:
    made = sent(hub, "a", "b", "c")
    pointer = put(hub, iris, (made, 0, 2))
    segment = cas_segment(hub.db)
    clock.pass_hours(1000)
    assert not any(collect(hub, clock).values())
    assert cas_segment(hub.db) == segment, "clients keep what they remember"
    assert content(hub, iris, pointer) == bytes_of([(made, 0, 2)])


def test_an_unlinked_file_goes_its_xorb_is_dead_then_gone_then_its_bytes(
    hub: SmallHub, iris: AdminRepo, clock: MovingClock
) -> None:
    made, shared = sent(hub, "a", "b"), sent(hub, "c", "d")
    lost, kept = put(hub, iris, (made, 0, 2), (shared, 0, 1)), put(hub, iris, (shared, 1, 2))
    segment = cas_segment(hub.db)
    unlink(hub.db, iris, [lost.sha256])
    assert not any(collect(hub, clock).values()), "everything is fresh"
    clock.pass_hours(49)
    taken = collect(hub, clock)
    assert (len(taken["objects"]), len(taken["files"])) == (1, 1)
    assert taken["dead"] == [made.hash]
    assert not taken["xorbs"]
    assert cas_segment(hub.db) != segment, "clients forget a xorb that is about to go"
    segment = cas_segment(hub.db)
    clock.pass_hours(47)
    assert not any(collect(hub, clock).values())
    clock.pass_hours(2)
    assert collect(hub, clock)["xorbs"] == [made.hash]
    assert len(stored(hub)) == 2, "an address that was signed just before is good for an hour"
    clock.pass_hours(1.1)
    assert len(collect(hub, clock)["bytes"]) == 1
    assert len(stored(hub)) == 1
    assert content(hub, iris, kept) == bytes_of([(shared, 1, 2)])
    assert cas_segment(hub.db) == segment
    with hub.db.read() as read:
        assert list(read.scalars(select(xet_file_xorb.c.xorb_hash))) == [shared.hash]
        assert set(read.scalars(select(xet_dedup.c.xorb_hash))) <= {shared.hash}


def test_a_xorb_that_was_sent_and_never_used_goes_too(hub: SmallHub, clock: MovingClock) -> None:
    made = sent(hub, "a")
    clock.pass_hours(47)
    send_xorb(hub.storage.xet, made)
    clock.pass_hours(47)
    assert not any(collect(hub, clock).values()), "sent again, it is fresh again"
    clock.pass_hours(2)
    assert collect(hub, clock)["dead"] == [made.hash]


def test_a_dead_xorb_is_brought_back_by_a_file_that_uses_it(hub: SmallHub, iris: AdminRepo, clock: MovingClock) -> None:
    made = sent(hub, "a", "b")
    clock.pass_hours(49)
    assert collect(hub, clock)["dead"] == [made.hash]
    clock.pass_hours(47)
    pointer = put(hub, iris, (made, 0, 2))
    clock.pass_hours(1000)
    assert not any(collect(hub, clock).values())
    assert content(hub, iris, pointer) == bytes_of([(made, 0, 2)])


def test_a_dead_xorb_that_is_sent_again_is_alive(hub: SmallHub, clock: MovingClock) -> None:
    made = sent(hub, "a", "b")
    clock.pass_hours(49)
    collect(hub, clock)
    clock.pass_hours(47)
    send_xorb(hub.storage.xet, made)
    clock.pass_hours(2)
    assert not any(collect(hub, clock).values())
    assert len(stored(hub)) == 1


def test_a_xorb_told_in_a_dedup_answer_is_left_for_the_grace(hub: SmallHub, clock: MovingClock) -> None:
    made = sent(hub, "a", "b")
    clock.pass_hours(47)
    with hub.db.write() as write:
        store.touch_xorbs(write, [made.hash], clock.now_ms)
    clock.pass_hours(47)
    assert not any(collect(hub, clock).values())


def test_a_xorb_sent_again_after_it_went_is_stored_anew(hub: SmallHub, iris: AdminRepo, clock: MovingClock) -> None:
    """The bytes of its first life may still wait for deletion: under another key."""
    made = sent(hub, "a", "b")
    clock.pass_hours(49)
    collect(hub, clock)
    clock.pass_hours(49)
    assert collect(hub, clock)["xorbs"] == [made.hash]
    send_xorb(hub.storage.xet, made)
    pointer = put(hub, iris, (made, 0, 2))
    assert len(stored(hub)) == 2
    clock.pass_hours(2)
    assert len(collect(hub, clock)["bytes"]) == 1
    assert content(hub, iris, pointer) == bytes_of([(made, 0, 2)])


def test_a_file_counts_on_its_xorb_even_if_somebody_left_it_marked_dead(
    hub: SmallHub, iris: AdminRepo, clock: MovingClock
) -> None:
    made = sent(hub, "a", "b")
    put(hub, iris, (made, 0, 2))
    with hub.db.write() as write:
        write.execute(xet_xorb.update().values(dead_at=1, touched_at=1))
    assert not any(collect(hub, clock).values())
    with hub.db.read() as read:
        assert read.execute(select(xet_xorb.c.dead_at)).scalar_one() is None


def test_bytes_in_the_store_that_no_xorb_names_go(hub: SmallHub, clock: MovingClock) -> None:
    sent(hub, "a")
    hub.storage.blobs.put_bytes("xorbs/ab/orphan", b"x")
    noted = list(doomed.note_strays(hub.db, hub.storage.blobs, garbage.STORED, clock.now_ms, GRACE_MS))
    assert [one.what for one in noted] == ["xorbs/ab/orphan"]
    clock.pass_hours(49)
    deleted = list(doomed.delete_due(hub.db, hub.storage.blobs, garbage.STORED, clock.now_ms))
    assert [one.what for one in deleted] == ["xorbs/ab/orphan"]
    assert len(stored(hub)) == 1


def test_without_grace_one_run_frees_everything(hub: SmallHub, iris: AdminRepo, clock: MovingClock) -> None:
    made = sent(hub, "a", "b")
    pointer = put(hub, iris, (made, 0, 2))
    unlink(hub.db, iris, [pointer.sha256])
    collect(hub, clock, grace_ms=0)
    assert stored(hub) == set()
    with hub.db.read() as read:
        for table in (xet_xorb, xet_file, xet_file_xorb, xet_dedup):
            assert read.execute(select(table)).all() == []


def test_files_registered_beside_collection_are_whole(hub: SmallHub, ana: Actor) -> None:
    """With no grace: either a client is told to send a xorb again, or all its file needs is there for good."""
    stop, start = threading.Event(), threading.Barrier(3)
    repos = [hub.repo(ana, f"ana/r{number}") for number in range(2)]
    shared = [xorb(f"s{number}", f"t{number}") for number in range(4)]

    def collect_all() -> None:
        from zoco.adapters.clock import now_ms

        start.wait(30)
        while not stop.is_set():
            for passing in (
                lfs_garbage.forget_unlinked(hub.db, now_ms(), 0),
                garbage.forget_files(hub.db, now_ms(), 0),
                garbage.mark_dead(hub.db, now_ms(), 0),
                garbage.forget_xorbs(hub.db, now_ms(), 0, 0),
                doomed.delete_due(hub.db, hub.storage.blobs, garbage.STORED, now_ms()),
            ):
                list(passing)

    def upload(repo: AdminRepo) -> None:
        xet = Xet(hub.db, hub.storage.blobs)
        start.wait(30)
        for turn in range(15):
            terms = [(shared[(turn + more) % 4], 0, 1 + more % 2) for more in range(3)]
            for _ in range(300):
                try:
                    for made, _, _ in terms:
                        send_xorb(xet, made)
                    pointer = register(xet, repo, terms, None, 0)
                except HubError:  # gone between sending, checking and registering: a client sends it again
                    continue
                break
            else:
                raise AssertionError("never came through")
            assert content(hub, repo, pointer) == bytes_of(terms)
            unlink(hub.db, repo, [pointer.sha256])

    with ThreadPoolExecutor(3) as threads:
        beside = threads.submit(collect_all)
        workers = [threads.submit(upload, one) for one in repos]
        try:
            for one in workers:
                one.result(120)
        finally:
            stop.set()
        beside.result(60)
