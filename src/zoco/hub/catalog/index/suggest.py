"""Did you mean…? For words that occur in no name, the nearest ones that occur in some."""

from __future__ import annotations

from zoco.hub.catalog.index.text import Text
from zoco.hub.catalog.index.typed_index import TypedIndex

SHORT_LENGTH = 6
"""Shorter words may differ in one letter, others in two (two that changed places count as one)."""

USED_MIN = 3
"""A word that hardly any name has is rather a slip itself."""

SHORTEST = 3


def suggestion(index: TypedIndex, text: Text) -> str | None:
    """The text with its unknown words replaced; None when there is nothing near, or no word is unknown."""
    known = _frequent_words(index)
    better: dict[str, str] = {}
    for word in dict.fromkeys(text.words):
        if any(word in one for one in known):
            continue
        nearest = _nearest(word, known)
        if nearest is None:
            return None
        better[word] = nearest
    if not better:
        return None
    said = text.whole
    for word, nearest in better.items():
        said = said.replace(word, nearest)
    return said


def _frequent_words(index: TypedIndex) -> dict[str, int]:
    """Small hubs have no word three times: there one is enough."""
    least = USED_MIN if index.segment.size > 1000 else 1
    words = index.segment.words
    counted = zip(words.terms.all(), words.counts.tolist(), strict=True)
    found = {word.decode(): count for word, count in counted if count >= least}
    for word, docs in index.delta.words():
        if len(docs) >= least or word in found:
            found[word] = found.get(word, 0) + len(docs)
    return found


def _nearest(word: str, known: dict[str, int]) -> str | None:
    """Of equally near ones the most used."""
    # here, because a process that nobody asks for more than exists need not load it
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    if len(word) < SHORTEST or word.isdigit():
        return None
    limit = 1 if len(word) < SHORT_LENGTH else 2
    near = [one for one in known if abs(len(one) - len(word)) <= limit]
    found = process.extract(word, near, scorer=OSA.distance, score_cutoff=limit, limit=20)
    return min(found, key=lambda one: (one[1], -known[one[0]], one[0]))[0] if found else None
