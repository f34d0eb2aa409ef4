from __future__ import annotations

import threading

import pytest
from tests.unit.hub.accounts.people import PASSWORD, user

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.core.errors import AlreadyExists, Conflict, Invalid, NotFound
from zoco.hub.accounts.limits import RateLimiter
from zoco.hub.accounts.links import (
    PASSWORD_PATH,
    SETUP_PATH,
    is_setup_link,
    make_password_link,
    make_setup_link,
    use_password_link,
    use_setup_link,
    user_of_password_link,
)
from zoco.hub.accounts.sessions import list_sessions, start_session
from zoco.hub.accounts.store import sessions as store
from zoco.hub.accounts.users import check_password, disable_user, list_users


def setup_key(db: Database) -> str:
    path = make_setup_link(db)
    assert path and path.startswith(SETUP_PATH)
    return path.removeprefix(SETUP_PATH)


def password_key(db: Database, name: str = "ana") -> str:
    return make_password_link(db, None, name).removeprefix(PASSWORD_PATH)


def test_the_link_makes_the_first_administrator_once(db: Database) -> None:
    key = setup_key(db)
    assert is_setup_link(db, key)
    made = use_setup_link(db, key, "Ana", full_name="Ana", password=PASSWORD)
    assert made.is_admin
    assert not is_setup_link(db, key)
    with pytest.raises(NotFound, match="used already"):
        use_setup_link(db, key, "eve", password=PASSWORD)
    assert make_setup_link(db) is None
    assert [one.name for one in list_users(db)] == ["Ana"]


def test_a_mistake_in_the_form_does_not_use_the_link_up(db: Database) -> None:
    user(db, "taken")
    key = setup_key(db)
    with pytest.raises(Invalid):
        use_setup_link(db, key, "ana", password="short")
    with pytest.raises(AlreadyExists):
        use_setup_link(db, key, "Taken", password=PASSWORD)
    assert use_setup_link(db, key, "ana", password=PASSWORD).is_admin


def test_an_older_link_stops_working(db: Database) -> None:
    old, new = setup_key(db), setup_key(db)
    assert not is_setup_link(db, old)
    assert is_setup_link(db, new)


def test_the_link_is_dead_once_there_is_an_administrator_by_another_way(db: Database) -> None:
    key = setup_key(db)
    user(db, "root", is_admin=True)
    with pytest.raises(NotFound):
        use_setup_link(db, key, "eve", password=PASSWORD)


def test_of_two_visitors_at_once_one_becomes_administrator(db: Database) -> None:
    key = setup_key(db)
    ready = threading.Barrier(2)
    failed: list[NotFound] = []

    def visit(name: str) -> None:
        ready.wait()
        try:
            use_setup_link(db, key, name, password=PASSWORD)
        except NotFound as error:
            failed.append(error)

    threads = [threading.Thread(target=visit, args=(name,)) for name in ("ana", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 1
    assert len(list_users(db)) == 1


def test_links_last_a_day(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    user(db)
    setup, password = setup_key(db), password_key(db)
    monkeypatch.setattr(store, "now_ms", lambda: now_ms() + 86_400_001)
    assert not is_setup_link(db, setup)
    assert user_of_password_link(db, password) is None


def test_a_password_link_sets_a_new_password_once(db: Database, limiter: RateLimiter) -> None:
    ana = user(db)
    start_session(db, ana.id, "", "", days=1)
    key = password_key(db)
    found = user_of_password_link(db, key)
    assert found and found.name == "ana"
    with pytest.raises(Invalid):
        use_password_link(db, key, "ana")
    use_password_link(db, key, "a new password")
    assert list_sessions(db, ana.id) == []
    check_password(db, limiter, "ana", "a new password", "")
    with pytest.raises(NotFound):
        use_password_link(db, key, "another password")


def test_a_closed_account_gets_no_password(db: Database) -> None:
    user(db)
    key = password_key(db)
    disable_user(db, None, "ana")
    assert user_of_password_link(db, key) is None
    with pytest.raises(Conflict, match="closed"):
        make_password_link(db, None, "ana")
    with pytest.raises(NotFound):
        make_password_link(db, None, "nobody")


def test_a_link_of_one_kind_does_not_open_the_other(db: Database) -> None:
    user(db)
    assert not is_setup_link(db, password_key(db))
    assert user_of_password_link(db, setup_key(db)) is None
    for strange in ("", "\0", "\ud800", "x" * 10_000):
        assert not is_setup_link(db, strange)
