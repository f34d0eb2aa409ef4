"""Signed-in browsers and one-time links: rows in, rows out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select, update

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import namespace, one_time_link, session, user


@dataclass(frozen=True, slots=True)
class SessionInfo:
    id: int
    user_id: int
    csrf: str
    user_agent: str
    address: str
    created_at_ms: int
    expires_at_ms: int
    last_seen_at_ms: int


@dataclass(frozen=True, slots=True)
class Holder:
    """The account that a session or token belongs to."""

    user_id: int
    name: str
    name_key: str
    is_admin: bool


_COLUMNS = (
    session.c.id,
    session.c.user_id,
    session.c.csrf,
    session.c.user_agent,
    session.c.address,
    session.c.created_at,
    session.c.expires_at,
    session.c.last_seen_at,
)


def add(write: Write, hash: str, user_id: int, csrf: str, user_agent: str, address: str, expires_at_ms: int) -> None:
    now = now_ms()
    write.execute(
        insert(session).values(
            hash=hash,
            user_id=user_id,
            csrf=csrf,
            user_agent=user_agent,
            address=address,
            created_at=now,
            expires_at=expires_at_ms,
            last_seen_at=now,
        )
    )


# built once: every page asks this
_GOOD = (
    select(*_COLUMNS, namespace.c.name, namespace.c.name_key, user.c.is_admin)
    .select_from(
        session.join(user, user.c.id == session.c.user_id).join(namespace, namespace.c.id == session.c.user_id)
    )
    .where(session.c.hash == bindparam("hash"), session.c.expires_at > bindparam("now"), user.c.disabled_at.is_(None))
)


def find(read: Read, hash: str) -> tuple[SessionInfo, Holder] | None:
    """Only a session that is good now, of an account that is open."""
    row = read.execute(_GOOD, {"hash": hash, "now": now_ms()}).first()
    if row is None:
        return None
    return SessionInfo(*row[:8]), Holder(row.user_id, row.name, row.name_key, row.is_admin)


def of_user(read: Read, user_id: int) -> list[SessionInfo]:
    rows = read.execute(
        select(*_COLUMNS)
        .where(session.c.user_id == user_id, session.c.expires_at > now_ms())
        .order_by(session.c.last_seen_at.desc())
    )
    return [SessionInfo(*row) for row in rows]


def end(write: Write, hash: str) -> None:
    write.execute(delete(session).where(session.c.hash == hash))


def end_one(write: Write, user_id: int, id: int) -> bool:
    return write.execute(delete(session).where(session.c.user_id == user_id, session.c.id == id)).rowcount > 0


def end_all(write: Write, user_id: int, *, besides: int | None = None) -> None:
    statement = delete(session).where(session.c.user_id == user_id)
    if besides is not None:
        statement = statement.where(session.c.id != besides)
    write.execute(statement)


def slide(write: Write, seen: Mapping[int, int]) -> None:
    """`seen`: session id -> when. A session's lifetime (expiry less last sight) moves along with its use."""
    if seen:
        lifetime = session.c.expires_at - session.c.last_seen_at
        statement = (
            update(session)
            .where(session.c.id == bindparam("session_id"), session.c.last_seen_at < bindparam("at"))
            .values(expires_at=bindparam("at") + lifetime, last_seen_at=bindparam("at"))
        )
        write.execute(statement, [{"session_id": one, "at": at} for one, at in sorted(seen.items())])


def keep_newest(write: Write, user_id: int, count: int) -> None:
    newest = select(session.c.id).where(session.c.user_id == user_id).order_by(session.c.last_seen_at.desc())
    write.execute(delete(session).where(session.c.user_id == user_id, session.c.id.not_in(newest.limit(count))))


def delete_expired(write: Write) -> int:
    return int(write.execute(delete(session).where(session.c.expires_at <= now_ms())).rowcount)


# --- one-time links -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkInfo:
    purpose: str
    user_id: int | None
    expires_at_ms: int


def add_link(write: Write, hash: str, purpose: str, user_id: int | None, expires_at_ms: int) -> None:
    """Replaces earlier links of the same purpose and user."""
    same_user = one_time_link.c.user_id.is_(None) if user_id is None else one_time_link.c.user_id == user_id
    write.execute(delete(one_time_link).where(one_time_link.c.purpose == purpose, same_user))
    write.execute(insert(one_time_link).values(hash=hash, purpose=purpose, user_id=user_id, expires_at=expires_at_ms))


def find_link(read: Read, hash: str, purpose: str) -> LinkInfo | None:
    row = read.execute(
        select(one_time_link.c.purpose, one_time_link.c.user_id, one_time_link.c.expires_at).where(
            one_time_link.c.hash == hash, one_time_link.c.purpose == purpose, one_time_link.c.expires_at > now_ms()
        )
    ).first()
    return LinkInfo(*row) if row else None


def use_link(write: Write, hash: str, purpose: str) -> LinkInfo | None:
    """Gone after this: of two callers at once only one gets it."""
    row = write.execute(
        delete(one_time_link)
        .where(one_time_link.c.hash == hash, one_time_link.c.purpose == purpose, one_time_link.c.expires_at > now_ms())
        .returning(one_time_link.c.purpose, one_time_link.c.user_id, one_time_link.c.expires_at)
    ).first()
    return LinkInfo(*row) if row else None


def delete_expired_links(write: Write) -> int:
    return int(write.execute(delete(one_time_link).where(one_time_link.c.expires_at <= now_ms())).rowcount)
