"""Which names does a searched text mean, and which of them best?

A text is found where it is a part of owner/name, in any case: `bert` finds `roberta`. Several words must all be found.
How well a name fits is a tier (`Tier`), and a page is filled tier by tier. The rule is `tier_of`; the rest finds the
same documents without looking at each name.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from pyroaring import BitMap

from zoco.hub.catalog.index.dictionary import Dictionary
from zoco.hub.catalog.index.document import words_in
from zoco.hub.catalog.index.postings import bitmap_of, intersection
from zoco.hub.catalog.index.typed_index import Selection, TypedIndex

WORDS_MAX = 20
LOOKED_AT_MAX = 20_000
"""Names that are looked at one by one; for more, the text is sought through all names at once."""

KEPT_MAX = 64
KEPT_DOCS_MAX = 2_000_000
"""Of searched words, how many sets a process keeps, and how large they may be in all."""


class Tier(IntEnum):
    """The smaller the better."""

    SAME = 1
    """owner/name, or the name, is the text"""
    BEGINS = 2
    """one of them begins with it"""
    WORDS = 3
    """every word is a word of the name"""
    PREFIXES = 4
    """every word begins a word of the name"""
    INSIDE = 5


@dataclass(frozen=True, slots=True)
class Text:
    """What was searched for. `parts` are separated by spaces; each must occur in the name."""

    parts: tuple[str, ...]

    @property
    def whole(self) -> str:
        return " ".join(self.parts)

    @property
    def words(self) -> list[str]:
        return [word for part in self.parts for word in words_in(part)]


def text_of(searched: Sequence[str]) -> Text | None:
    """None where nothing was searched for."""
    parts = tuple(part for one in searched for part in one.lower().split())[:WORDS_MAX]
    return Text(parts) if parts else None


def tier_of(full_key: str, text: Text) -> Tier | None:
    """`full_key` is owner/name in lower case. None where it does not fit."""
    if not all(part in full_key for part in text.parts):
        return None
    repo_name = full_key.partition("/")[2]
    if text.whole in (full_key, repo_name):
        return Tier.SAME
    if full_key.startswith(text.whole) or repo_name.startswith(text.whole):
        return Tier.BEGINS
    there, wanted = words_in(full_key), text.words
    if not wanted:
        return Tier.INSIDE
    if all(word in there for word in wanted):
        return Tier.WORDS
    if all(any(word.startswith(one) for word in there) for one in wanted):
        return Tier.PREFIXES
    return Tier.INSIDE


class TextSearch:
    """Remembers the sets of words that were searched lately. Belongs to one index; threads must take turns."""

    def __init__(self, index: TypedIndex) -> None:
        self._index = index
        self._kept: OrderedDict[tuple[str, str], BitMap] = OrderedDict()

    def found(self, text: Text) -> Selection:
        """Every name that fits, in whatever tier."""
        index = self._index
        base = intersection(self._holding(part) for part in text.parts)
        delta = BitMap(doc for doc in index.delta.docs if tier_of(index.delta.document(doc).full_key, text))
        return Selection(base - index.delta.replaced, delta)

    def tiers(self, text: Text, found: Selection) -> Iterator[Selection]:
        """The names in `found` that fit best first: a selection for each tier, none of them twice."""
        index = self._index
        of_delta: dict[Tier, BitMap] = {tier: BitMap() for tier in Tier}
        for doc in found.delta:
            tier = tier_of(index.delta.document(doc).full_key, text)
            if tier is not None:
                of_delta[tier].add(doc)
        left = found.base
        for tier in Tier:
            here = left if tier is Tier.INSIDE else self._in_tier(tier, text) & left
            left = left - here
            yield Selection(here, of_delta[tier])

    def _in_tier(self, tier: Tier, text: Text) -> BitMap:
        segment = self._index.segment
        match tier:
            case Tier.SAME:
                return self._named(text.whole, text.whole + "\0")
            case Tier.BEGINS:
                return self._remembered("begins", text.whole, lambda: self._named(text.whole, text.whole + "\x7f"))
            case Tier.WORDS:
                return _all(segment.words.find(word) for word in text.words)
            case Tier.PREFIXES:
                return _all(self._words("prefix", word) for word in text.words)
            case Tier.INSIDE:
                raise AssertionError("that is all of them")

    def _named(self, low: str, high: str) -> BitMap:
        """Documents whose full name, or name, is from `low` to before `high`."""
        segment = self._index.segment
        full, repo = segment.by_name, segment.by_repo_name
        begin = full.first_place(lambda doc: segment.names[doc] >= low)
        end = full.first_place(lambda doc: segment.names[doc] >= high)
        first = repo.first_place(lambda doc: segment.names[doc].partition("/")[2] >= low)
        last = repo.first_place(lambda doc: segment.names[doc].partition("/")[2] >= high)
        return bitmap_of(full.docs[begin:end]) | bitmap_of(repo.docs[first:last])

    def _holding(self, part: str) -> BitMap:
        """Documents of the segment in whose full name the text occurs."""
        words = words_in(part)
        if words == [part]:
            return self._words("inside", part)
        return self._remembered("text", part, lambda: self._looked_at(part, words))

    def _looked_at(self, part: str, words: Sequence[str]) -> BitMap:
        """The text crosses the border of a word: its words narrow the choice, and then names are looked at."""
        segment = self._index.segment
        if not part.isascii():
            return BitMap()
        near = [self._words(_where(part, at, len(words)), word) for at, word in enumerate(words)]
        candidates = intersection(near) if near else None
        if candidates is not None and len(candidates) <= LOOKED_AT_MAX:
            return BitMap(doc for doc in candidates if part in segment.names[doc])
        return bitmap_of(segment.names.matching(re.escape(part.encode())))

    def _words(self, where: str, word: str) -> BitMap:
        """Documents with a word that is the given one, or begins or ends with it, or holds it."""
        words = self._index.segment.words
        if where == "same":
            return words.find(word)
        return self._remembered(where, word, lambda: _LOOK_UPS[where](words, word))

    def _remembered(self, how: str, text: str, work: Callable[[], BitMap]) -> BitMap:
        found = self._kept.get((how, text))
        if found is None:
            found = self._kept[how, text] = work()
            while len(self._kept) > KEPT_MAX or (len(self._kept) > 1 and self._size() > KEPT_DOCS_MAX):
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end((how, text))
        return found

    def _size(self) -> int:
        return sum(len(one) for one in self._kept.values())


_LOOK_UPS: Mapping[str, Callable[[Dictionary, str], BitMap]] = {
    "prefix": lambda words, word: words.beginning(word),
    "suffix": lambda words, word: words.matching(f"{re.escape(word)}$"),
    "inside": lambda words, word: words.matching(re.escape(word)),
}


def _all(sets: Iterator[BitMap]) -> BitMap:
    many = list(sets)
    return intersection(many) if many else BitMap()


def _where(part: str, at: int, count: int) -> str:
    """How a word of a longer text stands in a name: what is inside the text are whole words."""
    begins_inside = at > 0 or not part[0].isalnum()
    ends_inside = at < count - 1 or not part[-1].isalnum()
    match (begins_inside, ends_inside):
        case (True, True):
            return "same"
        case (True, False):
            return "prefix"
        case (False, True):
            return "suffix"
        case _:
            return "inside"
