"""Is this the password? argon2id as OWASP advises (Password Storage Cheat Sheet: 19 MiB, two passes, one lane)."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from zoco.core.errors import Invalid

LENGTH_MIN = 8
LENGTH_MAX = 1024  # bounds the work of hashing what a stranger sends

OWASP = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
hasher = OWASP


def problem_with_password(password: str, name: str) -> str | None:
    """Why this may not be the password of `name`, or None."""
    if len(password) < LENGTH_MIN:
        return f"A password has at least {LENGTH_MIN} characters."
    if len(password) > LENGTH_MAX:
        return f"A password has at most {LENGTH_MAX} characters."
    if not can_be_encoded(password):
        return "The password holds characters that are no characters."
    if password.lower() == name.lower():
        return "The password must not be the user's name."
    return None


def hash_password(password: str, name: str) -> str:
    """Takes tens of milliseconds by design: never inside a transaction. Raises Invalid."""
    if problem := problem_with_password(password, name):
        raise Invalid(problem)
    return hasher.hash(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Takes as long without a hash as with one, so that timing does not tell which accounts exist."""
    if len(password) > LENGTH_MAX or not can_be_encoded(password):
        return False
    try:
        return hasher.verify(hashed or _nobodys(hasher), password) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(hashed: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return hasher.check_needs_rehash(hashed)


def rehash(password: str) -> str:
    """With today's parameters, of a password that was right a moment ago."""
    return hasher.hash(password)


def can_be_encoded(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


@cache
def _nobodys(of: PasswordHasher) -> str:
    return of.hash("the password of nobody")
