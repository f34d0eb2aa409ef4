"""Which values of one kind do the documents of a segment have, and how often does each occur in a set of them?

`KIND.labels` holds the values, the frequent first (`lines.py`); `KIND.totals` how many documents have each,
`KIND.places` where its set is in the dictionary; `KIND.begins` and `KIND.values` the numbers of each document's values.
"""

from __future__ import annotations

import heapq
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from zoco.formats.cards.tags import Tag, TagKind
from zoco.hub.catalog.index.dictionary import Dictionary
from zoco.hub.catalog.index.document import tag_term
from zoco.hub.catalog.index.files import mapped_array
from zoco.hub.catalog.index.lines import Lines, write_lines
from zoco.hub.catalog.index.postings import docs_in

DENSE_SHARE = 16
"""Of sets larger than one in this many documents, values are counted by meeting their bitmaps."""

MEETING_SHARE, MEETING_BASE = 30, 5000
"""Of smaller sets too where the values are few: meeting one costs a thirtieth of counting all of the set (measured),
and as much as 5,000 documents whatever the set."""

MET_MAX = 100
"""More values than this are not met one by one where nearly all documents are in the set."""


class FacetColumn:
    def __init__(self, folder: Path, kind: TagKind, terms: Dictionary, size: int) -> None:
        self.kind = kind
        self._terms = terms
        self._size = size
        self.labels = Lines(folder / f"{kind.value}.labels")
        self._places = mapped_array(folder / f"{kind.value}.places", np.uint32)
        self._begins = mapped_array(folder / f"{kind.value}.begins", np.uint32)
        self._values = mapped_array(folder / f"{kind.value}.values", np.uint32)
        self.totals = mapped_array(folder / f"{kind.value}.totals", np.uint32)

    def holding(self, text: str) -> list[int]:
        """Values whose spelling holds the text, however it is written; the frequent first."""
        pattern = re.escape(text.encode("utf-8", "surrogatepass"))
        found: list[int] = self.labels.matching(pattern, re.IGNORECASE).tolist()
        return found

    def count_of(self, value: str, among: BitMap) -> int:
        """Of a value by its spelling in any case; 0 when the segment does not have it."""
        return int(self._terms.find(tag_term(Tag(self.kind, value))).intersection_cardinality(among))

    def counts(self, among: BitMap, at_most: int, only: Sequence[int] | None = None) -> dict[int, int]:
        """Value numbers and how many of `among` have each, none of them 0; the `at_most` most frequent, or `only`."""
        if only is not None:
            found = {value: self._meet(value, among) for value in only}
            return {value: count for value, count in found.items() if count}
        is_dense = len(among) > self._size // DENSE_SHARE
        is_nearly_all = self._size - len(among) <= self._size // DENSE_SHARE
        if is_nearly_all and len(self.totals) > MET_MAX:
            return self._by_what_is_left_out(among, at_most)
        if is_dense or len(self.totals) * (len(among) + MEETING_BASE) < MEETING_SHARE * len(among):
            return self._by_meeting(among, at_most)
        return self._by_counting(among, at_most)

    def _by_counting(self, among: BitMap, at_most: int) -> dict[int, int]:
        values = list(self._values_of(docs_in(among)))
        if sum(map(len, values)) * 4 >= len(self.totals):
            return _most_frequent(self._counted(values), at_most)
        numbers, counts = np.unique(np.concatenate([*values, _NONE]), return_counts=True)
        chosen = np.argsort(-counts, kind="stable")[:at_most]
        return dict(zip(numbers[chosen].tolist(), counts[chosen].tolist(), strict=True))

    def _by_what_is_left_out(self, among: BitMap, at_most: int) -> dict[int, int]:
        """Nearly all documents are in it: the others are fewer to look at."""
        others = BitMap(range(self._size)) - among
        counts = self.totals.astype(np.int64) - self._counted(self._values_of(docs_in(others)))
        return _most_frequent(counts, at_most)

    def _counted(self, values: Iterable[NDArray[np.uint32]]) -> NDArray[np.int64]:
        counts = np.zeros(len(self.totals), dtype=np.int64)
        for some in values:
            counts += np.bincount(some, minlength=len(self.totals))
        return counts

    def _values_of(self, docs: NDArray[np.uint32]) -> Iterator[NDArray[np.uint32]]:
        """The first values of those that have one, the second of those that have two, and so on."""
        at, ends = self._begins[docs], self._begins[docs + np.uint32(1)]
        while True:
            has_more = at < ends
            at, ends = at[has_more], ends[has_more]
            if not len(at):
                return
            yield self._values[at]
            at = at + np.uint32(1)

    def _by_meeting(self, among: BitMap, at_most: int) -> dict[int, int]:
        """The frequent first; it ends when no later value can be among the most frequent."""
        found: dict[int, int] = {}
        floor: list[int] = []
        for value, total in enumerate(self.totals.tolist()):
            if len(floor) >= at_most and total <= floor[0]:
                break
            count = self._meet(value, among)
            if not count:
                continue
            found[value] = count
            _push(floor, count, at_most)
        if len(found) > at_most:
            best = sorted(found, key=lambda value: (-found[value], value))[:at_most]
            return {value: found[value] for value in best}
        return found

    def _meet(self, value: int, among: BitMap) -> int:
        return int(self._terms.set_at(int(self._places[value])).intersection_cardinality(among))


