"""Accounts of people: create, find, change, close; and whether a password is theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database, Write
from zoco.core.access import Actor
from zoco.core.errors import AlreadyExists, Conflict, Denied, Invalid, NotFound
from zoco.core.ids import name_key, problem_with_namespace
from zoco.hub.accounts import audit
from zoco.hub.accounts.limits import RateLimiter
from zoco.hub.accounts.passwords import hash_password, is_outdated, is_password, rehash
from zoco.hub.accounts.store import names, orgs, sessions, tokens
from zoco.hub.accounts.store import users as store
from zoco.hub.accounts.store.users import UserInfo

__all__ = [
    "UserInfo",
    "change_password",
    "check_password",
    "create_user",
    "delete_user",
    "disable_user",
    "enable_user",
    "find_user",
    "get_user",
    "get_user_by_id",
    "list_users",
    "set_admin",
    "update_profile",
]

FULL_NAME_LENGTH_MAX = 200
BIO_LENGTH_MAX = 2000
EMAIL_LENGTH_MAX = 320
_EMAIL = re.compile("[^@\\s\x00-\x1f\x7f\ud800-\udfff]+@[^@\\s\x00-\x1f\x7f\ud800-\udfff]+")
# control characters, and halves of surrogate pairs (JSON can carry them, databases cannot)
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_CONTROL_BUT_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
WRONG = "Wrong name or password."


def create_user(
    db: Database,
    name: str,
    *,
    full_name: str = "",
    email: str | None = None,
    password: str | None = None,
    is_admin: bool = False,
    actor: Actor | str | None = None,
) -> UserInfo:
    """Without a password nobody signs in by one: tokens and password links still work.

    Raises Invalid (name, address, password) and AlreadyExists.
    """
    new = checked_new_user(name, full_name=full_name, email=email, password=password)
    with db.write() as write:
        return add_user(write, new, is_admin=is_admin, actor=actor)


@dataclass(frozen=True, slots=True)
class NewUser:
    """Checked, and hashed: that took tens of milliseconds and must not happen inside a transaction."""

    name: str
    full_name: str
    email: str | None
    password_hash: str | None


def checked_new_user(name: str, *, full_name: str = "", email: str | None = None, password: str | None) -> NewUser:
    """Raises Invalid."""
    if problem := problem_with_namespace(name):
        raise Invalid(f"This cannot be a user's name: {problem}.")
    hashed = hash_password(password, name) if password is not None else None
    return NewUser(name, checked_full_name(full_name), checked_email(email), hashed)


def add_user(write: Write, new: NewUser, *, is_admin: bool, actor: Actor | str | None) -> UserInfo:
    """Raises AlreadyExists."""
    user_id = names.add(write, new.name, names.Kind.USER)
    if new.email and store.by_email(write, new.email):
        raise _email_taken(new.email)
    try:
        store.add(
            write,
            user_id,
            full_name=new.full_name,
            email=new.email,
            password_hash=new.password_hash,
            is_admin=is_admin,
        )
    except IntegrityError as error:  # somebody was faster, on PostgreSQL
        raise _email_taken(new.email or "") from error
    audit.record(write, actor, "user.create", new.name, details={"admin": True} if is_admin else None)
    info = store.by_id(write, user_id)
    assert info, "just written"
    return info


def get_user(db: Database, name: str) -> UserInfo:
    """Raises NotFound."""
    found = find_user(db, name)
    if found is None:
        raise _no_such_user(name)
    return found


def find_user(db: Database, name: str) -> UserInfo | None:
    with db.read() as read:
        return store.by_name(read, name)


def get_user_by_id(db: Database, id: int) -> UserInfo:
    """Raises NotFound."""
    with db.read() as read:
        found = store.by_id(read, id)
    if found is None:
        raise NotFound("This user does not exist.")
    return found


def list_users(db: Database) -> list[UserInfo]:
    with db.read() as read:
        return store.every(read)


def update_profile(
    db: Database,
    user_id: int,
    *,
    full_name: str | None = None,
    email: str | None = None,
    bio: str | None = None,
    language: str | None = None,
    theme: str | None = None,
) -> UserInfo:
    """None leaves a field as it is; an empty `email`, `language` or `theme` clears it.

    Raises Invalid, AlreadyExists.
    """
    values: dict[str, object] = {}
    if full_name is not None:
        values["full_name"] = checked_full_name(full_name)
    if email is not None:
        address = checked_email(email)
        values |= {"email": address, "email_key": address.lower() if address else None}
    if bio is not None:
        values["bio"] = checked_text(bio, "The description", BIO_LENGTH_MAX)
    if language is not None:
        values["language"] = _checked_word(language, "language")
    if theme is not None:
        values["theme"] = _checked_word(theme, "theme")
    with db.write() as write:
        found = _needed(store.by_id(write, user_id))
        if values:
            try:
                store.change(write, user_id, values)
            except IntegrityError as error:
                raise _email_taken(email or "") from error
            if values.get("email", found.email) != found.email:
                audit.record(write, found.name, "user.email", found.name)
        return _needed(store.by_id(write, user_id))


def change_password(db: Database, user_id: int, old: str | None, new: str, *, keep_session: int | None = None) -> None:
    """Signs out every other browser. `old` is None where a one-time link stands for it. Raises Invalid."""
    found = get_user_by_id(db, user_id)
    with db.read() as read:
        hashed = store.password_hash(read, user_id)
    if old is not None and not is_password(old, hashed):
        raise Invalid("The old password is wrong.")
    new_hash = hash_password(new, found.name)
    with db.write() as write:
        set_password_hash(write, found, new_hash, keep_session=keep_session)


def set_password_hash(write: Write, of: UserInfo, hashed: str, *, keep_session: int | None = None) -> None:
    store.change(write, of.id, {"password_hash": hashed})
    sessions.end_all(write, of.id, besides=keep_session)
    audit.record(write, of.name, "user.password", of.name)


def check_password(db: Database, limiter: RateLimiter, name_or_email: str, password: str, address: str) -> UserInfo:
    """The account these belong to.

    Only wrong passwords count against the limits (buckets `sign_in` for account and address, `sign_in_address` for an
    address that tries many accounts). Raises Invalid with one text for every cause, RateLimited, and Denied for a
    closed account (only to whoever knows its password).
    """
    account = f"{name_key(name_or_email)[:EMAIL_LENGTH_MAX]} {address}"
    limiter.peek("sign_in", account)
    limiter.peek("sign_in_address", address)
    with db.read() as read:
        found = store.by_email(read, name_or_email) if "@" in name_or_email else store.by_name(read, name_or_email)
        hashed = store.password_hash(read, found.id) if found else None
    if not is_password(password, hashed) or found is None or hashed is None:
        limiter.check("sign_in", account)
        limiter.check("sign_in_address", address)
        # for unknown accounts too, or the time of the write would tell which exist; what was typed may be a password
        who = found.name if found else "?"
        with db.write() as write:
            audit.record(write, who, "sign_in.wrong", who, address)
        raise Invalid(WRONG)
    if found.disabled_at_ms is not None:
        raise Denied("This account is closed. Ask an administrator of this Hub to open it.")
    if is_outdated(hashed):
        better = rehash(password)
        with db.write() as write:
            store.change(write, found.id, {"password_hash": better})
    return found


def set_admin(db: Database, actor: Actor | None, name: str, is_admin: bool) -> None:
    """Raises NotFound, and Conflict for the last administrator."""
    with db.write() as write:
        found = _existing(write, name)
        if not is_admin:
            _keep_an_admin(write, found)
        store.change(write, found.id, {"is_admin": is_admin})
        audit.record(write, actor, "user.admin", found.name, details={"admin": is_admin})


def disable_user(db: Database, actor: Actor | None, name: str) -> None:
    """Sessions end, tokens stop working; what they own stays. Raises NotFound, Conflict for the last administrator."""
    with db.write() as write:
        found = _existing(write, name)
        _keep_an_admin(write, found)
        store.change(write, found.id, {"disabled_at": now_ms()})
        sessions.end_all(write, found.id)
        audit.record(write, actor, "user.disable", found.name)


def enable_user(db: Database, actor: Actor | None, name: str) -> None:
    with db.write() as write:
        found = _existing(write, name)
        store.change(write, found.id, {"disabled_at": None})
        audit.record(write, actor, "user.enable", found.name)


def delete_user(db: Database, actor: Actor | None, name: str) -> None:
    """Only an account that owns nothing: repositories and organisations are never deleted by the way.

    Raises NotFound, Conflict naming what is still owned.
    """
    with db.write() as write:
        found = _existing(write, name)
        _keep_an_admin(write, found)
        if repos := names.count_repos(write, found.id):
            raise Conflict(f"{found.name} still owns {repos} repositories: delete or move them first.")
        for org, role in orgs.of_user(write, found.id):
            orgs.lock(write, org.id)
            if role == "admin" and not orgs.count_admins(write, org.id, besides=found.id):
                raise Conflict(f"{found.name} is the last administrator of {org.name}: name another one first.")
        tokens.delete_all(write, found.id)
        store.take_back_likes(write, found.id)
        names.remove(write, found.id)
        audit.record(write, actor, "user.delete", found.name)


def checked_full_name(text: str) -> str:
    """Raises Invalid."""
    text = text.strip()
    if len(text) > FULL_NAME_LENGTH_MAX:
        raise Invalid(f"A full name has at most {FULL_NAME_LENGTH_MAX} characters.")
    if _CONTROL.search(text):
        raise Invalid("A full name must not hold control characters.")
    return text


def checked_text(text: str, what: str, length_max: int) -> str:
    """Raises Invalid."""
    text = text.replace("\r\n", "\n").strip()
    if len(text) > length_max:
        raise Invalid(f"{what} has at most {length_max} characters.")
    if _CONTROL_BUT_LINES.search(text):
        raise Invalid(f"{what} must not hold control characters.")
    return text


def checked_email(text: str | None) -> str | None:
    """Raises Invalid. Empty means none."""
    text = (text or "").strip()
    if not text:
        return None
    if len(text) > EMAIL_LENGTH_MAX or not _EMAIL.fullmatch(text):
        raise Invalid(f"'{text[:EMAIL_LENGTH_MAX]}' is not an e-mail address.")
    return text


def _checked_word(text: str, what: str) -> str | None:
    if not text:
        return None
    if len(text) > 8 or not re.fullmatch(r"[A-Za-z-]+", text):
        raise Invalid(f"This is not a {what}.")
    return text


def _keep_an_admin(write: Write, of: UserInfo) -> None:
    if of.is_admin and of.disabled_at_ms is None and not store.count_admins(write, besides=of.id):
        raise Conflict(f"{of.name} is the last administrator of this Hub: name another one first.")


def _existing(write: Write, name: str) -> UserInfo:
    found = store.by_name(write, name)
    if found is None:
        raise _no_such_user(name)
    return found


def _needed(found: UserInfo | None) -> UserInfo:
    if found is None:
        raise NotFound("This user does not exist.")
    return found


def _no_such_user(name: str) -> NotFound:
    return NotFound(f"There is no user called '{name}'.")


def _email_taken(address: str) -> AlreadyExists:
    return AlreadyExists(f"'{address}' belongs to another account. Sign in to that one, or give another address.")
