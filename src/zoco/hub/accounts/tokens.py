"""Access tokens: create, list, rename, refresh, delete. The secret is shown once, when it is made."""

from __future__ import annotations

import re

from sqlalchemy.exc import IntegrityError

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database, Read, Write
from zoco.core.access import Access, Actor, Grants, Role, TokenRole
from zoco.core.errors import AlreadyExists, Invalid, NotFound
from zoco.hub.accounts import audit
from zoco.hub.accounts.grants import stored
from zoco.hub.accounts.secrets import digest, fresh_token, hint_of, problem_with_token_value
from zoco.hub.accounts.store import orgs, users
from zoco.hub.accounts.store import tokens as store
from zoco.hub.accounts.store.tokens import TokenInfo
from zoco.hub.accounts.store.users import UserInfo

__all__ = ["TokenInfo", "create_token", "delete_token", "list_tokens", "refresh_token", "rename_token"]

NAME_LENGTH_MAX = 200
TOKENS_MAX = 1000


def create_token(
    db: Database,
    user_id: int,
    name: str,
    role: TokenRole,
    *,
    grants: Grants | None = None,
    value: str | None = None,
    expires_at_ms: int | None = None,
) -> tuple[TokenInfo, str]:
    """The token and its secret. `value` takes over a token that exists elsewhere.

    Raises Invalid (name, value, grants, a time that is over), AlreadyExists (the value), NotFound (the user).
    """
    name = _checked_name(name)
    if (grants is not None) != (role is TokenRole.FINE_GRAINED):
        raise Invalid("A fine-grained token needs its permissions, and only a fine-grained one has any.")
    if expires_at_ms is not None and expires_at_ms <= now_ms():
        raise Invalid("The token would have expired already: choose a later time.")
    if value is not None and (problem := problem_with_token_value(value)):
        raise Invalid(problem)
    secret = value or fresh_token()
    with db.write() as write:
        owner = _owner(write, user_id)
        if len(store.of_user(write, user_id)) >= TOKENS_MAX:
            raise Invalid(f"An account has at most {TOKENS_MAX} tokens: delete some that are no longer used.")
        try:
            made = store.add(
                write,
                digest(secret),
                user_id=user_id,
                name=name,
                role=role,
                hint=hint_of(secret),
                grants=stored(write, grants, _as_actor(write, owner)) if grants is not None else None,
                expires_at_ms=expires_at_ms,
            )
        except IntegrityError as error:
            raise AlreadyExists("This token exists already: choose another value.") from error
        audit.record(write, owner.name, "token.create", name, details={"role": role.value, "hint": made.hint})
    return made, secret


def list_tokens(db: Database, user_id: int) -> list[TokenInfo]:
    """Newest first, without those that have expired."""
    with db.read() as read:
        return store.of_user(read, user_id)


def delete_token(db: Database, user_id: int, token_id: int) -> None:
    """An OAuth sign-in goes whole, with its refresh token. Raises NotFound."""
    with db.write() as write:
        found = _own(write, user_id, token_id)
        store.remove(write, found.id, found.family)
        audit.record(
            write, _owner(write, user_id).name, "token.delete", found.name, details={"hint": found.hint}
        )  # fmt: skip


def rename_token(db: Database, user_id: int, token_id: int, name: str) -> None:
    """Raises NotFound, Invalid."""
    name = _checked_name(name)
    with db.write() as write:
        found = _own(write, user_id, token_id)
        store.rename(write, found.id, name)
        audit.record(write, _owner(write, user_id).name, "token.rename", name, details={"was": found.name})


def refresh_token(db: Database, user_id: int, token_id: int) -> tuple[TokenInfo, str]:
    """A new secret in place of the old one, which stops working. Raises NotFound, Invalid (an OAuth sign-in)."""
    secret = fresh_token()
    with db.write() as write:
        found = _own(write, user_id, token_id)
        if found.kind != "access":
            raise Invalid("A sign-in by browser renews itself: delete it and sign in again instead.")
        store.replace_secret(write, found.id, digest(secret), hint_of(secret))
        audit.record(
            write, _owner(write, user_id).name, "token.refresh", found.name, details={"hint": hint_of(secret)}
        )  # fmt: skip
        return _own(write, user_id, token_id), secret


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name:
        raise Invalid("A token needs a name, so that you know it later.")
    if len(name) > NAME_LENGTH_MAX:
        raise Invalid(f"A token's name has at most {NAME_LENGTH_MAX} characters.")
    if re.search("[\x00-\x1f\x7f\ud800-\udfff]", name):
        raise Invalid("A token's name must not hold control characters.")
    return name


def _own(read: Read, user_id: int, token_id: int) -> TokenInfo:
    found = store.by_id(read, token_id)
    if found is None or found.user_id != user_id or found.kind == "refresh":
        raise NotFound("There is no such token.")
    return found


def _owner(write: Write, user_id: int) -> UserInfo:
    found = users.by_id(write, user_id)
    if found is None:
        raise NotFound("This user does not exist.")
    return found


def _as_actor(read: Read, owner: UserInfo) -> Actor:
    roles = orgs.roles_of_user(read, owner.id) | {owner.name.lower(): Role.ADMIN}
    return Actor(owner.id, owner.name, roles, Access.ADMIN, is_admin=owner.is_admin)