_NONE = np.zeros(0, dtype=np.uint32)


def _most_frequent(counts: NDArray[np.int64], at_most: int) -> dict[int, int]:
    """Of the counts of all values, those that are not 0."""
    numbers = np.flatnonzero(counts)
    if len(numbers) > at_most:
        numbers = numbers[np.argsort(-counts[numbers], kind="stable")[:at_most]]
    return dict(zip(numbers.tolist(), counts[numbers].tolist(), strict=True))


def _push(heap: list[int], count: int, at_most: int) -> None:
    if len(heap) < at_most:
        heapq.heappush(heap, count)
    elif count > heap[0]:
        heapq.heapreplace(heap, count)


class FacetWriter:
    """Fed document by document, in their order."""

    def __init__(self, kind: TagKind) -> None:
        self.kind = kind
        self._numbers: dict[str, int] = {}
        self._labels: list[str] = []
        self._totals = array("I")
        self._begins = array("I", [0])
        self._values = array("I")

    def add(self, values: Mapping[str, str] | None) -> None:
        """As in `values_by_kind`; None for a document without any."""
        for key, label in values.items() if values else ():
            number = self._numbers.setdefault(key, len(self._labels))
            if number == len(self._labels):
                self._labels.append(label)
                self._totals.append(0)
            self._totals[number] += 1
            self._values.append(number)
        self._begins.append(len(self._values))

    def write(self, folder: Path, terms: Sequence[str]) -> None:
        """`terms` are the dictionary's, in its order."""
        totals = np.frombuffer(self._totals, dtype=np.uint32) if self._totals else np.zeros(0, dtype=np.uint32)
        order = np.argsort(-totals.astype(np.int64), kind="stable")
        renumbered = np.empty(len(order), dtype=np.uint32)
        renumbered[order] = np.arange(len(order), dtype=np.uint32)
        raw = np.frombuffer(self._values, dtype=np.uint32) if self._values else np.zeros(0, dtype=np.uint32)
        labels = [self._labels[number] for number in order.tolist()]
        places = [bisect_left(terms, tag_term(Tag(self.kind, label))) for label in labels]
        name = self.kind.value
        write_lines(folder / f"{name}.labels", labels)
        (folder / f"{name}.places").write_bytes(np.array(places, dtype=np.uint32).tobytes())
        (folder / f"{name}.begins").write_bytes(self._begins.tobytes())
        (folder / f"{name}.values").write_bytes(renumbered[raw].tobytes())
        (folder / f"{name}.totals").write_bytes(totals[order].tobytes())
