"""Which models have so many parameters? Whole bars of the size chart by their terms, the edges by the order."""

from __future__ import annotations

from pyroaring import BitMap

from zoco.hub.catalog.index.document import SIZE_BOUNDS, SIZED, Number, size_bucket, size_term
from zoco.hub.catalog.index.postings import bitmap_of, union
from zoco.hub.catalog.index.typed_index import Selection, TypedIndex

BUCKETS = len(SIZE_BOUNDS) + 1


def sized_between(index: TypedIndex, least: int | None, most: int | None) -> Selection:
    """Both bounds included; only models whose size is known."""
    if least is None and most is None:
        return index.find([[SIZED]])
    low = max(least or 1, 1)
    high = most if most is not None else 2**62
    if low > high:
        return Selection(BitMap(), BitMap())
    known = index.find([[SIZED]])
    changed = BitMap(doc for doc in known.delta if low <= index.delta.document(doc).numbers[Number.PARAMETERS] <= high)
    return Selection(_in_segment(index, low, high) & known.base, changed)


def sizes_of(index: TypedIndex, among: Selection) -> list[int]:
    """How many of them are in each bucket."""
    found = []
    for bucket in range(BUCKETS):
        there = index.find([[size_term(bucket)]])
        in_segment = there.base.intersection_cardinality(among.base)
        found.append(in_segment + there.delta.intersection_cardinality(among.delta))
    return found


def _in_segment(index: TypedIndex, low: int, high: int) -> BitMap:
    first, last = size_bucket(low), size_bucket(high)
    whole = [bucket for bucket in range(first, last + 1) if _begins(bucket) >= low and _ends(bucket) <= high]
    found = [index.segment.terms.find(size_term(bucket)) for bucket in whole]
    if not whole:
        return _slice(index, low, high)
    below, above = _begins(whole[0]), _ends(whole[-1])
    if low < below:
        found.append(_slice(index, low, below - 1))
    if high > above:
        found.append(_slice(index, above + 1, high))
    return union(found)


def _begins(bucket: int) -> int:
    return SIZE_BOUNDS[bucket - 1] + 1 if bucket else 1


def _ends(bucket: int) -> int:
    return SIZE_BOUNDS[bucket] if bucket < len(SIZE_BOUNDS) else 2**62


def _slice(index: TypedIndex, low: int, high: int) -> BitMap:
    values, order = index.segment.values[Number.PARAMETERS], index.segment.orders[Number.PARAMETERS]
    begin = order.first_place(lambda doc: int(values[doc]) <= high)
    end = order.first_place(lambda doc: int(values[doc]) < low)
    return bitmap_of(order.docs[begin:end])
