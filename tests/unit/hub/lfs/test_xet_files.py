"""A file that came by Xet is an LFS object like any other, and one that came by LFS may move into Xet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import delete, select
from tests.small_hub import SmallHub, hub
from tests.unit.hub.xet.sending import checked, doomed, found, register, send_xorb, used_storage
from tests.xet_files import EMPTY, MadeFile, Span, fresh_file, made_of, noise, pack

from zoco.adapters.clock import now_ms
from zoco.adapters.db.tables import lfs_link, lfs_object, xet_file, xet_file_xorb, xet_xorb
from zoco.core.errors import TooLarge
from zoco.core.ids import Sha256
from zoco.core.repos import WritableRepo
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.lfs.content import read_object
from zoco.hub.lfs.garbage import STORED
from zoco.hub.lfs.objects import find, unlink
from zoco.hub.lfs.xet_files import check_sizes, has_file, has_xorb, holders, publish
from zoco.hub.xet.shards import CheckedFile
from zoco.hub.xet.store import XetFile
from zoco.hub.xet.xorbs import XorbCollected
from zoco.jobs.doomed import delete_due

__all__ = ["hub"]


@pytest.fixture
def repo(hub: SmallHub) -> WritableRepo:
    return hub.repo(hub.user("ana"), "ana/m")


@pytest.fixture
def other(hub: SmallHub) -> WritableRepo:
    return hub.repo(hub.user("otto"), "otto/m")


@pytest.fixture
def file() -> MadeFile:
    return fresh_file(seed="xet files")


def content(hub: SmallHub, of: WritableRepo, sha256: Sha256, start: int = 0, end: int | None = None) -> bytes:
    stored = find(hub.db, of, sha256)
    assert stored
    return b"".join(read_object(hub.storage.xet, stored, start, end))


def rows(hub: SmallHub) -> tuple[int, ...]:
    """How many files, objects and links there are."""
    with hub.db.read() as read:
        return tuple(len(read.execute(select(table)).all()) for table in (xet_file, lfs_object, lfs_link))


def test_a_file_is_charged_once_to_each_repository(
    hub: SmallHub, repo: WritableRepo, other: WritableRepo, file: MadeFile
) -> None:
    register(hub, repo, file)
    register(hub, repo, file)
    assert used_storage(hub, repo) == len(file.data)
    assert find(hub.db, other, file.sha256) is None
    register(hub, other, file)
    assert (used_storage(hub, repo), used_storage(hub, other)) == (len(file.data), len(file.data))
    assert rows(hub) == (1, 1, 2)
    assert content(hub, other, file.sha256) == file.data
    assert content(hub, other, file.sha256, 2990, 3010) == file.data[2990:3010]
    assert content(hub, other, file.sha256, 5000, 10**9) == file.data[5000:]


def test_who_holds_a_file_and_a_xorb(hub: SmallHub, repo: WritableRepo, other: WritableRepo, file: MadeFile) -> None:
    nowhere = fresh_file(seed="nowhere")
    register(hub, repo, file)
    send_xorb(hub, nowhere.xorbs[0])
    assert has_file(hub.db, repo, file.hash) and not has_file(hub.db, other, file.hash)
    assert has_xorb(hub.db, repo, file.xorbs[0].hash) and not has_xorb(hub.db, other, file.xorbs[0].hash)
    assert not has_xorb(hub.db, repo, nowhere.xorbs[0].hash)
    assert holders(hub.db, [file.hash, nowhere.hash]) == {file.hash: {repo.key}}
    register(hub, other, file)
    assert holders(hub.db, [file.hash]) == {file.hash: {repo.key, other.key}}
    unlink(hub.db, repo, [file.sha256])
    assert not has_file(hub.db, repo, file.hash) and not has_xorb(hub.db, repo, file.xorbs[0].hash)
    assert used_storage(hub, repo) == 0
    assert content(hub, other, file.sha256) == file.data


def test_a_plain_object_moves_into_xet_and_stays_readable(
    hub: SmallHub, repo: WritableRepo, other: WritableRepo, file: MadeFile
) -> None:
    ana = hub.user("carla")
    hub.lfs_object(ana, repo, file.data)
    plain = find(hub.db, repo, file.sha256)
    assert plain and plain.key and not plain.xet_hash
    register(hub, other, file)
    for one in (repo, other):
        moved = find(hub.db, one, file.sha256)
        assert moved and moved.xet_hash == file.hash and not moved.key
        assert content(hub, one, file.sha256) == file.data
    assert b"".join(read_object(hub.storage.xet, plain)) == file.data, "whoever was reading reads on"
    assert now_ms() < doomed(hub)[plain.key] + 1
    assert (used_storage(hub, repo), used_storage(hub, other)) == (len(file.data), len(file.data))
    assert rows(hub) == (1, 1, 2)


def test_the_plain_copy_goes_when_its_time_has_come(hub: SmallHub, repo: WritableRepo, file: MadeFile) -> None:
    hub.lfs_object(hub.user("carla"), repo, file.data)
    for xorb in file.xorbs:
        send_xorb(hub, xorb)
    publish(hub.db, repo, checked(hub, file), None, grace_ms=-1)
    assert len(list(delete_due(hub.db, hub.storage.blobs, STORED, now_ms(), 0))) == 1
    assert not list(hub.storage.blobs.keys("lfs/"))
    assert content(hub, repo, file.sha256) == file.data


def test_what_rests_in_xet_is_not_stored_again_by_lfs(
    hub: SmallHub, repo: WritableRepo, other: WritableRepo, file: MadeFile
) -> None:
    register(hub, repo, file)
    hub.lfs_object(hub.user("carla"), other, file.data)
    assert not list(hub.storage.blobs.keys("lfs/"))
    assert content(hub, other, file.sha256) == file.data
    assert has_file(hub.db, other, file.hash)


def test_a_file_cut_in_two_ways_is_one_object(hub: SmallHub, repo: WritableRepo, file: MadeFile) -> None:
    """Another chunker makes another file hash of the same bytes: the first keeps the object, both are true."""
    other_cut = made_of(Span(pack([file.data[:50], file.data[50:]]), 0, 2))
    assert other_cut.hash != file.hash and other_cut.sha256 == file.sha256
    register(hub, repo, file)
    register(hub, repo, other_cut)
    assert rows(hub) == (2, 1, 1)
    assert content(hub, repo, file.sha256) == file.data
    assert used_storage(hub, repo) == len(file.data)
    assert has_file(hub.db, repo, file.hash) and not has_file(hub.db, repo, other_cut.hash)


def test_a_file_packed_in_two_ways_is_one_file(hub: SmallHub, repo: WritableRepo, file: MadeFile) -> None:
    """The same chunks in other xorbs: the terms that came first stay, and their xorbs with them."""
    raws = file.xorbs[0].raws
    again = made_of(*(Span(pack([raw, *noise(5, seed=raw)]), 0, 1) for raw in raws))
    assert again.hash == file.hash
    register(hub, repo, file)
    terms = found(hub, file).terms
    register(hub, repo, again)
    assert found(hub, file).terms == terms
    assert content(hub, repo, file.sha256) == file.data


def test_a_xorb_that_goes_between_check_and_publication_stops_all_of_it(
    hub: SmallHub, repo: WritableRepo, file: MadeFile
) -> None:
    files = [file, fresh_file(seed="second")]
    for one in files:
        send_xorb(hub, one.xorbs[0])
    ready = checked(hub, *files)
    with hub.db.write() as write:
        write.execute(delete(xet_xorb).where(xet_xorb.c.hash == files[1].xorbs[0].hash))
    with pytest.raises(XorbCollected):
        publish(hub.db, repo, ready, None, grace_ms=1000)
    assert rows(hub) == (0, 0, 0)
    assert used_storage(hub, repo) == 0


def test_an_empty_file_is_left_out(hub: SmallHub, repo: WritableRepo) -> None:
    assert checked(hub, EMPTY) == []


def together(*work: Callable[[], object]) -> None:
    """All at once; raises what any of them raises."""
    start = threading.Barrier(len(work))

    def begin(one: Callable[[], object]) -> None:
        start.wait(30)
        one()

    with ThreadPoolExecutor(len(work)) as threads:
        for future in [threads.submit(begin, one) for one in work]:
            future.result(60)


def test_the_same_files_registered_by_many_at_once(hub: SmallHub) -> None:
    """In every order: none waits for another in a circle, and each is charged what it has."""
    ana = hub.user("ana")
    repos = [hub.repo(ana, f"ana/m{number}") for number in range(4)]
    shared = pack(noise(100, 200, 300, seed="shared"))
    files = [made_of(Span(shared, at, 3), Span(pack(noise(50, 60, seed=at)), 0, 2)) for at in range(3)]
    for one in files:
        for xorb in one.xorbs:
            send_xorb(hub, xorb)
    ready = checked(hub, *files)
    together(
        *(
            lambda to=to, order=order: publish(hub.db, to, ready[::order], None, grace_ms=1000)  # type: ignore[misc]
            for to in repos
            for order in (1, -1)
        )
    )
    total = sum(len(one.data) for one in files)
    assert [used_storage(hub, one) for one in repos] == [total] * 4
    assert rows(hub) == (3, 3, 12)
    for one in repos:
        assert all(content(hub, one, file.sha256) == file.data for file in files)


def test_by_lfs_and_by_xet_at_the_same_time(
    hub: SmallHub, repo: WritableRepo, other: WritableRepo, file: MadeFile
) -> None:
    carla = hub.user("carla")
    send_xorb(hub, file.xorbs[0])
    ready = checked(hub, file)
    together(
        lambda: publish(hub.db, repo, ready, None, grace_ms=1000),
        lambda: hub.lfs_object(carla, other, file.data),
        lambda: hub.lfs_object(carla, repo, file.data),
    )
    for one in (repo, other):
        assert content(hub, one, file.sha256) == file.data
        assert used_storage(hub, one) == len(file.data)
    with hub.db.read() as read:
        assert read.execute(select(lfs_object.c.xet_hash, lfs_object.c.key)).all() == [(file.hash, "")]
        assert read.execute(select(xet_file_xorb.c.xorb_hash)).scalars().all() == [file.xorbs[0].hash]
    assert set(hub.storage.blobs.keys("lfs/")) <= set(doomed(hub))


def test_no_file_is_larger_than_lfs_files_may_be() -> None:
    def sized(*sizes: int) -> list[CheckedFile]:
        file = fresh_file(seed="sizes").said
        whole = XetFile(file.hash, Sha256("1" * 64), 0, b"")
        return [CheckedFile(replace(whole, size=size), (), (file.hash, file.hash)) for size in sizes]

    check_sizes(sized(100, 100, 100, 100), LfsLimits(100))
    check_sizes([], LfsLimits(100))
    with pytest.raises(TooLarge, match="101 bytes"):
        check_sizes(sized(1, 101), LfsLimits(100))
    with pytest.raises(TooLarge, match="too large together"):
        check_sizes(sized(100, 100, 100, 100, 1), LfsLimits(100))
