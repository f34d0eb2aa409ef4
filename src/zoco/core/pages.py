"""A page of a longer list, and the opaque cursor that leads to the next."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Generic, TypeVar

from zoco.core.errors import Invalid
from zoco.core.text import is_storable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`next_cursor` is opaque to callers, None on the last page; `total` where counting was asked for or is free."""

    items: tuple[T, ...]
    next_cursor: str | None = None
    total: int | None = None


def cursor_after(*values: int | str) -> str:
    """Where the last item of a page stands in the list's order."""
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def values_of_cursor(cursor: str, kinds: tuple[type, ...]) -> tuple[int | str, ...]:
    """What `cursor_after` was given. Raises Invalid for what it did not make."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise Invalid("cursor is not one of ours: take it from the Link header of the page before") from error
    good = isinstance(values, list) and len(values) == len(kinds)
    if not good or not all(type(value) is kind for value, kind in zip(values, kinds, strict=True)):
        raise Invalid("cursor is not one of ours: take it from the Link header of the page before")
    if any(abs(value) > 2**62 if isinstance(value, int) else not is_storable(value) for value in values):
        raise Invalid("cursor is not one of ours: take it from the Link header of the page before")
    return tuple(values)
