"""What every blob store promises, on memory, a folder and a real S3 server."""

from __future__ import annotations

import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from zoco.adapters.blobs.folder import FolderBlobStore
from zoco.adapters.blobs.memory import MemoryBlobStore
from zoco.adapters.blobs.object import ObjectBlobStore
from zoco.adapters.blobs.open import open_blobs
from zoco.adapters.blobs.port import CHUNK_BYTES, BlobNotFound, BlobStore
from zoco.core.errors import Unavailable
from zoco.settings import Settings

KINDS = ["memory", "folder", pytest.param("s3", marks=pytest.mark.s3)]


@pytest.fixture(params=KINDS)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    scratch = tmp_path / "scratch"
    if request.param == "memory":
        return MemoryBlobStore(scratch)
    if request.param == "folder":
        return FolderBlobStore(tmp_path / "store", scratch)
    server = request.getfixturevalue("s3_server")
    return ObjectBlobStore(
        server.fresh_bucket(),
        endpoint=server.endpoint,
        access_key=server.access_key,
        secret_key=server.secret_key,
        region=server.region,
        scratch=scratch,
    )


def put(blobs: BlobStore, key: str, data: bytes) -> None:
    file = blobs.scratch / "incoming"
    file.write_bytes(data)
    blobs.put_file(key, file)
    assert not file.exists()


def test_what_was_put_comes_back_whole_and_in_parts(blobs: BlobStore) -> None:
    data = os.urandom(3 * CHUNK_BYTES + 17)
    put(blobs, "git/1/a.pack", data)
    chunks = list(blobs.read("git/1/a.pack"))
    assert b"".join(chunks) == data
    assert max(map(len, chunks)) <= CHUNK_BYTES
    assert blobs.size("git/1/a.pack") == len(data)
    for start, end in [(0, 1), (5, 5), (7, CHUNK_BYTES + 9), (len(data) - 3, None), (len(data), None), (9, 10**12)]:
        assert b"".join(blobs.read("git/1/a.pack", start, end)) == data[start:end], (start, end)


def test_a_blob_that_is_a_file_of_this_machine_can_be_sent_as_one(blobs: BlobStore) -> None:
    put(blobs, "lfs/ab/x", b"hello")
    path = blobs.local_file("lfs/ab/x")
    if not isinstance(blobs, FolderBlobStore):
        assert path is None
        return
    assert path
    assert path.read_bytes() == b"hello"
    missing = blobs.local_file("lfs/ab/none")
    assert missing
    assert not missing.exists()


def test_bytes_are_put_without_a_file(blobs: BlobStore) -> None:
    blobs.put_bytes("lfs/ab/x", b"hello")
    assert b"".join(blobs.read("lfs/ab/x")) == b"hello"


def test_an_empty_blob_is_a_blob(blobs: BlobStore) -> None:
    put(blobs, "lfs/00/empty", b"")
    assert blobs.size("lfs/00/empty") == 0
    assert b"".join(blobs.read("lfs/00/empty")) == b""
    blobs.fetch("lfs/00/empty", blobs.scratch / "out")
    assert (blobs.scratch / "out").read_bytes() == b""


def test_what_is_not_there_is_named_at_once(blobs: BlobStore) -> None:
    for ask in (blobs.read, blobs.size, lambda key: blobs.fetch(key, blobs.scratch / "x")):
        with pytest.raises(BlobNotFound):
            ask("git/1/none")  # type: ignore[operator]
    blobs.delete("git/1/none")
    assert not (blobs.scratch / "x").exists()


def test_a_deleted_blob_is_gone_and_its_neighbours_stay(blobs: BlobStore) -> None:
    for name in ("a", "b"):
        blobs.put_bytes(f"git/7/{name}", name.encode())
    blobs.delete("git/7/a")
    assert list(blobs.keys("git/7/")) == ["git/7/b"]
    with pytest.raises(BlobNotFound):
        blobs.size("git/7/a")


