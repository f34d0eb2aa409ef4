from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from tests.unit.hub.lfs.conftest import SIZE_MAX, NewRepo
from tests.unit.hub.lfs.test_upload import send, sha, used_storage

from zoco.adapters.db.tables import lfs_link
from zoco.core.errors import NotFound, Unprocessable
from zoco.core.ids import Sha256
from zoco.core.repos import WritableRepo
from zoco.formats.lfs.batch import AskedObject
from zoco.formats.lfs.pointer import Pointer
from zoco.hub.lfs import objects
from zoco.hub.lfs.batch import LfsLimits, Step, batch_download, batch_upload
from zoco.hub.lfs.objects import (
    find,
    find_all,
    link_existing,
    missing,
    unlink,
    verify,
)
from zoco.hub.lfs.upload import Lfs

ABSENT = Sha256("0" * 64)
LIMITS = LfsLimits(SIZE_MAX)


def test_missing_are_objects_not_uploaded_here_or_of_another_size(lfs: Lfs, new_repo: NewRepo) -> None:
    own, other = new_repo(), new_repo()
    send(lfs, own, b"mine")
    send(lfs, other, b"theirs")
    good, wrong_size = Pointer(sha(b"mine"), 4), Pointer(sha(b"mine"), 5)
    foreign, absent = Pointer(sha(b"theirs"), 6), Pointer(ABSENT, 1)
    assert missing(lfs.db, own, [good, wrong_size, foreign, absent, absent]) == [wrong_size, foreign, absent]
    assert missing(lfs.db, own, []) == []


def test_more_objects_than_one_statement_takes(lfs: Lfs, new_repo: NewRepo) -> None:
    own = new_repo()
    send(lfs, own, b"mine")
    asked = [Sha256(f"{number:064x}") for number in range(40_000)]
    assert set(find_all(lfs.db, own, [*asked, sha(b"mine")])) == {sha(b"mine")}


def test_verify_knows_what_arrived(lfs: Lfs, new_repo: NewRepo) -> None:
    own, other = new_repo(), new_repo()
    send(lfs, own, b"mine")
    verify(lfs.db, own, sha(b"mine"), 4)
    with pytest.raises(Unprocessable, match="4 bytes here, not 5"):
        verify(lfs.db, own, sha(b"mine"), 5)
    with pytest.raises(NotFound, match="upload it again"):
        verify(lfs.db, other, sha(b"mine"), 4)


def test_a_copy_between_repositories_sends_no_bytes(lfs: Lfs, new_repo: NewRepo) -> None:
    source, target = new_repo(), new_repo()
    send(lfs, source, b"one")
    send(lfs, source, b"three")
    asked = [sha(b"one"), ABSENT, sha(b"three")]
    assert link_existing(lfs.db, source, target, asked, None) == [ABSENT]
    assert link_existing(lfs.db, source, target, asked, None) == [ABSENT]
    assert find(lfs.db, target, sha(b"one"))
    assert used_storage(lfs.db, target) == 8


def test_what_is_unlinked_is_gone_here_and_stays_elsewhere(lfs: Lfs, new_repo: NewRepo) -> None:
    own, other = new_repo(), new_repo()
    send(lfs, own, b"one")
    send(lfs, other, b"one")
    assert unlink(lfs.db, own, [sha(b"one"), ABSENT]) == 3
    assert unlink(lfs.db, own, [sha(b"one")]) == 0
    assert find(lfs.db, own, sha(b"one")) is None
    assert find(lfs.db, other, sha(b"one"))
    assert (used_storage(lfs.db, own), used_storage(lfs.db, other)) == (0, 3)


def test_a_batch_to_upload_never_tells_what_other_repositories_have(lfs: Lfs, new_repo: NewRepo) -> None:
    own, other = new_repo(), new_repo()
    send(lfs, own, b"mine")
    send(lfs, other, b"theirs")
    asked = [AskedObject(sha(b"mine"), 4), AskedObject(sha(b"theirs"), 6), AskedObject(ABSENT, 6)]
    steps = [answer.step for answer in batch_upload(lfs.db, own, asked, LIMITS)]
    assert steps == [Step.NOTHING, Step.UPLOAD, Step.UPLOAD]


