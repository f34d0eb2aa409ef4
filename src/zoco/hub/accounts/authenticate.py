"""Who is it? From a token, a name and password, or a browser's session to an Actor."""

from __future__ import annotations

from dataclasses import dataclass

from zoco.adapters.db.engine import Database, Read
from zoco.core.access import Access, Actor, Role, TokenRole
from zoco.core.errors import Denied, Invalid, InvalidCredentials
from zoco.core.ids import name_key
from zoco.hub.accounts import grants
from zoco.hub.accounts.last_use import session_seen, token_used
from zoco.hub.accounts.limits import RateLimiter
from zoco.hub.accounts.secrets import digest
from zoco.hub.accounts.store import orgs, sessions, tokens, users
from zoco.hub.accounts.store.sessions import Holder, SessionInfo
from zoco.hub.accounts.store.tokens import TokenInfo
from zoco.hub.accounts.users import check_password

SECRET_LENGTH_MAX = 512

_LIMIT = {TokenRole.READ: Access.READ, TokenRole.WRITE: Access.ADMIN, TokenRole.FINE_GRAINED: Access.ADMIN}


@dataclass(frozen=True, slots=True)
class SignedIn:
    actor: Actor
    session: SessionInfo


def actor_from_token(db: Database, secret: str) -> Actor:
    """Two indexed reads; a fine-grained token takes up to two more. Raises InvalidCredentials."""
    if not secret or len(secret) > SECRET_LENGTH_MAX:
        raise InvalidCredentials
    with db.read() as read:
        found = tokens.find(read, digest(secret))
        if found is None:
            raise InvalidCredentials
        actor = _by_token(read, *found)
    token_used(db, found[0].id)
    return actor


def actor_from_basic(db: Database, limiter: RateLimiter, name: str, password: str, address: str) -> Actor:
    """As git sends them: the password may be a token (whatever the name says), or the account's password.

    Raises InvalidCredentials, RateLimited.
    """
    if password.startswith("hf_"):
        return actor_from_token(db, password)
    try:
        user = check_password(db, limiter, name, password, address)
    except (Invalid, Denied) as error:
        raise InvalidCredentials from error
    with db.read() as read:
        return _of_holder(read, Holder(user.id, user.name, name_key(user.name), user.is_admin))


def actor_from_session(db: Database, cookie: str) -> SignedIn | None:
    """None when the session is over, or never was."""
    if not cookie or len(cookie) > SECRET_LENGTH_MAX:
        return None
    with db.read() as read:
        found = sessions.find(read, digest(cookie))
        if found is None:
            return None
        session, holder = found
        actor = _of_holder(read, holder)
    session_seen(db, session.id)
    return SignedIn(actor, session)


def actor_of_user(db: Database, user_id: int, name: str, *, is_admin: bool = False) -> Actor:
    """The user as if signed in: for commands and jobs that act for somebody."""
    with db.read() as read:
        return _of_holder(read, Holder(user_id, name, name_key(name), is_admin))


def actor_again(db: Database, user_id: int, token_id: int | None) -> Actor:
    """Whoever came in before with these credentials, as they are now: a token since deleted opens nothing.

    Raises InvalidCredentials.
    """
    with db.read() as read:
        if token_id is None:
            user = users.by_id(read, user_id)
            if user is None or user.disabled_at_ms is not None:
                raise InvalidCredentials
            return _of_holder(read, Holder(user.id, user.name, name_key(user.name), user.is_admin))
        found = tokens.find_by_id(read, token_id)
        if found is None or found[0].user_id != user_id:
            raise InvalidCredentials
        return _by_token(read, *found)


def _of_holder(read: Read, holder: Holder) -> Actor:
    return Actor(holder.user_id, holder.name, _roles(read, holder), is_admin=holder.is_admin)


def _by_token(read: Read, token: TokenInfo, holder: Holder) -> Actor:
    granted = grants.load(read, token.grants or {}) if token.role is TokenRole.FINE_GRAINED else None
    return Actor(
        holder.user_id,
        holder.name,
        _roles(read, holder),
        limit=_LIMIT[token.role],
        grants=granted,
        is_admin=holder.is_admin and token.role is TokenRole.WRITE,
        token_id=token.id,
    )


def _roles(read: Read, holder: Holder) -> dict[str, Role]:
    return orgs.roles_of_user(read, holder.user_id) | {holder.name_key: Role.ADMIN}