def test_keys_are_listed_below_their_prefix_only(blobs: BlobStore) -> None:
    wanted = {f"git/7/{n}" for n in range(20)}
    for key in [*wanted, "git/70/x", "lfs/aa/y"]:
        blobs.put_bytes(key, b".")
    assert set(blobs.keys("git/7/")) == wanted
    assert set(blobs.keys("")) == {*wanted, "git/70/x", "lfs/aa/y"}
    assert list(blobs.keys("nothing/")) == []


def test_a_fetched_file_outlives_its_blob(blobs: BlobStore, tmp_path: Path) -> None:
    put(blobs, "git/1/a.pack", b"data")
    blobs.fetch("git/1/a.pack", tmp_path / "copy")
    blobs.delete("git/1/a.pack")
    assert (tmp_path / "copy").read_bytes() == b"data"


def test_threads_may_share_a_store(blobs: BlobStore) -> None:
    problems: list[object] = []

    def work(n: int) -> None:
        data = bytes([n]) * 100_000
        blobs.put_bytes(f"git/9/{n}", data)
        if b"".join(blobs.read(f"git/9/{n}")) != data:
            problems.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert len(list(blobs.keys("git/9/"))) == 8


def test_a_signed_address_serves_the_blob_with_its_name_and_part(blobs: BlobStore) -> None:
    blobs.put_bytes("lfs/ab/weights", b"0123456789")
    url = blobs.signed_url("lfs/ab/weights", lifetime_s=60, filename='pesos "ñ".bin', content_type="text/x-test")
    if not isinstance(blobs, ObjectBlobStore):
        assert url is None
        return
    assert url
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"0123456789"
        assert answer.headers["Content-Type"] == "text/x-test"
        assert "filename*=UTF-8''pesos%20%22%C3%B1%22.bin" in answer.headers["Content-Disposition"]
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Range": "bytes=2-4"})) as answer:
        assert (answer.status, answer.read()) == (206, b"234")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url[:-3] + "abc")
    refused.value.close()


def test_a_folder_shares_one_file_by_links_and_lets_nobody_write_it(tmp_path: Path) -> None:
    blobs = FolderBlobStore(tmp_path / "store", tmp_path / "scratch")
    put(blobs, "git/1/a.pack", b"data")
    blobs.fetch("git/1/a.pack", tmp_path / "copy")
    path = tmp_path / "store" / "git" / "1" / "a.pack"
    assert path.samefile(tmp_path / "copy")
    assert path.stat().st_mode & 0o777 == 0o444


def test_a_folder_syncs_the_file_and_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut after the database's commit must not lose the pack that the commit names."""
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    blobs = FolderBlobStore(tmp_path / "store", tmp_path / "scratch")
    monkeypatch.setattr(os, "fsync", fsync)
    put(blobs, "git/1/a.pack", b"data")
    store = tmp_path / "store"
    assert synced == [str(tmp_path / "scratch/incoming"), str(store), str(store / "git"), str(store / "git/1")]


@pytest.mark.parametrize("key", ["../x", "git/../x", "/git/x", "git//x", "git", "git/.hidden", "git/a b", ""])
def test_a_strange_key_is_a_mistake_of_ours(key: str, tmp_path: Path) -> None:
    make: list[Callable[[], BlobStore]] = [
        lambda: MemoryBlobStore(tmp_path / "a"),
        lambda: FolderBlobStore(tmp_path / "b", tmp_path / "c"),
    ]
    for blobs in make:
        with pytest.raises(AssertionError):
            blobs().put_bytes(key, b"")


def test_a_store_that_is_away_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoco.adapters.blobs.object._RETRY", {"max_retries": 0})
    blobs = ObjectBlobStore(
        "s3://bucket", endpoint="http://127.0.0.1:1", access_key="a", secret_key="b", region="r", scratch=tmp_path
    )
    for ask in (lambda: blobs.put_bytes("a/b", b""), lambda: blobs.read("a/b"), lambda: list(blobs.keys("a/"))):
        with pytest.raises(Unavailable):
            ask()


@pytest.mark.parametrize("url", ["ftp://x/y", "s3://", "bucket"])
def test_a_setting_that_names_no_store_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="storage_url"):
        open_blobs(Settings(data=tmp_path, storage_url=url))
