"""What every blob store promises of a blob that arrives in pieces, on memory, a folder and a real S3 server."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contracts.test_blobs import blobs

from zoco.adapters.blobs.folder import FolderBlobStore
from zoco.adapters.blobs.incoming import IncomingStream
from zoco.adapters.blobs.port import BlobStore
from zoco.core.errors import StoreFull, Unavailable

__all__ = ["blobs"]

MEBI = 1 << 20


def pieces_of(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def is_empty(store: BlobStore) -> bool:
    return not list(store.keys("lfs/")) and not list(store.scratch.iterdir())


@pytest.mark.parametrize("size", [0, 1, MEBI, 40 * MEBI + 5])
def test_what_arrived_is_there_when_it_is_finished_and_not_before(blobs: BlobStore, size: int) -> None:
    data = os.urandom(size)
    incoming = blobs.begin("lfs/ab/x", size)
    for piece in pieces_of(data, MEBI):
        incoming.feed(piece)
    assert list(blobs.keys("lfs/")) == []
    incoming.finish()
    incoming.abort()
    assert b"".join(blobs.read("lfs/ab/x")) == data
    assert list(blobs.scratch.iterdir()) == []


@pytest.mark.parametrize("sent", [0, 1, 30])
def test_what_is_aborted_was_never_there(blobs: BlobStore, sent: int) -> None:
    incoming = blobs.begin("lfs/ab/x", 40 * MEBI)
    for _ in range(sent):
        incoming.feed(os.urandom(MEBI))
    incoming.abort()
    incoming.abort()
    assert is_empty(blobs)


def test_several_arrive_at_once(blobs: BlobStore) -> None:
    data = {f"lfs/ab/{number}": os.urandom(3 * MEBI + number) for number in range(4)}
    arriving = {key: blobs.begin(key, len(whole)) for key, whole in data.items()}
    for at in range(4):
        for key, incoming in arriving.items():
            incoming.feed(data[key][at * MEBI : (at + 1) * MEBI])
    for incoming in arriving.values():
        incoming.finish()
    assert {key: b"".join(blobs.read(key)) for key in data} == data


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = FolderBlobStore(tmp_path / "store", tmp_path / "scratch")
    incoming = store.begin("lfs/ab/x", 5)
    monkeypatch.setattr("zoco.adapters.blobs.incoming.os.write", full)
    with pytest.raises(StoreFull, match="disk is full"):
        incoming.feed(b"hello")
    incoming.abort()
    assert is_empty(store)


def test_a_store_that_fails_in_the_middle_is_told_to_whoever_feeds() -> None:
    has_failed = threading.Event()

    def put(pieces: Iterator[bytes]) -> None:
        next(pieces)
        has_failed.set()
        raise Unavailable("away")

    incoming = IncomingStream(put)
    incoming.feed(b"x")
    assert has_failed.wait(30)
    with pytest.raises(Unavailable, match="away"):
        for _ in range(100):
            incoming.feed(b"x")
    with pytest.raises(Unavailable, match="away"):
        incoming.finish()
    incoming.abort()


def test_a_slow_store_holds_back_whoever_feeds() -> None:
    """Memory is bounded by the pieces that may wait."""
    may_go_on, taken = threading.Event(), 0

    def put(pieces: Iterator[bytes]) -> None:
        nonlocal taken
        assert may_go_on.wait(30)
        for _ in pieces:
            taken += 1

    incoming = IncomingStream(put)
    fed = 0

    def feed() -> None:
        nonlocal fed
        for _ in range(50):
            incoming.feed(b"x")
            fed += 1

    feeding = threading.Thread(target=feed)
    feeding.start()
    feeding.join(0.3)
    assert feeding.is_alive()
    assert fed <= 5
    may_go_on.set()
    feeding.join(30)
    incoming.finish()
    assert taken == fed == 50
