"""Which repositories speak of this? A search inside READMEs and the programs of Spaces, the best first."""

from __future__ import annotations

from dataclasses import dataclass

from zoco.adapters.db.engine import Database
from zoco.core.access import Actor
from zoco.core.ids import RepoId, RepoType
from zoco.hub.cards.texts import README
from zoco.hub.catalog import fulltext_store
from zoco.hub.catalog.fulltext_query import Phrase, Piece, coverage, phrases_of, snippet
from zoco.hub.catalog.fulltext_store import Text

COUNTED_MAX = 1000
"""A total of more is not counted."""

RANKED_MAX = 2000
"""Of repositories with words so common that more have them all, so many are compared and shown."""

PAGE_SIZE_MAX = 100


@dataclass(frozen=True, slots=True)
class FoundText:
    """`snippet` is the passage, in pieces that say whether they were searched for; from the file at `path`."""

    id: RepoId
    path: str
    snippet: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class FoundTexts:
    """One page. There are `total`, or more than that where `is_more`; `has_next` says whether a page follows."""

    items: tuple[FoundText, ...] = ()
    total: int = 0
    is_more: bool = False
    has_next: bool = False


def full_text(
    db: Database, actor: Actor | None, text: str, *, type: RepoType | None = None, limit: int = 20, skip: int = 0
) -> FoundTexts:
    """Only what the caller may read is found and counted. Nothing is found for a text without words."""
    phrases = phrases_of(text)
    size = max(1, min(limit, PAGE_SIZE_MAX))
    if not phrases:
        return FoundTexts()
    with db.read() as read:
        found = fulltext_store.ranked(read, phrases, type, actor, RANKED_MAX)
        found.sort()
        shown = found[skip : skip + size]
        texts = fulltext_store.texts_of(read, [one.repo_key for one in shown])
    return FoundTexts(
        tuple(_found(one, phrases) for one in texts),
        min(len(found), COUNTED_MAX),
        is_more=len(found) > COUNTED_MAX,
        has_next=len(found) > skip + size,
    )


def _found(text: Text, phrases: tuple[Phrase, ...]) -> FoundText:
    in_program = bool(text.program) and coverage(text.program, phrases) > coverage(text.prose, phrases)
    passage = text.program if in_program else text.prose
    return FoundText(text.id, text.program_path if in_program else README, snippet(passage, phrases))
