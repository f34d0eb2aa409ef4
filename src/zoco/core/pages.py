"""A page of a longer list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`next_cursor` is opaque to callers, None on the last page; `total` where counting was asked for or is free."""

    items: tuple[T, ...]
    next_cursor: str | None = None
    total: int | None = None
