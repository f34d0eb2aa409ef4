from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.unit.hub.lfs.conftest import NewRepo
from tests.unit.hub.lfs.test_upload import send, sha, stored_bytes, used_storage

from zoco.adapters.clock import now_ms
from zoco.adapters.db.tables import doomed_object, lfs_multipart
from zoco.core.errors import NotFound, Unprocessable
from zoco.core.ids import Sha256
from zoco.core.repos import WritableRepo
from zoco.formats.lfs.batch import AskedObject
from zoco.hub.lfs import begin, parts
from zoco.hub.lfs.abandoned import abandoned
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.lfs.begin import address_lifetime_s, begin_uploads
from zoco.hub.lfs.objects import find
from zoco.hub.lfs.parts_store import PartUpload
from zoco.hub.lfs.upload import Lfs

HOUR = 3_600_000
PART = 1000


@pytest.fixture
def lfs(lfs: Lfs, monkeypatch: pytest.MonkeyPatch) -> Lfs:
    monkeypatch.setattr(begin, "PART_SIZE", PART)
    return Lfs(lfs.db, lfs.blobs, LfsLimits(10**9, multipart_size_min_bytes=PART, address_lifetime_s=60))


def begun(lfs: Lfs, to: WritableRepo, data: bytes) -> PartUpload:
    return begin_uploads(lfs, to, [AskedObject(sha(data), len(data))], can_multipart=True)[sha(data)]


def send_part(lfs: Lfs, upload: PartUpload, number: int, data: bytes) -> str:
    part = parts.receive_part(lfs, upload, number)
    try:
        part.feed(data)
        return part.finish()
    finally:
        part.abort()


def send_all(lfs: Lfs, upload: PartUpload, data: bytes) -> list[str]:
    pieces = [data[at : at + upload.blob.part_size] for at in range(0, len(data), upload.blob.part_size)]
    return [send_part(lfs, upload, number, piece) for number, piece in enumerate(pieces, 1)]


def rows(lfs: Lfs) -> int:
    with lfs.db.read() as read:
        return int(read.execute(select(func.count()).select_from(lfs_multipart)).scalar_one())


def folders(lfs: Lfs) -> list[Path]:
    return list((lfs.blobs.scratch.parent / "blobs/.uploads").glob("*"))


def test_a_file_in_parts_is_an_object_when_it_is_complete(lfs: Lfs, new_repo: NewRepo) -> None:
    data, own = os.urandom(3 * PART + 1), new_repo()
    upload = begun(lfs, own, data)
    etags = send_all(lfs, upload, data)
    assert find(lfs.db, own, sha(data)) is None
    parts.complete(lfs, own, upload, None, etags)
    parts.complete(lfs, own, upload, None, etags)
    assert stored_bytes(lfs, own, sha(data)) == data
    assert used_storage(lfs.db, own) == len(data)
    assert (rows(lfs), folders(lfs)) == (0, [])


def test_what_the_hub_has_already_is_not_kept_twice(lfs: Lfs, new_repo: NewRepo) -> None:
    data, first, second = os.urandom(2 * PART), new_repo(), new_repo()
    send(lfs, first, data)
    upload = begun(lfs, second, data)
    send_all(lfs, upload, data)
    parts.complete(lfs, second, upload, None)
    one, two = find(lfs.db, first, sha(data)), find(lfs.db, second, sha(data))
    assert one and two and one.key == two.key
    with lfs.db.read() as read:
        assert read.execute(select(doomed_object.c.key)).scalars().all() == [upload.blob.key]


def test_wrong_bytes_leave_nothing(lfs: Lfs, new_repo: NewRepo) -> None:
    data, own = os.urandom(2 * PART), new_repo()
    upload = begun(lfs, own, data)
    send_all(lfs, upload, bytes(2 * PART))
    with pytest.raises(Unprocessable, match="SHA-256"):
        parts.complete(lfs, own, upload, None)
    assert (rows(lfs), folders(lfs), list(lfs.blobs.keys("lfs/"))) == (0, [], [])
    assert parts.find_upload(lfs, upload.uuid) is None
    with pytest.raises(Unprocessable):
        parts.complete(lfs, own, upload, None)


def test_an_upload_that_is_begun_twice_is_one(lfs: Lfs, new_repo: NewRepo) -> None:
    data, own, other = os.urandom(2 * PART), new_repo(), new_repo()
    assert begun(lfs, own, data) == begun(lfs, own, data)
    assert begun(lfs, own, data).uuid != begun(lfs, other, data).uuid
    assert rows(lfs) == 2


def test_large_files_come_in_larger_parts(lfs: Lfs, new_repo: NewRepo) -> None:
    own = new_repo()
    asked = [AskedObject(f"{number:064}", 500 * 10**9) for number in range(3)]
    found = begin_uploads(lfs, own, asked, can_multipart=True)
    assert [one.blob.count for one in found.values()] == [500] * 3
    assert begin_uploads(lfs, own, asked, can_multipart=False) == {}


