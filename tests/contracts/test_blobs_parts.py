"""What every store promises of a blob that comes in parts: a folder, and a real S3 server straight and through us."""

from __future__ import annotations

import os
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from zoco.adapters.blobs.folder import FolderBlobStore
from zoco.adapters.blobs.object import ObjectBlobStore
from zoco.adapters.blobs.parts import InParts, PartsDiffer, PartStore
from zoco.adapters.blobs.port import BlobNotFound, BlobStore
from zoco.core.errors import StoreFull, Unavailable

MEBI = 1 << 20
PART = 5 * MEBI  # the least that S3 takes, of all parts but the last
KINDS = ["folder", pytest.param("s3", marks=pytest.mark.s3), pytest.param("s3-through-us", marks=pytest.mark.s3)]


@pytest.fixture(params=KINDS)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    scratch = tmp_path / "scratch"
    if request.param == "folder":
        return FolderBlobStore(tmp_path / "store", scratch)
    server = request.getfixturevalue("s3_server")
    return ObjectBlobStore(
        server.fresh_bucket(),
        endpoint=server.endpoint,
        access_key=server.access_key,
        secret_key=server.secret_key,
        region=server.region,
        is_straight=request.param == "s3",
        scratch=scratch,
    )


@pytest.fixture
def parts(blobs: BlobStore) -> PartStore:
    assert blobs.parts
    return blobs.parts


def begun(parts: PartStore, size: int, key: str = "lfs/ab/x") -> InParts:
    return InParts(key, size, PART, parts.begin(key))


def send(parts: PartStore, blob: InParts, number: int, data: bytes) -> str:
    if parts.is_straight:
        return put(parts.part_url(blob, number, lifetime_s=60), data)
    arriving = parts.receive(blob, number)
    try:
        for at in range(0, len(data), MEBI):
            arriving.feed(data[at : at + MEBI])
        return arriving.finish()
    finally:
        arriving.abort()


def put(url: str, data: bytes) -> str:
    with urllib.request.urlopen(urllib.request.Request(url, data=data, method="PUT")) as answer:
        return str(answer.headers["ETag"]).strip('"')


def is_refused(url: str, data: bytes) -> bool:
    try:
        put(url, data)
    except urllib.error.HTTPError as error:
        error.close()
        return 400 <= error.code < 500
    return False


def cut(data: bytes) -> list[bytes]:
    return [data[at : at + PART] for at in range(0, len(data), PART)]


def stored(blobs: BlobStore, key: str = "lfs/ab/x") -> bytes:
    return b"".join(blobs.read(key))


@pytest.mark.parametrize("size", [1, PART, PART + 1, 3 * PART - 7])
def test_parts_in_any_order_become_the_blob(blobs: BlobStore, parts: PartStore, size: int) -> None:
    data = os.urandom(size)
    blob = begun(parts, size)
    pieces = cut(data)
    assert len(pieces) == blob.count
    etags = {number: send(parts, blob, number, pieces[number - 1]) for number in range(blob.count, 0, -1)}
    assert {number: part.etag for number, part in parts.received(blob).items()} == etags
    assert [part.size for _, part in sorted(parts.received(blob).items())] == [len(piece) for piece in pieces]
    assert list(blobs.keys("lfs/")) == []
    parts.complete(blob, [etags[number] for number in sorted(etags)])
    assert stored(blobs) == data
    parts.complete(blob, [etags[number] for number in sorted(etags)])
    assert stored(blobs) == data
    assert list(parts.unfinished("lfs/")) == []


def test_a_part_that_is_sent_again_replaces_the_first(blobs: BlobStore, parts: PartStore) -> None:
    first, second, again = os.urandom(PART), os.urandom(10), os.urandom(PART)
    blob = begun(parts, PART + 10)
    wrong = send(parts, blob, 1, first)
    right = send(parts, blob, 2, second)
    etag = send(parts, blob, 1, again)
    assert wrong != etag == send(parts, blob, 1, again)
    with pytest.raises(PartsDiffer):
        parts.complete(blob, ["0" * 32, right])
    parts.complete(blob, [etag, right])
    assert stored(blobs) == again + second


def test_a_part_that_stops_in_the_middle_is_not_there(blobs: BlobStore, parts: PartStore) -> None:
    blob = begun(parts, PART)
    if parts.is_straight:
        assert is_refused(parts.part_url(blob, 1, lifetime_s=60), bytes(PART - 1)), "the length is signed"
        assert is_refused(parts.part_url(blob, 1, lifetime_s=60), bytes(PART + 1))
    else:
        arriving = parts.receive(blob, 1)
        arriving.feed(bytes(MEBI))
        arriving.abort()
        arriving.abort()
    assert parts.received(blob) == {}
    with pytest.raises((PartsDiffer, BlobNotFound)):
        parts.complete(blob, ["0" * 32])
    assert list(blobs.keys("lfs/")) == []


