"""What does garbage collection take away, and why? One word for all rooms that have something to give back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """In the order in which one leads to the next."""

    GIT_OBJECTS = "git objects"
    LINK = "link"
    LFS_OBJECT = "lfs object"
    XET_FILE = "xet file"
    DEAD_XORB = "dead xorb"
    XORB = "xorb"
    UPLOAD = "unfinished upload"
    STRAY = "stray"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Gone:
    """`what` names it: a hash, a key, a repository. `size` in bytes: of a link what it counted for, of bytes what the
    store got back."""

    kind: Kind
    what: str
    size: int
    why: str
    count: int = 1


Offer = tuple[Gone, Callable[[], bool]]
"""What can go, and how it goes: False when it turned out to be needed, or somebody else was faster."""
