"""Time and chance: the two inputs that come from nowhere."""

from __future__ import annotations

import secrets
import time
import uuid


def now_ms() -> int:
    """UTC milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def fresh_public_id() -> str:
    """24 hex digits, as the Hub's `_id`."""
    return secrets.token_hex(12)


def fresh_uuid() -> str:
    """Name of a stored object: never derived from its content, so that garbage collection cannot hit a revived one."""
    return uuid.uuid4().hex