def test_what_is_given_up_is_gone(blobs: BlobStore, parts: PartStore) -> None:
    blob = begun(parts, PART + 1)
    etag = send(parts, blob, 1, bytes(PART))
    assert [one.blob.key for one in parts.unfinished("lfs/")] == ["lfs/ab/x"]
    assert abs(time.time() * 1000 - next(iter(parts.unfinished("lfs/"))).since_ms) < 600_000
    assert list(parts.unfinished("git/")) == []
    found = next(iter(parts.unfinished("lfs/"))).blob
    assert found.upload_id == blob.upload_id
    parts.abort(found)
    parts.abort(found)
    assert list(parts.unfinished("lfs/")) == []
    assert parts.received(blob) == {}
    with pytest.raises((BlobNotFound, PartsDiffer)):
        parts.complete(blob, [etag, "0" * 32])


def test_nothing_that_is_sent_after_the_end_changes_the_blob(blobs: BlobStore, parts: PartStore) -> None:
    """Also not a part that was on its way when the upload was completed."""
    good, evil = os.urandom(PART), os.urandom(PART)
    blob = begun(parts, PART)
    etag = send(parts, blob, 1, good)
    if parts.is_straight:
        url = parts.part_url(blob, 1, lifetime_s=60)
        parts.complete(blob, [etag])
        assert is_refused(url, evil)
    else:
        late = parts.receive(blob, 1)
        parts.complete(blob, [etag])
        with pytest.raises(BlobNotFound):
            late.feed(evil)
            late.finish()
        late.abort()
    assert stored(blobs) == good


def test_writers_and_the_one_who_completes_may_race(tmp_path: Path) -> None:
    """Whoever wins: what is stored is what was there when it was sealed, for ever."""
    for turn in range(30):
        blobs = FolderBlobStore(tmp_path / "store", tmp_path / "scratch")
        assert blobs.parts
        parts, key = blobs.parts, f"lfs/ab/{turn}"
        blob = begun(parts, PART, key)
        etag = send(parts, blob, 1, bytes(PART))
        late = parts.receive(blob, 1)
        begin = threading.Barrier(2)

        def write(late: object = late, begin: threading.Barrier = begin) -> None:
            begin.wait()
            try:
                for _ in range(5 * 16):
                    late.feed(b"\xff" * (MEBI // 16))  # type: ignore[attr-defined]
            except BlobNotFound:
                pass

        writing = threading.Thread(target=write)
        writing.start()
        begin.wait()
        parts.complete(blob, [etag])
        seen = stored(blobs, key)
        writing.join()
        late.abort()
        assert stored(blobs, key) == seen


def test_a_folder_s_parts_outlive_the_store_that_took_them(tmp_path: Path) -> None:
    first = FolderBlobStore(tmp_path / "store", tmp_path / "scratch").parts
    assert first
    data = os.urandom(2 * PART)
    blob = begun(first, len(data))
    one = send(first, blob, 1, data[:PART])
    again = FolderBlobStore(tmp_path / "store", tmp_path / "scratch")
    assert again.parts
    assert set(again.parts.received(blob)) == {1}
    two = send(again.parts, blob, 2, data[PART:])
    again.parts.complete(blob, [one, two])
    assert stored(again) == data
    assert (tmp_path / "store/lfs/ab/x").stat().st_mode & 0o777 == 0o444
    assert list((tmp_path / "store/.uploads").iterdir()) == []


def test_a_death_between_seal_and_name_is_made_good_by_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = FolderBlobStore(tmp_path / "store", tmp_path / "scratch")
    assert blobs.parts
    blob = begun(blobs.parts, 9)
    etag = send(blobs.parts, blob, 1, b"some data")
    with monkeypatch.context() as patch, pytest.raises(Unavailable):
        patch.setattr("zoco.adapters.blobs.folder.os.link", _fails)
        blobs.parts.complete(blob, [etag])
    assert list(blobs.keys("lfs/")) == []
    blobs.parts.complete(blob, [etag])
    assert stored(blobs) == b"some data"


def test_a_full_disk_is_told_and_the_part_can_be_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = FolderBlobStore(tmp_path / "store", tmp_path / "scratch")
    assert blobs.parts
    blob = begun(blobs.parts, 9)
    with monkeypatch.context() as patch, pytest.raises(StoreFull, match="disk is full"):
        patch.setattr("zoco.adapters.blobs.folder_parts.os.pwrite", _full)
        send(blobs.parts, blob, 1, b"some data")
    assert blobs.parts.received(blob) == {}
    blobs.parts.complete(blob, [send(blobs.parts, blob, 1, b"some data")])
    assert stored(blobs) == b"some data"


def _full(*_: object) -> int:
    raise OSError(28, "No space left on device")


def _fails(*_: object) -> None:
    raise OSError(5, "Input/output error")


def test_stores_that_take_blobs_only_whole_say_so(tmp_path: Path) -> None:
    assert ObjectBlobStore("s3://bucket", region="r", scratch=tmp_path).parts is None


def test_an_s3_server_that_is_away_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoco.adapters.blobs.s3_requests._FIRST_WAIT_S", 0)
    blobs = ObjectBlobStore(
        "s3://bucket", endpoint="http://127.0.0.1:1", access_key="a", secret_key="b", region="r", scratch=tmp_path
    )
    assert blobs.parts
    blob = InParts("lfs/ab/x", 1, 1, "id")
    for ask in (lambda: blobs.parts.begin("lfs/ab/x"), lambda: blobs.parts.complete(blob, ["a"])):
        with pytest.raises(Unavailable):
            ask()
    with pytest.raises(Unavailable):
        blobs.parts.receive(blob, 1)
