"""Small factories for the tests of accounts."""

from __future__ import annotations

from sqlalchemy import insert

from zoco.adapters.clock import fresh_public_id
from zoco.adapters.db.engine import Database
from zoco.adapters.db.tables import repo
from zoco.core.access import Actor, TokenRole, Visibility
from zoco.hub.accounts.authenticate import actor_of_user
from zoco.hub.accounts.tokens import create_token
from zoco.hub.accounts.users import UserInfo, create_user

PASSWORD = "correct horse"


def user(db: Database, name: str = "ana", *, is_admin: bool = False) -> UserInfo:
    return create_user(db, name, password=PASSWORD, is_admin=is_admin)


def signed_in(db: Database, name: str = "ana", *, is_admin: bool = False) -> Actor:
    """A new account, as its owner signed in."""
    made = user(db, name, is_admin=is_admin)
    return actor_of_user(db, made.id, made.name, is_admin=is_admin)


def again(db: Database, actor: Actor) -> Actor:
    """With the roles they have by now."""
    return actor_of_user(db, actor.user_id, actor.name, is_admin=actor.is_admin)


def token(db: Database, user_id: int, role: TokenRole = TokenRole.WRITE) -> str:
    return create_token(db, user_id, "t", role)[1]


def repository(
    db: Database,
    namespace_id: int,
    name: str,
    *,
    type: str = "model",
    visibility: Visibility = Visibility.PUBLIC,
) -> tuple[int, str]:
    """A bare row: (key, public id)."""
    public_id = fresh_public_id()
    with db.write() as write:
        row = write.execute(
            insert(repo).values(
                public_id=public_id,
                type=type,
                namespace_id=namespace_id,
                name=name,
                name_key=name.lower(),
                visibility=visibility.value,
                created_at=1,
                updated_at=1,
            )
        )
    assert row.inserted_primary_key
    return int(row.inserted_primary_key[0]), public_id
