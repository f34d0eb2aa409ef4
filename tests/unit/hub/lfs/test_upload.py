from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from tests.unit.hub.lfs.conftest import SIZE_MAX, NewRepo

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.adapters.db.tables import lfs_link, repo
from zoco.core.errors import TooLarge, Unavailable, Unprocessable
from zoco.core.ids import Sha256
from zoco.core.repos import WritableRepo
from zoco.hub.lfs.garbage import forget_unlinked
from zoco.hub.lfs.objects import find, unlink
from zoco.hub.lfs.upload import Lfs, Upload


def sha(data: bytes) -> Sha256:
    return Sha256(hashlib.sha256(data).hexdigest())


def send(lfs: Lfs, to: WritableRepo, data: bytes) -> None:
    with Upload(lfs, to, sha(data), len(data), None) as upload:
        for at in range(0, len(data), 1000):
            upload.feed(data[at : at + 1000])
        upload.finish()


def used_storage(db: Database, of: WritableRepo) -> int:
    with db.read() as read:
        return int(read.execute(select(repo.c.used_storage).where(repo.c.id == of.key)).scalar_one())


def nothing_is_left(lfs: Lfs) -> bool:
    return not list(lfs.blobs.keys("lfs/")) and not list(lfs.blobs.scratch.iterdir())


def stored_bytes(lfs: Lfs, of: WritableRepo, sha256: Sha256) -> bytes:
    found = find(lfs.db, of, sha256)
    assert found
    return b"".join(lfs.blobs.read(found.key))


def test_what_came_whole_is_there_byte_for_byte(lfs: Lfs, new_repo: NewRepo) -> None:
    data, own = bytes(range(256)) * 500, new_repo()
    send(lfs, own, data)
    assert stored_bytes(lfs, own, sha(data)) == data
    assert used_storage(lfs.db, own) == len(data)
    assert not list(lfs.blobs.scratch.iterdir())


def test_an_empty_file_is_a_file(lfs: Lfs, new_repo: NewRepo) -> None:
    own = new_repo()
    send(lfs, own, b"")
    assert stored_bytes(lfs, own, sha(b"")) == b""


def test_sending_it_twice_counts_once(lfs: Lfs, new_repo: NewRepo) -> None:
    own = new_repo()
    send(lfs, own, b"weights")
    send(lfs, own, b"weights")
    assert used_storage(lfs.db, own) == 7
    assert len(list(lfs.blobs.keys("lfs/"))) == 1


def test_two_repositories_share_one_stored_file_and_each_is_charged(lfs: Lfs, new_repo: NewRepo) -> None:
    one, other = new_repo(), new_repo()
    send(lfs, one, b"weights")
    assert find(lfs.db, other, sha(b"weights")) is None, "what others have is not known here"
    send(lfs, other, b"weights")
    assert len(list(lfs.blobs.keys("lfs/"))) == 1
    assert (used_storage(lfs.db, one), used_storage(lfs.db, other)) == (7, 7)


def test_an_aborted_upload_is_never_published(lfs: Lfs, new_repo: NewRepo) -> None:
    """Met in a prototype: a client that left in the middle ended the body, and half a file was stored."""
    own = new_repo()
    with Upload(lfs, own, sha(b"weights"), 7, None) as upload:
        upload.feed(b"weig")
    assert find(lfs.db, own, sha(b"weights")) is None
    assert nothing_is_left(lfs)


def test_too_few_bytes_are_refused(lfs: Lfs, new_repo: NewRepo) -> None:
    with Upload(lfs, new_repo(), sha(b"weights"), 7, None) as upload:
        upload.feed(b"weig")
        with pytest.raises(Unprocessable, match="Only 4 of 7"):
            upload.finish()
    assert nothing_is_left(lfs)


def test_too_many_bytes_are_refused_as_soon_as_they_come(lfs: Lfs, new_repo: NewRepo) -> None:
    with Upload(lfs, new_repo(), sha(b"weights"), 7, None) as upload:
        upload.feed(b"weights")
        with pytest.raises(Unprocessable, match="More bytes"):
            upload.feed(b"!")
    assert nothing_is_left(lfs)


def test_other_bytes_of_the_same_length_are_refused_with_both_hashes(lfs: Lfs, new_repo: NewRepo) -> None:
    own = new_repo()
    with Upload(lfs, own, sha(b"weights"), 7, None) as upload:
        upload.feed(b"weighty")
        with pytest.raises(Unprocessable) as caught:
            upload.finish()
    assert sha(b"weights") in caught.value.message
    assert sha(b"weighty") in caught.value.message
    assert find(lfs.db, own, sha(b"weights")) is None
    assert nothing_is_left(lfs)


def test_a_known_object_is_not_linked_by_wrong_bytes(lfs: Lfs, new_repo: NewRepo) -> None:
    """Else a hash alone would open another repository's file."""
    secret, thief = new_repo(), new_repo()
    send(lfs, secret, b"weights")
    with Upload(lfs, thief, sha(b"weights"), 7, None) as upload:
        upload.feed(b"guesses")
        with pytest.raises(Unprocessable):
            upload.finish()
    assert find(lfs.db, thief, sha(b"weights")) is None


def test_a_file_over_the_limit_is_refused_before_a_byte_is_taken(lfs: Lfs, new_repo: NewRepo) -> None:
    with pytest.raises(TooLarge, match=str(SIZE_MAX)):
        Upload(lfs, new_repo(), sha(b""), SIZE_MAX + 1, None)
    assert nothing_is_left(lfs)


def test_many_uploads_of_one_object_at_once_end_in_one_stored_file(lfs: Lfs, new_repo: NewRepo) -> None:
    repos, start = [new_repo() for _ in range(6)], threading.Barrier(6)
    data = b"weights" * 1000

    def one(own: WritableRepo) -> None:
        with Upload(lfs, own, sha(data), len(data), None) as upload:
            upload.feed(data)
            start.wait(30)
            upload.finish()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(one, repos))
    for own in repos:
        assert stored_bytes(lfs, own, sha(data)) == data
        assert used_storage(lfs.db, own) == len(data)
    with lfs.db.read() as read:
        assert len(read.execute(select(lfs_link)).all()) == 6


def test_bytes_that_are_known_are_not_stored_again_but_must_come(lfs: Lfs, new_repo: NewRepo) -> None:
    send(lfs, new_repo(), b"weights")
    other = new_repo()
    with Upload(lfs, other, sha(b"weights"), 7, None) as upload:
        upload.feed(b"weights")
        assert not list(lfs.blobs.scratch.iterdir())
        assert find(lfs.db, other, sha(b"weights")) is None
        upload.finish()
    assert stored_bytes(lfs, other, sha(b"weights")) == b"weights"


def test_a_stored_copy_that_is_collected_during_the_upload_is_told_and_the_next_try_stores_it(
    lfs: Lfs, new_repo: NewRepo
) -> None:
    own, other = new_repo(), new_repo()
    send(lfs, own, b"weights")
    with Upload(lfs, other, sha(b"weights"), 7, None) as upload:
        upload.feed(b"weights")
        unlink(lfs.db, own, [sha(b"weights")])
        assert len(list(forget_unlinked(lfs.db, now_ms(), -1))) == 1
        with pytest.raises(Unavailable, match="upload the file again"):
            upload.finish()
    send(lfs, other, b"weights")
    assert stored_bytes(lfs, other, sha(b"weights")) == b"weights"
