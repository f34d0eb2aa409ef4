"""What does the index know of a repository, and by which terms is it found? Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from zoco.core.ids import RepoType, name_key
from zoco.formats.cards.tags import Tag, TagKind


class Number(IntEnum):
    """What lists are sorted by, highest first; the value is the place in `Document.numbers`."""

    TRENDING = 0
    """the score, and the downloads where it is equal (`trending_number`)"""
    DOWNLOADS = 1
    LIKES = 2
    CREATED = 3
    MODIFIED = 4
    PARAMETERS = 5
    """0 where unknown"""


@dataclass(frozen=True, slots=True)
class Document:
    """`numbers` in the order of `Number`; `links` as in `Card.links`."""

    key: int
    type: RepoType
    namespace: str
    name: str
    is_public: bool
    is_gated: bool
    tags: tuple[Tag, ...]
    links: tuple[str, ...]
    numbers: tuple[int, ...]

    @property
    def full_key(self) -> str:
        return name_key(f"{self.namespace}/{self.name}")


_DOWNLOADS_BITS = 40
TRENDING_MAX = 2**22 - 1


def trending_number(score: int, downloads: int) -> int:
    """Most repositories have no score at all: among them the most downloaded come first."""
    return min(score, TRENDING_MAX) << _DOWNLOADS_BITS | min(downloads, (1 << _DOWNLOADS_BITS) - 1)


PUBLIC = "public"
GATED = "gated"
SIZED = "sized"
"""The number of parameters is known."""


def author_term(namespace: str) -> str:
    return f"author:{name_key(namespace)}"


def private_term(namespace: str) -> str:
    """Private repositories of a namespace."""
    return f"private:{name_key(namespace)}"


def link_term(kind: str, name: str) -> str:
    """Cards that name this repository as a `kind` (model, dataset, base_model)."""
    return f"uses:{kind}:{name.lower()}"


_PREFIXES = {kind: f"{kind.value}:" for kind in TagKind}


def tag_term(tag: Tag) -> str:
    return _PREFIXES[tag.kind] + tag.value.lower()


SIZE_BOUNDS: Sequence[int] = (10**8, 5 * 10**8, 10**9, 3 * 10**9, 9 * 10**9, 32 * 10**9, 70 * 10**9)
"""Numbers of parameters between the bars of the size chart."""


def size_bucket(parameters: int) -> int:
    """Bucket i holds what is more than the bound before it, and at most bound i; the last has no end."""
    return bisect_left(SIZE_BOUNDS, parameters)


def size_term(bucket: int) -> str:
    return f"parameters:{bucket}"


def terms_of(document: Document) -> set[str]:
    """Everything but words and numbers that the repository can be found by."""
    found = {tag_term(tag) for tag in document.tags}
    found.update(f"uses:{link}" for link in document.links)
    found.add(author_term(document.namespace))
    found.add(PUBLIC if document.is_public else private_term(document.namespace))
    if document.is_gated:
        found.add(GATED)
    parameters = document.numbers[Number.PARAMETERS]
    if parameters > 0:
        found.update((SIZED, size_term(size_bucket(parameters))))
    return found


_WORD = re.compile(r"[a-z0-9]+")


def words_in(text: str) -> list[str]:
    """Runs of letters and digits, in order. Names hold nothing else but `-`, `_`, `.` and one `/`."""
    return _WORD.findall(text.lower())


UNCOUNTED = frozenset({TagKind.BASE_MODEL, TagKind.DOI})
"""Nearly as many values as repositories: no list of them helps to choose."""

FACET_KINDS = tuple(kind for kind in TagKind if kind not in UNCOUNTED)


def values_by_kind(tags: Iterable[Tag]) -> dict[TagKind, dict[str, str]]:
    """Of each kind, the values by what they are compared by, in the spelling that came first."""
    found: dict[TagKind, dict[str, str]] = {}
    for kind, value in tags:
        found.setdefault(kind, {}).setdefault(value.lower(), value)
    return found
