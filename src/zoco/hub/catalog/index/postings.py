"""How are sets of documents written down and read? Small ones as numbers, others as roaring bitmaps. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

Docs = NDArray[np.uint32]
"""Document numbers."""

RAW_MAX = 32
"""Sets of fewer documents than this are written as plain numbers: a bitmap's frame would be larger."""


def bitmap_of(docs: NDArray[np.uint32] | NDArray[np.int64]) -> BitMap:
    """From any order. Handing a numpy array to BitMap would walk it number by number, and one out of order would be
    put in number by number: sorting first is ten times as fast."""
    raw = array("I")
    raw.frombytes(np.sort(docs.astype(np.uint32)).tobytes())
    return BitMap(raw)


def docs_in(found: BitMap) -> Docs:
    """Ascending."""
    return np.frombuffer(found.to_array(), dtype=np.uint32)


def encoded(docs: array[int]) -> bytes:
    """`docs` ascending."""
    if len(docs) < RAW_MAX:
        return docs.tobytes()
    found = BitMap(docs)
    found.run_optimize()
    return bytes(found.serialize())


def decoded(stored: bytes | memoryview, count: int) -> BitMap:
    if count < RAW_MAX:
        raw = array("I")
        raw.frombytes(stored)
        return BitMap(raw)
    return BitMap.deserialize(bytes(stored))


def union(sets: Iterable[BitMap]) -> BitMap:
    many = list(sets)
    return BitMap.union(*many) if many else BitMap()


def intersection(sets: Iterable[BitMap]) -> BitMap:
    """Of at least one; the smallest first."""
    first, *rest = sorted(sets, key=len)
    found = first
    for one in rest:
        if not found:
            break
        found = found & one
    return found if rest else first.copy()
