from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.unit.hub.lfs.conftest import NewRepo

from zoco.adapters.db.engine import Database
from zoco.core.access import Access, Actor
from zoco.core.errors import Denied, NotFound
from zoco.core.repos import WritableRepo
from zoco.formats.lfs.locks import LockRequest, LocksQuery
from zoco.hub.accounts.users import create_user
from zoco.hub.lfs.locks import AlreadyLocked, Lock, list_locks, lock, unlock


@pytest.fixture
def people(db: Database) -> list[Actor]:
    return [Actor(create_user(db, name).id, name, {}) for name in ("ana", "otto")]


def taken(db: Database, repo: WritableRepo, who: Actor, path: str) -> Lock:
    return lock(db, repo, who, LockRequest(path, None))


def test_others_end_a_lock_only_as_administrators_who_say_so(
    db: Database, new_repo: NewRepo, people: list[Actor]
) -> None:
    repo, (ana, otto) = new_repo(), people
    admin = WritableRepo(replace(repo, access=Access.ADMIN))  # type: ignore[arg-type]
    held = taken(db, repo, ana, "m.bin")
    for opened, force in ((repo, False), (repo, True), (admin, False)):
        with pytest.raises(Denied):
            unlock(db, opened, otto, held.id, force=force)
    assert unlock(db, admin, otto, held.id, force=True) == held
    with pytest.raises(NotFound):
        unlock(db, admin, otto, held.id, force=True)


def test_a_lock_of_one_repository_is_none_of_another(db: Database, new_repo: NewRepo, people: list[Actor]) -> None:
    first, second, ana = new_repo(), new_repo(), people[0]
    held = taken(db, first, ana, "m.bin")
    assert taken(db, second, ana, "m.bin").id != held.id
    with pytest.raises(NotFound):
        unlock(db, second, ana, held.id, force=True)
    assert list_locks(db, first, LocksQuery()).items == (held,)


def test_of_many_who_want_a_file_one_gets_it(db: Database, new_repo: NewRepo, people: list[Actor]) -> None:
    repo = new_repo()

    def one(number: int) -> Lock | None:
        try:
            return taken(db, repo, people[number % 2], "m.bin")
        except AlreadyLocked as error:
            assert error.lock.path == "m.bin"
            return None

    with ThreadPoolExecutor(8) as pool:
        got = [held for held in pool.map(one, range(16)) if held]
    assert list_locks(db, repo, LocksQuery()).items == tuple(got)
    assert len(got) == 1
