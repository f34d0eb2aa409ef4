"""Values that open doors: made here, and stored only as their SHA-256 (random, so a slow hash gains nothing)."""

from __future__ import annotations

import hashlib
import re
import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
TOKEN_LENGTH = 34
_IMPORTED = re.compile(r"hf_[A-Za-z0-9_-]{16,200}")


def fresh_token(prefix: str = "hf_") -> str:
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(TOKEN_LENGTH))


def fresh_key() -> str:
    """256 bits, url-safe."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def hint_of(token: str) -> str:
    return f"{token[:5]}…{token[-4:]}"


def problem_with_token_value(value: str) -> str | None:
    """Why a token of another Hub cannot be taken over, or None."""
    if not _IMPORTED.fullmatch(value):
        return "A token's value is `hf_` and then 16 to 200 letters, digits, '-' or '_'."
    return None
