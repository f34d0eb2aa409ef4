"""Which documents of a selection come first? The segment's by its orders, changed ones by their newest numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from zoco.hub.catalog.index.document import Number
from zoco.hub.catalog.index.orders import Order
from zoco.hub.catalog.index.postings import docs_in
from zoco.hub.catalog.index.typed_index import Selection, TypedIndex

Value = int | str
"""What a list is sorted by: a number, or owner/name in lower case."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A repository and where it stands: lists are sorted by (value, key), both descending or both ascending."""

    value: Value
    key: int
    doc: int

    @property
    def place(self) -> tuple[Value, int]:
        return (self.value, self.key)


After = tuple[Value, int]
"""The place of the last row of the page before."""


def first_by_number(
    index: TypedIndex,
    chosen: Selection,
    number: Number,
    count: int,
    *,
    ascending: bool,
    after: After | None,
    skip: int = 0,
) -> list[Placed]:
    """Highest first, or lowest when ascending; of equal values the newer repository first, or the older.

    From the first `count`, those after `skip`.
    """
    moved = index.overlay.touched
    clean = _clean(index, chosen.base - moved, number, count, ascending=ascending, after=after)
    touched = _touched(index, (chosen.base & moved) | chosen.delta, number, count, ascending=ascending, after=after)
    if not len(touched.docs):
        return clean.placed(skip)
    values, keys, docs = (np.concatenate(pair) for pair in zip(clean, touched, strict=True))
    order = np.lexsort((keys, values))
    order = (order if ascending else order[::-1])[skip:count]
    return _Rows(values[order], keys[order], docs[order]).placed(0)


def first_by_name(
    index: TypedIndex, chosen: Selection, count: int, *, ascending: bool, after: After | None
) -> list[Placed]:
    """A to Z when ascending."""
    segment = index.segment
    order, size = segment.by_name, segment.size
    begin, end = 0, size
    if after is not None:
        name = str(after[0])
        if ascending:
            begin = order.first_place(lambda doc: segment.names[doc] > name)
        else:
            end = order.first_place(lambda doc: segment.names[doc] >= name)
    docs = order.first_of(chosen.base, begin, end, count, backwards=not ascending).tolist()
    clean = [Placed(segment.names[doc], int(segment.keys[doc]), doc) for doc in docs]
    changed = [Placed(index.name_of(doc), index.key_of(doc), doc) for doc in chosen.delta]
    if after is not None:
        changed = [one for one in changed if (one.place > after if ascending else one.place < after)]
    return sorted([*clean, *changed], key=lambda one: one.place, reverse=not ascending)[:count]


class _Rows(NamedTuple):
    """In the order of the list."""

    values: NDArray[np.int64]
    keys: NDArray[np.int64]
    docs: NDArray[np.int64]

    def placed(self, skip: int) -> list[Placed]:
        columns = (self.values[skip:].tolist(), self.keys[skip:].tolist(), self.docs[skip:].tolist())
        return [Placed(value, key, doc) for value, key, doc in zip(*columns, strict=True)]


def _clean(
    index: TypedIndex, docs: BitMap, number: Number, count: int, *, ascending: bool, after: After | None
) -> _Rows:
    segment = index.segment
    values, order = segment.values[number], segment.orders[number]
    begin, end = _bounds(index, order, number, ascending=ascending, after=after)
    found = order.first_of(docs, begin, end, count, backwards=ascending)
    return _Rows(values[found], segment.keys[found], found)


def _bounds(
    index: TypedIndex, order: Order, number: Number, *, ascending: bool, after: After | None
) -> tuple[int, int]:
    """Places in the order that lie beyond `after`. The order itself is descending."""
    if after is None:
        return 0, index.segment.size
    segment = index.segment
    values = segment.values[number]

    def place(doc: int) -> tuple[int, int]:
        return int(values[doc]), int(segment.keys[doc])

    value, key = int(after[0]), after[1]
    if ascending:
        return 0, order.first_place(lambda doc: place(doc) <= (value, key))
    return order.first_place(lambda doc: place(doc) < (value, key)), segment.size


def _touched(
    index: TypedIndex, docs: BitMap, number: Number, count: int, *, ascending: bool, after: After | None
) -> _Rows:
    if not docs:
        none = np.zeros(0, dtype=np.int64)
        return _Rows(none, none, none)
    overlay = index.overlay
    among = docs_in(docs)
    rows = overlay.rows_of(among)
    values, keys = overlay.values[rows, number], overlay.keys[rows]
    if after is not None:
        value, key = int(after[0]), after[1]
        if ascending:
            beyond = (values > value) | ((values == value) & (keys > key))
        else:
            beyond = (values < value) | ((values == value) & (keys < key))
        among, values, keys = among[beyond], values[beyond], keys[beyond]
    order = np.lexsort((keys, values))
    chosen = order[:count] if ascending else order[::-1][:count]
    return _Rows(values[chosen], keys[chosen], among[chosen].astype(np.int64))
