"""One-time links: for the first administrator, and for whoever lost a password."""

from __future__ import annotations

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.core.access import Actor
from zoco.core.errors import Conflict, NotFound
from zoco.hub.accounts import audit
from zoco.hub.accounts.passwords import hash_password
from zoco.hub.accounts.secrets import digest, fresh_key
from zoco.hub.accounts.store import sessions as store
from zoco.hub.accounts.store import users
from zoco.hub.accounts.store.users import UserInfo
from zoco.hub.accounts.users import add_user, checked_new_user, get_user, set_password_hash

DAY_MS = 86_400_000
SETUP_PATH = "/setup/"
PASSWORD_PATH = "/login/password/"  # noqa: S105 - a path
_OVER = "This link was used already, or is too old. Ask for a new one."


def make_setup_link(db: Database) -> str | None:
    """Path of the link, good for a day; an earlier one stops working. None once there is an administrator."""
    with db.read() as read:
        if users.count_admins(read):
            return None
    key = fresh_key()
    with db.write() as write:
        store.add_link(write, digest(key), "setup", None, now_ms() + DAY_MS)
    return SETUP_PATH + key


def is_setup_link(db: Database, key: str) -> bool:
    with db.read() as read:
        return store.find_link(read, digest(key), "setup") is not None and not users.count_admins(read)


def use_setup_link(
    db: Database, key: str, name: str, *, full_name: str = "", email: str | None = None, password: str
) -> UserInfo:
    """The first administrator. Raises NotFound (the link), Invalid, AlreadyExists; the link is still good then."""
    if not is_setup_link(db, key):  # before the costly hash
        raise NotFound(_OVER)
    new = checked_new_user(name, full_name=full_name, email=email, password=password)
    with db.write() as write:
        if store.use_link(write, digest(key), "setup") is None or users.count_admins(write):
            raise NotFound(_OVER)
        return add_user(write, new, is_admin=True, actor=name)


def make_password_link(db: Database, actor: Actor | None, name: str) -> str:
    """Path of a link, good for a day, by which `name` chooses a new password. Raises NotFound, Conflict (closed)."""
    user = get_user(db, name)
    if user.disabled_at_ms is not None:
        raise Conflict(f"The account of {user.name} is closed: open it first.")
    key = fresh_key()
    with db.write() as write:
        store.add_link(write, digest(key), "password", user.id, now_ms() + DAY_MS)
        audit.record(write, actor, "user.password_link", user.name)
    return PASSWORD_PATH + key


def user_of_password_link(db: Database, key: str) -> UserInfo | None:
    with db.read() as read:
        link = store.find_link(read, digest(key), "password")
        user = users.by_id(read, link.user_id) if link and link.user_id else None
    return user if user and user.disabled_at_ms is None else None


def use_password_link(db: Database, key: str, password: str) -> UserInfo:
    """Every browser is signed out. Raises NotFound (the link), Invalid; the link is still good after Invalid."""
    user = user_of_password_link(db, key)
    if user is None:
        raise NotFound(_OVER)
    hashed = hash_password(password, user.name)
    with db.write() as write:
        if store.use_link(write, digest(key), "password") is None:
            raise NotFound(_OVER)
        set_password_hash(write, user, hashed)
    return user
