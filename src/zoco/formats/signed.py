"""Addresses that carry their own permission: a few facts, when they expire, and an HMAC over both. Pure.

A token is `<expiry>.<facts>.<mac>`: the expiry in unix seconds, the facts as base64url of compact JSON, the MAC as
base64url of HMAC-SHA-256 over purpose, expiry and facts. The purpose keeps a token for one thing from passing for
another; it is not sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping

from zoco.core.errors import NotAuthenticated

Fact = str | int | None

_LENGTH_MAX = 4096


def sign(key: bytes, purpose: str, facts: Mapping[str, Fact], expires_at_s: int) -> str:
    """The token; it needs no escaping in a URL."""
    payload = _encoded(json.dumps(dict(facts), separators=(",", ":")).encode())
    return f"{expires_at_s}.{payload}.{_mac(key, purpose, expires_at_s, payload)}"


def read_signed(key: bytes, purpose: str, token: str, now_s: int) -> dict[str, Fact]:
    """The facts. Raises NotAuthenticated when the token was changed, is for something else, or has expired."""
    expiry, _, rest = token[:_LENGTH_MAX].partition(".")
    payload, _, mac = rest.partition(".")
    if not (expiry.isascii() and expiry.isdigit() and len(expiry) < 16 and payload and mac.isascii()):
        raise NotAuthenticated("The signature of this address is not valid: ask the server for a new address.")
    if not hmac.compare_digest(mac, _mac(key, purpose, int(expiry), payload)):
        raise NotAuthenticated("The signature of this address is not valid: ask the server for a new address.")
    if int(expiry) < now_s:
        raise NotAuthenticated("This address has expired: ask the server for a new one.")
    facts: dict[str, Fact] = json.loads(_decoded(payload))  # signed by us, so its shape is ours
    return facts


def _mac(key: bytes, purpose: str, expires_at_s: int, payload: str) -> str:
    message = f"{purpose}\n{expires_at_s}\n{payload}".encode("utf-8", "surrogatepass")
    return _encoded(hmac.new(key, message, hashlib.sha256).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise AssertionError("a signed payload is base64") from error