def test_who_asks_for_very_much_at_once_gets_the_rest_whole(
    lfs: Lfs, new_repo: NewRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(begin, "PARTS_AT_ONCE_MAX", 1000)
    asked = [AskedObject(f"{number:064}", 500 * 10**9) for number in range(5)]
    assert len(begin_uploads(lfs, new_repo(), asked, can_multipart=True)) == 2
    monkeypatch.setattr(begin, "UNFINISHED_MAX", 1)
    assert len(begin_uploads(lfs, new_repo(), asked, can_multipart=True)) == 1


def test_addresses_live_as_long_as_a_slow_client_needs() -> None:
    limits = LfsLimits(10**12, address_lifetime_s=3600)
    assert address_lifetime_s(limits, 1000) == 3600
    assert address_lifetime_s(limits, 10**11) == 3600 + 10**5
    assert address_lifetime_s(limits, 10**13) == 7 * 86_400


# --- nobody finished them ---


def sweep(lfs: Lfs, ahead_ms: int, grace_ms: int = 48 * HOUR) -> int:
    """How many go, `ahead_ms` from now."""
    return sum(give_up() for _, give_up in list(abandoned(lfs, now_ms() + ahead_ms, grace_ms)))


def test_what_nobody_finishes_goes_when_its_addresses_and_the_grace_are_over(lfs: Lfs, new_repo: NewRepo) -> None:
    data, own = os.urandom(2 * PART), new_repo()
    upload = begun(lfs, own, data)
    send_part(lfs, upload, 1, data[:PART])
    assert sweep(lfs, 48 * HOUR) == 0
    assert sweep(lfs, 48 * HOUR + 120_000) == 1
    assert (rows(lfs), folders(lfs)) == (0, [])
    assert sweep(lfs, 48 * HOUR + 120_000) == 0
    with pytest.raises((NotFound, Unprocessable)):
        parts.complete(lfs, own, upload, None)


def test_who_asks_again_has_the_whole_time_again(lfs: Lfs, new_repo: NewRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    data, own = os.urandom(2 * PART), new_repo()
    upload = begun(lfs, own, data)
    monkeypatch.setattr(begin, "now_ms", lambda: now_ms() + 40 * HOUR)
    assert begun(lfs, own, data).uuid == upload.uuid
    assert sweep(lfs, 80 * HOUR) == 0
    assert rows(lfs) == 1


def test_joined_bytes_that_were_never_published_go_too(lfs: Lfs, new_repo: NewRepo) -> None:
    """As after a crash between the two."""
    data, own = os.urandom(2 * PART), new_repo()
    upload = begun(lfs, own, data)
    etags = send_all(lfs, upload, data)
    assert lfs.blobs.parts
    lfs.blobs.parts.complete(upload.blob, etags)
    assert sweep(lfs, 49 * HOUR) == 1
    assert list(lfs.blobs.keys("lfs/")) == []


def test_a_sweep_in_the_middle_of_a_completion_leaves_no_row_without_bytes(
    lfs: Lfs, new_repo: NewRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, own = os.urandom(2 * PART), new_repo()
    upload = begun(lfs, own, data)
    send_all(lfs, upload, data)

    def sweep_first(name: str) -> None:
        if name == "lfs_parts_joined":
            assert sweep(lfs, 49 * HOUR) == 1

    monkeypatch.setattr(parts, "hit", sweep_first)
    with pytest.raises(NotFound):
        parts.complete(lfs, own, upload, None)
    assert find(lfs.db, own, sha(data)) is None
    assert list(lfs.blobs.keys("lfs/")) == []


def test_parts_that_no_row_names_go_when_they_have_been_quiet(lfs: Lfs, new_repo: NewRepo) -> None:
    """A repository was deleted, and its uploads with it."""
    data, own = os.urandom(2 * PART), new_repo()
    upload = begun(lfs, own, data)
    send_part(lfs, upload, 1, data[:PART])
    with lfs.db.write() as write:
        write.execute(lfs_multipart.delete())
    assert sweep(lfs, 0, grace_ms=0) == 0, "it may just have begun"
    assert sweep(lfs, 2 * HOUR) == 0
    assert sweep(lfs, 2 * HOUR, grace_ms=HOUR) == 1
    assert folders(lfs) == []


def test_what_is_asked_for_is_named_by_its_hash_only(lfs: Lfs, new_repo: NewRepo) -> None:
    data = b"x" * 2 * PART
    upload = begun(lfs, new_repo(), data)
    assert hashlib.sha256(data).hexdigest() not in upload.blob.key
    assert upload.sha256 == Sha256(hashlib.sha256(data).hexdigest())
