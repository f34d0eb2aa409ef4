"""What a Git LFS client asks about file locks (git-lfs docs/api/locking.md). Pure: body or query in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zoco.core.errors import Invalid, Unprocessable
from zoco.core.text import is_storable
from zoco.formats.lfs.batch import parse_json_object

PATH_LENGTH_MAX = 4096
REF_LENGTH_MAX = 1024
PAGE_SIZE = 100
PAGE_SIZE_MAX = 1000


@dataclass(frozen=True, slots=True)
class LockRequest:
    path: str
    ref: str | None


@dataclass(frozen=True, slots=True)
class LocksQuery:
    """`after` is the id of the last lock of the page before."""

    path: str | None = None
    id: int | None = None
    after: int = 0
    limit: int = PAGE_SIZE


def parse_lock_request(body: bytes) -> LockRequest:
    """Raises Invalid, or Unprocessable for what is no file's path."""
    asked = parse_json_object(body)
    path = asked.get("path")
    if not isinstance(path, str) or not _is_path(path):
        raise Unprocessable("'path' must be a file's path from the root of the repository, like 'models/a.bin'")
    return LockRequest(path, _ref(asked))


def parse_unlock_request(body: bytes) -> bool:
    """Whether somebody else's lock is meant too (`force`)."""
    force = parse_json_object(body or b"{}").get("force")
    if force is not None and not isinstance(force, bool):
        raise Unprocessable("'force' must be true or false")
    return bool(force)


def parse_verify_request(body: bytes) -> LocksQuery:
    asked = parse_json_object(body or b"{}")
    return LocksQuery(after=_cursor(asked.get("cursor")), limit=_limit(asked.get("limit")))


def parse_locks_query(query: Mapping[str, str]) -> LocksQuery | None:
    """None: nothing can match. A `refspec` is taken and narrows nothing: a lock holds in the whole repository, and who
    is on another branch must see it (docs/api/locking.md asks for that)."""
    wanted = query.get("id")
    if wanted and not _is_number(wanted):
        return None
    return LocksQuery(
        query.get("path") or None,
        int(wanted) if wanted else None,
        _cursor(query.get("cursor")),
        _limit(query.get("limit")),
    )


def _is_path(path: str) -> bool:
    parts = path.split("/")
    return len(path) <= PATH_LENGTH_MAX and is_storable(path) and not {"", ".", ".."}.intersection(parts)


def _ref(asked: Mapping[str, object]) -> str | None:
    ref = asked.get("ref")
    name = ref.get("name") if isinstance(ref, dict) else None
    return name if isinstance(name, str) and len(name) <= REF_LENGTH_MAX and is_storable(name) and name else None


def _cursor(value: object) -> int:
    if value is None or value == "":
        return 0
    if isinstance(value, str) and _is_number(value):
        return int(value)
    raise Invalid("'cursor' is not one of ours: take it from 'next_cursor' of the page before")


def _limit(value: object) -> int:
    """git-lfs asks for none, or for 0, when it wants all."""
    if value is None or value in ("", 0, "0"):
        return PAGE_SIZE
    if isinstance(value, str) and _is_number(value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return min(value, PAGE_SIZE_MAX)
    raise Invalid("'limit' must be a positive whole number")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
