"""User accounts: rows in, rows out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update

from zoco.adapters.db import changes
from zoco.adapters.db.changes import Change
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import like, namespace, repo, user
from zoco.core.ids import name_key
from zoco.hub.accounts.store.names import can_be_stored


@dataclass(frozen=True, slots=True)
class UserInfo:
    id: int
    public_id: str
    name: str
    full_name: str
    email: str | None
    is_admin: bool
    bio: str
    language: str | None
    theme: str | None
    created_at_ms: int
    disabled_at_ms: int | None
    """set while an administrator has closed the account"""


_COLUMNS = (
    user.c.id,
    namespace.c.public_id,
    namespace.c.name,
    user.c.full_name,
    user.c.email,
    user.c.is_admin,
    user.c.bio,
    user.c.language,
    user.c.theme,
    namespace.c.created_at,
    user.c.disabled_at,
)
_FROM = user.join(namespace, namespace.c.id == user.c.id)


def by_name(read: Read, name: str) -> UserInfo | None:
    return _one(read, namespace.c.name_key == name_key(name)) if can_be_stored(name) else None


def by_id(read: Read, id: int) -> UserInfo | None:
    return _one(read, user.c.id == id)


def by_email(read: Read, email: str) -> UserInfo | None:
    return _one(read, user.c.email_key == email.lower()) if can_be_stored(email) else None


def every(read: Read) -> list[UserInfo]:
    rows = read.execute(select(*_COLUMNS).select_from(_FROM).order_by(namespace.c.name_key))
    return [_info(row) for row in rows]


def add(write: Write, id: int, *, full_name: str, email: str | None, password_hash: str | None, is_admin: bool) -> None:
    write.execute(
        insert(user).values(
            id=id,
            full_name=full_name,
            email=email,
            email_key=email.lower() if email else None,
            password_hash=password_hash,
            is_admin=is_admin,
        )
    )


def change(write: Write, id: int, values: dict[str, object]) -> None:
    write.execute(update(user).where(user.c.id == id).values(values))


def password_hash(read: Read, id: int) -> str | None:
    return read.scalar(select(user.c.password_hash).where(user.c.id == id))


def count_admins(read: Read, *, besides: int | None = None) -> int:
    """Administrators who can sign in."""
    query = select(func.count()).select_from(user).where(user.c.is_admin, user.c.disabled_at.is_(None))
    if besides is not None:
        query = query.where(user.c.id != besides)
    return int(read.scalar(query) or 0)


def take_back_likes(write: Write, id: int) -> None:
    """The rows go with the account; the numbers that repositories show must follow."""
    liked = select(like.c.repo_id).where(like.c.user_id == id)
    lowered = update(repo).where(repo.c.id.in_(liked)).values(likes=repo.c.likes - 1).returning(repo.c.id)
    changes.note(write, write.scalars(lowered), Change.NUMBERS)
    write.execute(delete(like).where(like.c.user_id == id))


def _one(read: Read, condition: ColumnElement[bool]) -> UserInfo | None:
    row = read.execute(select(*_COLUMNS).select_from(_FROM).where(condition)).first()
    return _info(row) if row else None


def _info(row: Row[*tuple[object, ...]]) -> UserInfo:
    return UserInfo(*row)  # type: ignore[arg-type]  # in the order of _COLUMNS
