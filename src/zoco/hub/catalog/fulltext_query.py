"""What does somebody search for in the texts of cards? Words that must all occur, and where they are in a text. Pure.

What is quoted must stand together; so must what is written together (`bert-base`). The last word may be only begun.
Nothing typed is a fault, and nothing of it reaches a database as its own syntax: only letters and digits do.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from zoco.formats.cards.words import GAP, Word, apart, words_of

LENGTH_MAX = 500
WORDS_MAX = 20
PREFIX_MIN = 2
"""Letters: one alone begins too many words."""

SNIPPET_LENGTH = 240
BEFORE = 60
"""Characters of a snippet before what was found."""

HITS_MAX = 300
PLENTY = 30
"""Hits: more are looked for only while some phrase has none."""

ELLIPSIS = "…"

_TYPED = re.compile(r'"([^"]*)"?|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand together; the last is only begun where `is_prefix`. As typed, and as they are compared."""

    typed: tuple[str, ...]
    folded: tuple[str, ...]
    is_prefix: bool = False


class Piece(NamedTuple):
    text: str
    is_match: bool


def phrases_of(text: str) -> tuple[Phrase, ...]:
    """Empty for a text without words."""
    text = apart(unicodedata.normalize("NFKC", text[:LENGTH_MAX]))
    phrases: list[Phrase] = []
    left, is_quoted = WORDS_MAX, False
    for found in _TYPED.finditer(text):
        part, is_quoted = (found[2], False) if found[1] is None else (found[1], True)
        words = list(words_of(part))[:left]
        if words:
            typed = tuple(part[word.start : word.end] for word in words)
            phrases.append(Phrase(typed, tuple(word.folded for word in words)))
            left -= len(words)
    if phrases and not is_quoted and len(phrases[-1].folded[-1]) >= PREFIX_MIN:
        phrases[-1] = Phrase(phrases[-1].typed, phrases[-1].folded, is_prefix=True)
    return tuple(phrases)


class _Hit(NamedTuple):
    start: int
    end: int
    phrase: int


def coverage(text: str, phrases: Sequence[Phrase]) -> int:
    """How many of the phrases occur."""
    return len({hit.phrase for hit in _hits(text, phrases)})


def snippet(text: str, phrases: Sequence[Phrase]) -> tuple[Piece, ...]:
    """The passage that shows most of what was searched, the first of equals; the beginning where nothing is found."""
    hits = _hits(text, phrases)
    start = max(0, _best(hits) - BEFORE)
    if start:
        start = text.find(" ", start, start + BEFORE) + 1 or start
    end = start + SNIPPET_LENGTH
    if end < len(text):
        cut = text.rfind(" ", start, end)
        end = cut if cut > start + SNIPPET_LENGTH // 2 else end
    pieces = _pieces(text, start, min(end, len(text)), hits)
    before, after = ELLIPSIS if start else "", ELLIPSIS if end < len(text) else ""
    return _joined([Piece(before, False), *pieces, Piece(after, False)])


def _hits(text: str, phrases: Sequence[Phrase]) -> list[_Hit]:
    """The first of them, in order."""
    hits: list[_Hit] = []
    missing = set(range(len(phrases)))
    longest = max((len(phrase.folded) for phrase in phrases), default=0)
    ends = {phrase.folded[-1] for phrase in phrases if not phrase.is_prefix}
    beginnings = tuple(phrase.folded[-1] for phrase in phrases if phrase.is_prefix)
    last: list[Word] = []
    for word in words_of(text):
        last = [*last[-(longest - 1) :], word] if longest > 1 else [word]
        if word.folded not in ends and not word.folded.startswith(beginnings):
            continue
        for number, phrase in enumerate(phrases):
            if _ends_with(last, phrase):
                hits.append(_Hit(last[-len(phrase.folded)].start, word.end, number))
                missing.discard(number)
        if len(hits) >= (HITS_MAX if missing else PLENTY):
            break
    return sorted(hits)


def _ends_with(words: Sequence[Word], phrase: Phrase) -> bool:
    wanted = phrase.folded
    last = words[-1].folded
    if not (last.startswith(wanted[-1]) if phrase.is_prefix else last == wanted[-1]) or len(words) < len(wanted):
        return False
    return all(word.folded == one for word, one in zip(words[-len(wanted) :], wanted[:-1], strict=False))


def _best(hits: Sequence[_Hit]) -> int:
    """Where the passage begins that has most different phrases."""
    starts = [hit.start for hit in hits]
    best, most = 0, 0
    for number, hit in enumerate(hits):
        inside = hits[number : bisect_right(starts, hit.start + SNIPPET_LENGTH - BEFORE)]
        different = len({one.phrase for one in inside})
        if different > most:
            best, most = hit.start, different
    return best


def _pieces(text: str, start: int, end: int, hits: Sequence[_Hit]) -> list[Piece]:
    pieces: list[Piece] = []
    at = start
    for hit in hits:
        if hit.end > end or hit.start < start or hit.end <= at:
            continue
        pieces += [Piece(text[at : max(at, hit.start)], False), Piece(text[max(at, hit.start) : hit.end], True)]
        at = hit.end
    return [*pieces, Piece(text[at:end], False)]


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Without gaps and empty pieces; neighbours of one kind are one."""
    joined: list[Piece] = []
    for piece in pieces:
        text = piece.text.replace(GAP, "")
        if joined and joined[-1].is_match == piece.is_match:
            joined[-1] = Piece(joined[-1].text + text, piece.is_match)
        elif text:
            joined.append(Piece(text, piece.is_match))
    return tuple(joined)
