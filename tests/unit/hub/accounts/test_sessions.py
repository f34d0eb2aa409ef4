from __future__ import annotations

import pytest
from tests.unit.hub.accounts.people import user

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.core.access import Access, Role
from zoco.core.errors import NotFound
from zoco.hub.accounts import last_use
from zoco.hub.accounts.authenticate import actor_from_session
from zoco.hub.accounts.sessions import (
    DAY_MS,
    end_session,
    end_session_by_id,
    is_csrf,
    list_sessions,
    start_session,
)
from zoco.hub.accounts.store import sessions as store
from zoco.hub.accounts.sweep import sweep
from zoco.hub.accounts.users import disable_user


def test_a_session_opens_what_its_owner_may_and_ends(db: Database) -> None:
    ana = user(db, is_admin=True)
    cookie = start_session(db, ana.id, "Firefox", "1.2.3.4", days=30)
    signed_in = actor_from_session(db, cookie)
    assert signed_in
    assert (signed_in.actor.name, signed_in.actor.limit, signed_in.actor.is_admin) == ("ana", Access.ADMIN, True)
    assert signed_in.actor.roles == {"ana": Role.ADMIN}
    assert (signed_in.session.user_agent, signed_in.session.address) == ("Firefox", "1.2.3.4")
    end_session(db, cookie)
    assert actor_from_session(db, cookie) is None


@pytest.mark.parametrize("cookie", ["", "x", "\0", "\ud800", "x" * 100_000])
def test_a_made_up_cookie_is_nobody(db: Database, cookie: str) -> None:
    assert actor_from_session(db, cookie) is None


def test_the_cookie_is_stored_nowhere(db: Database) -> None:
    cookie = start_session(db, user(db).id, "", "", days=1)
    with db.read() as read:
        assert cookie not in repr(read.exec_driver_sql("SELECT * FROM session").all())


def test_a_session_slides_while_it_is_used(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = user(db)
    cookie = start_session(db, ana.id, "", "", days=30)
    later = now_ms() + 20 * DAY_MS
    monkeypatch.setattr(last_use, "now_ms", lambda: later)
    monkeypatch.setattr(store, "now_ms", lambda: later)
    assert actor_from_session(db, cookie)
    last_use.flush(db)
    (one,) = list_sessions(db, ana.id)
    assert (one.last_seen_at_ms, one.expires_at_ms) == (later, later + (one.expires_at_ms - one.last_seen_at_ms))
    assert abs(one.expires_at_ms - later - 30 * DAY_MS) < 1000, "its lifetime is what it was"
    monkeypatch.setattr(store, "now_ms", lambda: later + 31 * DAY_MS)
    assert actor_from_session(db, cookie) is None
    sweep(db)
    with db.read() as read:
        assert read.exec_driver_sql("SELECT count(*) FROM session").scalar_one() == 0


def test_another_browser_is_signed_out_by_its_owner_only(db: Database) -> None:
    ana, otto = user(db), user(db, "otto")
    cookie = start_session(db, ana.id, "", "", days=1)
    (one,) = list_sessions(db, ana.id)
    with pytest.raises(NotFound):
        end_session_by_id(db, otto.id, one.id)
    assert actor_from_session(db, cookie)
    end_session_by_id(db, ana.id, one.id)
    assert actor_from_session(db, cookie) is None


def test_a_closed_account_starts_no_session(db: Database) -> None:
    ana = user(db)
    disable_user(db, None, "ana")
    with pytest.raises(NotFound):
        start_session(db, ana.id, "", "", days=1)


def test_each_session_has_its_own_csrf_token(db: Database) -> None:
    ana = user(db)
    one = actor_from_session(db, start_session(db, ana.id, "", "", days=1))
    two = actor_from_session(db, start_session(db, ana.id, "", "", days=1))
    assert one and two
    assert is_csrf(one.session, one.session.csrf)
    assert not is_csrf(one.session, two.session.csrf)
    assert not is_csrf(one.session, "")
    assert not is_csrf(one.session, "\ud800é")


def test_an_account_has_a_bounded_number_of_sessions(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoco.hub.accounts.sessions.SESSIONS_MAX", 2)
    ana, otto = user(db), user(db, "otto")
    others = start_session(db, otto.id, "", "", days=1)
    cookies = []
    for n in range(3):
        monkeypatch.setattr(store, "now_ms", lambda n=n: now_ms() + n)
        cookies.append(start_session(db, ana.id, "", "", days=1))
    assert [actor_from_session(db, cookie) is not None for cookie in cookies] == [False, True, True]
    assert actor_from_session(db, others)
