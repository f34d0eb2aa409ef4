"""In which order do the documents of a segment stand, by one of their numbers or by name?

`docs` is the order itself, `places` its inverse: so a small set is sorted by looking up places, and of a large one the
first are found by walking the order. Ties are broken by the repository's key, as documents are numbered by it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from zoco.hub.catalog.index.files import mapped_array, write_array
from zoco.hub.catalog.index.postings import Docs, bitmap_of, docs_in

GATHER_MAX = 50_000
"""Sets up to this size are sorted whole; larger ones are met on a walk along the order."""

WALKING_COST = 4
_FIRST_STEP = 512
_STEP_MAX = 262_144


@dataclass(frozen=True, slots=True)
class Order:
    docs: Docs
    places: NDArray[np.uint32]

    def first_of(
        self, among: BitMap, begin: int, end: int, count: int, *, backwards: bool = False
    ) -> NDArray[np.int64]:
        """The first `count` documents of `among` that stand at begin ≤ place < end; the last ones when backwards."""
        if not among or begin >= end:
            return np.zeros(0, dtype=np.int64)
        if self._is_walk_shorter(len(among), count):
            return self._met(among, begin, end, count, backwards=backwards)
        return self._gathered(among, begin, end, count, backwards=backwards)

    def _is_walk_shorter(self, size: int, count: int) -> bool:
        """A walk meets one of the set in every `len(docs) / size` documents, each at a higher cost than in a sort."""
        if size <= count:
            return False
        return size > GATHER_MAX or count * len(self.docs) * WALKING_COST < size * size

    def _gathered(self, among: BitMap, begin: int, end: int, count: int, *, backwards: bool) -> NDArray[np.int64]:
        places = self.places[docs_in(among)].astype(np.int64)
        if begin or end < len(self.docs):
            places = places[(places >= begin) & (places < end)]
        if backwards:
            places = len(self.docs) - 1 - places
        if len(places) > count:
            places = np.partition(places, count - 1)[:count]
        places = np.sort(places)
        if backwards:
            places = len(self.docs) - 1 - places
        return self.docs[places].astype(np.int64)

    def _met(self, among: BitMap, begin: int, end: int, count: int, *, backwards: bool) -> NDArray[np.int64]:
        met: list[NDArray[np.int64]] = []
        left, step = count, _FIRST_STEP
        while begin < end and left > 0:
            low, high = (max(begin, end - step), end) if backwards else (begin, min(end, begin + step))
            here = docs_in(bitmap_of(self.docs[low:high]) & among)
            places = np.sort(self.places[here])
            found = self.docs[places[::-1] if backwards else places][:left]
            met.append(found.astype(np.int64))
            left -= len(found)
            begin, end = (begin, low) if backwards else (high, end)
            step = min(step * 2, _STEP_MAX)
        return np.concatenate(met)

    def first_place(self, is_past: Callable[[int], bool]) -> int:
        """Place of the first document for which this holds; from there on it must hold for all."""
        return bisect_left(range(len(self.docs)), True, key=lambda place: is_past(int(self.docs[place])))


def open_order(folder: Path, name: str) -> Order:
    return Order(mapped_array(folder / f"{name}.order", np.uint32), mapped_array(folder / f"{name}.places", np.uint32))


def write_order(folder: Path, name: str, docs: Docs) -> None:
    places = np.empty(len(docs), dtype=np.uint32)
    places[docs] = np.arange(len(docs), dtype=np.uint32)
    write_array(folder / f"{name}.order", docs)
    write_array(folder / f"{name}.places", places)


def highest_first(values: NDArray[np.int64]) -> Docs:
    """Of equal values the later document first."""
    return np.argsort(values, kind="stable")[::-1].astype(np.uint32)
