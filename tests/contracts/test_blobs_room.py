"""A folder on a disk without room refuses before a byte is stored, and what fails half-way leaves nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from zoco.adapters.blobs import folder as module
from zoco.adapters.blobs import folder_parts, room
from zoco.adapters.blobs.folder import FolderBlobStore
from zoco.adapters.blobs.memory import MemoryBlobStore
from zoco.adapters.blobs.parts import InParts
from zoco.adapters.blobs.room import KEPT_FREE_BYTES_MAX, failed, room_in
from zoco.core.errors import StoreFull, Unavailable


class Disk:
    """What `shutil.disk_usage` says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def says(self, total: int, free: int) -> None:
        usage = type("Usage", (), {"total": total, "free": free})
        self._monkeypatch.setattr(room.shutil, "disk_usage", lambda _folder: usage)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobStore:
    return FolderBlobStore(tmp_path / "store", tmp_path / "scratch")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_some_room_is_kept_for_the_database(disk: Disk, tmp_path: Path) -> None:
    disk.says(10**12, 10**9)
    assert room_in(tmp_path) == 10**9 - KEPT_FREE_BYTES_MAX
    disk.says(10**8, 3 * 10**7)
    assert room_in(tmp_path) == 2.5 * 10**7, "a twentieth of a small disk"
    disk.says(10**8, 10**6)
    assert room_in(tmp_path) == 0


def test_stores_without_a_known_limit_say_so(tmp_path: Path, blobs: FolderBlobStore) -> None:
    assert MemoryBlobStore(tmp_path / "memory").room() is None
    assert blobs.room() == room_in(tmp_path)


def test_what_does_not_fit_is_refused_before_it_comes(disk: Disk, blobs: FolderBlobStore, tmp_path: Path) -> None:
    disk.says(10**12, KEPT_FREE_BYTES_MAX + 1000)
    incoming = blobs.begin("lfs/1/a", 1000)
    incoming.abort()
    blobs.put_bytes("lfs/1/b", bytes(1000))
    before = files(tmp_path)
    with pytest.raises(StoreFull, match="disk is full"):
        blobs.begin("lfs/1/c", 1001)
    with pytest.raises(StoreFull):
        blobs.put_bytes("lfs/1/d", bytes(1001))
    assert blobs.parts
    with pytest.raises(StoreFull):
        blobs.parts.receive(InParts("lfs/parts/1", 1001, 1001, ""), 1)
    assert files(tmp_path) == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_half_way_leaves_nothing(
    blobs: FolderBlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def full(*_arguments: Any) -> int:
        raise OSError(code, os.strerror(code))

    incoming = blobs.begin("lfs/1/a", 10)
    incoming.feed(b"12345")
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreFull):
        incoming.feed(b"67890")
    monkeypatch.undo()
    incoming.abort()
    for name in ("sync_file", "_link_or_copy", "sync_folder"):
        monkeypatch.setattr(module, name, full)
        with pytest.raises(StoreFull):
            blobs.put_bytes("lfs/1/b", b"whole")
        late = blobs.begin("lfs/1/c", 5)
        late.feed(b"whole")
        with pytest.raises(StoreFull):
            late.finish()
        late.abort()
        monkeypatch.undo()
    assert [path for path in files(tmp_path) if "scratch" in path.parts] == []


def test_other_failures_are_no_lack_of_room() -> None:
    assert isinstance(failed(OSError(errno.ENOSPC, "x")), StoreFull)
    assert not isinstance(failed(OSError(errno.EIO, "input/output error")), StoreFull)
    assert "input/output error" in failed(OSError(errno.EIO, "input/output error")).message
    assert issubclass(StoreFull, Unavailable), "jobs try again later"
    assert folder_parts.failed is failed