def test_a_batch_refuses_single_objects_with_the_reason(lfs: Lfs, new_repo: NewRepo) -> None:
    own = new_repo()
    send(lfs, own, b"mine")
    asked = [
        AskedObject(sha(b"mine"), 5),
        AskedObject(ABSENT, SIZE_MAX + 1),
        AskedObject("x", 1, "'oid' must be …"),
        AskedObject(ABSENT, SIZE_MAX),
    ]
    answers = batch_upload(lfs.db, own, asked, LIMITS)
    assert [answer.code for answer in answers] == [422, 422, 422, 0]
    assert "split it" in answers[1].message
    assert [answer.step for answer in answers].count(Step.REFUSED) == 3


def test_a_batch_to_download_gives_only_what_this_repository_has(lfs: Lfs, new_repo: NewRepo) -> None:
    own, other = new_repo(), new_repo()
    send(lfs, own, b"mine")
    send(lfs, other, b"theirs")
    asked = [
        AskedObject(sha(b"mine"), 4),
        AskedObject(sha(b"theirs"), 6),
        AskedObject(ABSENT, 6),
        AskedObject(sha(b"mine"), 1),
    ]
    answers = batch_download(lfs.db, own, asked)
    assert [(answer.step, answer.code) for answer in answers] == [
        (Step.DOWNLOAD, 0),
        (Step.REFUSED, 404),
        (Step.REFUSED, 404),
        (Step.REFUSED, 422),
    ]
    assert answers[1].message == answers[2].message, "a foreign object looks like one that does not exist"


def touched_at(lfs: Lfs, of: WritableRepo, sha256: Sha256) -> int:
    with lfs.db.read() as read:
        mine = (lfs_link.c.repo_id == of.key) & (lfs_link.c.sha256 == sha256)
        return int(read.execute(select(lfs_link.c.touched_at).where(mine)).scalar_one())


def make_old(lfs: Lfs) -> None:
    with lfs.db.write() as write:
        write.execute(update(lfs_link).values(touched_at=5))


def test_whoever_is_told_that_an_object_is_here_keeps_it(lfs: Lfs, new_repo: NewRepo) -> None:
    """Garbage collection counts its grace from there."""
    own, other = new_repo(), new_repo()
    send(lfs, own, b"weights")
    send(lfs, other, b"weights")
    named = sha(b"weights")
    tellings: list[Callable[[], object]] = [
        lambda: batch_upload(lfs.db, own, [AskedObject(named, 7)], LIMITS),
        lambda: verify(lfs.db, own, named, 7),
        lambda: link_existing(lfs.db, other, own, [named], None),
        lambda: send(lfs, own, b"weights"),
    ]
    for tell in tellings:
        make_old(lfs)
        tell()
        assert touched_at(lfs, own, named) > 5
        assert touched_at(lfs, other, named) == 5, "others were told nothing"


def test_who_asks_all_the_time_writes_seldom(lfs: Lfs, new_repo: NewRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    own = new_repo()
    send(lfs, own, b"weights")
    first = touched_at(lfs, own, sha(b"weights"))
    monkeypatch.setattr(lfs.db, "write", None)
    for _ in range(3):
        assert batch_upload(lfs.db, own, [AskedObject(sha(b"weights"), 7)], LIMITS)[0].step is Step.NOTHING
    assert touched_at(lfs, own, sha(b"weights")) == first


def test_an_object_that_is_collected_while_it_is_asked_for_is_asked_of_the_client(
    lfs: Lfs, new_repo: NewRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = new_repo()
    send(lfs, own, b"weights")
    make_old(lfs)
    real = objects.find_all

    def then_collected(*arguments: object) -> object:
        found = real(*arguments)  # type: ignore[arg-type]
        unlink(lfs.db, own, [sha(b"weights")])
        return found

    with monkeypatch.context() as patch:
        patch.setattr("zoco.hub.lfs.batch.find_all", then_collected)
        assert batch_upload(lfs.db, own, [AskedObject(sha(b"weights"), 7)], LIMITS)[0].step is Step.UPLOAD
    send(lfs, own, b"weights")
    make_old(lfs)
    monkeypatch.setattr(objects.store, "touch", lambda *_: set())
    assert batch_upload(lfs.db, own, [AskedObject(sha(b"weights"), 7)], LIMITS)[0].step is Step.UPLOAD
