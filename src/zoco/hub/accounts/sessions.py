"""Signed-in browsers. The cookie's value is random; SQL holds only its hash."""

from __future__ import annotations

import hmac

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.core.errors import NotFound
from zoco.hub.accounts import audit
from zoco.hub.accounts.secrets import digest, fresh_key
from zoco.hub.accounts.store import sessions as store
from zoco.hub.accounts.store import users
from zoco.hub.accounts.store.sessions import SessionInfo

__all__ = ["SessionInfo", "end_session", "end_session_by_id", "is_csrf", "list_sessions", "start_session"]

DAY_MS = 86_400_000
SESSIONS_MAX = 100  # of one account; the longest unseen end


def start_session(db: Database, user_id: int, user_agent: str, address: str, *, days: int) -> str:
    """The cookie's value. The session ends after `days` without a visit."""
    cookie = fresh_key()
    with db.write() as write:
        user = users.by_id(write, user_id)
        if user is None or user.disabled_at_ms is not None:
            raise NotFound("This user does not exist.")
        store.add(
            write,
            digest(cookie),
            user_id,
            csrf=fresh_key(),
            user_agent=user_agent[:400],
            address=address[:64],
            expires_at_ms=now_ms() + days * DAY_MS,
        )
        store.keep_newest(write, user_id, SESSIONS_MAX)
        audit.record(write, user.name, "sign_in", user.name, address)
    return cookie


def end_session(db: Database, cookie: str) -> None:
    with db.write() as write:
        store.end(write, digest(cookie))


def end_session_by_id(db: Database, user_id: int, session_id: int) -> None:
    """Sign another browser out. Raises NotFound."""
    with db.write() as write:
        if not store.end_one(write, user_id, session_id):
            raise NotFound("This session has ended already.")


def list_sessions(db: Database, user_id: int) -> list[SessionInfo]:
    """Last seen first."""
    with db.read() as read:
        return store.of_user(read, user_id)


def is_csrf(session: SessionInfo, given: str) -> bool:
    return hmac.compare_digest(session.csrf.encode(), given.encode("utf-8", "surrogatepass"))
