"""Access tokens: rows in, rows out. The secret itself is never stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, select, update

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import namespace, repo, token, user
from zoco.core.access import TokenRole, Visibility
from zoco.hub.accounts.store.sessions import Holder

Json = dict[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class TokenInfo:
    id: int
    user_id: int
    name: str
    role: TokenRole
    kind: str
    """access, oauth or refresh"""
    hint: str
    """first and last characters, for its owner to recognise"""
    grants: Json | None
    """see grants.py"""
    client_id: str | None
    family: str | None
    created_at_ms: int
    expires_at_ms: int | None
    last_used_at_ms: int | None


_COLUMNS = (
    token.c.id,
    token.c.user_id,
    token.c.name,
    token.c.role,
    token.c.kind,
    token.c.hint,
    token.c.grants,
    token.c.client_id,
    token.c.family,
    token.c.created_at,
    token.c.expires_at,
    token.c.last_used_at,
)


def add(
    write: Write,
    hash: str,
    *,
    user_id: int,
    name: str,
    role: TokenRole,
    hint: str,
    kind: str = "access",
    grants: Json | None = None,
    client_id: str | None = None,
    family: str | None = None,
    expires_at_ms: int | None = None,
) -> TokenInfo:
    created_at_ms = now_ms()
    result = write.execute(
        insert(token).values(
            hash=hash,
            user_id=user_id,
            name=name,
            role=role.value,
            kind=kind,
            hint=hint,
            grants=grants,
            client_id=client_id,
            family=family,
            created_at=created_at_ms,
            expires_at=expires_at_ms,
        )
    )
    assert result.inserted_primary_key
    token_id = int(result.inserted_primary_key[0])
    return TokenInfo(
        token_id, user_id, name, role, kind, hint, grants, client_id, family, created_at_ms, expires_at_ms, None
    )  # fmt: skip


_GOOD = (
    select(*_COLUMNS, namespace.c.name.label("holder"), namespace.c.name_key, user.c.is_admin)
    .select_from(token.join(user, user.c.id == token.c.user_id).join(namespace, namespace.c.id == token.c.user_id))
    .where(
        token.c.kind != "refresh",
        or_(token.c.expires_at.is_(None), token.c.expires_at > bindparam("now")),
        user.c.disabled_at.is_(None),
    )
)
# built once: every request asks this, and building it takes as long as running it
_GOOD_BY_HASH = _GOOD.where(token.c.hash == bindparam("hash"))
_GOOD_BY_ID = _GOOD.where(token.c.id == bindparam("id"))


def find(read: Read, hash: str) -> tuple[TokenInfo, Holder] | None:
    """Only a token that is good now, of an account that is open. Refresh tokens open nothing."""
    return _found(read.execute(_GOOD_BY_HASH, {"hash": hash, "now": now_ms()}).first())


def find_by_id(read: Read, id: int) -> tuple[TokenInfo, Holder] | None:
    """As `find`."""
    return _found(read.execute(_GOOD_BY_ID, {"id": id, "now": now_ms()}).first())


def _found(row: Any) -> tuple[TokenInfo, Holder] | None:  # Any: a Row of _GOOD
    if row is None:
        return None
    return _info(row), Holder(row.user_id, row.holder, row.name_key, row.is_admin)


def by_id(read: Read, id: int) -> TokenInfo | None:
    row = read.execute(select(*_COLUMNS).where(token.c.id == id)).first()
    return _info(row) if row else None


def of_user(read: Read, user_id: int) -> list[TokenInfo]:
    """Newest first; OAuth sign-ins once each (by their refresh token's sibling)."""
    rows = read.execute(
        select(*_COLUMNS)
        .where(
            token.c.user_id == user_id,
            token.c.kind != "refresh",
            or_(token.c.expires_at.is_(None), token.c.expires_at > now_ms()),
        )
        .order_by(token.c.id.desc())
    )
    return [_info(row) for row in rows]


def rename(write: Write, id: int, name: str) -> None:
    write.execute(update(token).where(token.c.id == id).values(name=name))


def replace_secret(write: Write, id: int, hash: str, hint: str) -> None:
    write.execute(update(token).where(token.c.id == id).values(hash=hash, hint=hint, last_used_at=None))


def remove(write: Write, id: int, family: str | None) -> None:
    write.execute(delete(token).where(token.c.family == family if family else token.c.id == id))


def delete_all(write: Write, user_id: int) -> None:
    write.execute(delete(token).where(token.c.user_id == user_id))


def take_refresh(write: Write, hash: str, client_id: str) -> TokenInfo | None:
    """The refresh token, gone after this; None when it is not good, or its account is closed."""
    open_accounts = select(user.c.id).where(user.c.disabled_at.is_(None))
    row = write.execute(
        delete(token)
        .where(
            token.c.hash == hash,
            token.c.kind == "refresh",
            token.c.client_id == client_id,
            token.c.expires_at > now_ms(),
            token.c.user_id.in_(open_accounts),
        )
        .returning(*_COLUMNS)
    ).first()
    return _info(row) if row else None


def mark_used(write: Write, used: Mapping[int, int]) -> None:
    """`used`: token id -> when. Never goes back, whichever worker flushes last."""
    if used:
        later = or_(token.c.last_used_at.is_(None), token.c.last_used_at < bindparam("at"))
        statement = update(token).where(token.c.id == bindparam("token_id"), later).values(last_used_at=bindparam("at"))
        write.execute(statement, [{"token_id": token_id, "at": at} for token_id, at in sorted(used.items())])


def delete_expired(write: Write, before_ms: int) -> int:
    return int(write.execute(delete(token).where(token.c.expires_at <= before_ms)).rowcount)


# --- what a fine-grained token names ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NamedRepo:
    public_id: str
    type: str
    namespace: str
    name: str
    visibility: Visibility
    creator_id: int | None


_REPO_COLUMNS = (
    repo.c.public_id,
    repo.c.type,
    namespace.c.name.label("namespace"),
    repo.c.name,
    repo.c.visibility,
    repo.c.creator_id,
)
_REPO_FROM = repo.join(namespace, namespace.c.id == repo.c.namespace_id)


def repos_by_public_id(read: Read, public_ids: list[str]) -> list[NamedRepo]:
    rows = read.execute(select(*_REPO_COLUMNS).select_from(_REPO_FROM).where(repo.c.public_id.in_(public_ids)))
    return [_named(row) for row in rows]


def repo_by_name(read: Read, type: str, namespace_key: str, name_key: str) -> NamedRepo | None:
    row = read.execute(
        select(*_REPO_COLUMNS)
        .select_from(_REPO_FROM)
        .where(repo.c.type == type, namespace.c.name_key == namespace_key, repo.c.name_key == name_key)
    ).first()
    return _named(row) if row else None


def _named(row: Any) -> NamedRepo:  # Any: a Row of _REPO_COLUMNS
    return NamedRepo(row.public_id, row.type, row.namespace, row.name, Visibility(row.visibility), row.creator_id)


def _info(row: Any) -> TokenInfo:  # Any: a Row that begins with _COLUMNS
    values = list(row[: len(_COLUMNS)])
    values[3] = TokenRole(values[3])
    return TokenInfo(*values)
