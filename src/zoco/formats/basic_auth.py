"""HTTP Basic credentials (RFC 7617)."""

from __future__ import annotations

import base64
import binascii

from zoco.core.errors import InvalidCredentials


def parse_basic(value: str) -> tuple[str, str]:
    """(name, password) of what follows `Basic `. Raises InvalidCredentials."""
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidCredentials from error
    name, colon, password = text.partition(":")
    if not colon:
        raise InvalidCredentials
    return name, password
