"""Which documents have this term? A sorted list of terms with a set of documents for each, in files read by mmap.

`NAME.terms` holds the terms in the order of their bytes, one a line; `NAME.starts` where each line begins;
`NAME.sets` the sets, one after the other, and `NAME.ends` where each ends; `NAME.counts` how many documents each has.
"""

from __future__ import annotations

import re
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from pyroaring import BitMap

from zoco.hub.catalog.index.files import lines_at, mapped, mapped_array
from zoco.hub.catalog.index.postings import decoded, encoded, union

KEPT_BYTES_MAX = 8_000_000
"""Of sets that were read lately, for each dictionary and process."""

_BITMAP_COST = 200


class Dictionary:
    """Threads must take turns: the owner holds a lock."""

    def __init__(self, folder: Path, name: str) -> None:
        self._terms = mapped(folder / f"{name}.terms")
        self._starts = mapped_array(folder / f"{name}.starts", np.uint64)
        self._sets = mapped(folder / f"{name}.sets")
        self._ends = mapped_array(folder / f"{name}.ends", np.uint64)
        self.counts = mapped_array(folder / f"{name}.counts", np.uint32)
        self._kept: OrderedDict[int, tuple[BitMap, int]] = OrderedDict()
        self._kept_bytes = 0

    def __len__(self) -> int:
        return len(self.counts)

    def find(self, term: str) -> BitMap:
        """Empty for an unknown one. Not to be changed by the caller."""
        at = self.place(term)
        return self.set_at(at) if at is not None else BitMap()

    def count(self, term: str) -> int:
        at = self.place(term)
        return int(self.counts[at]) if at is not None else 0

    def place(self, term: str) -> int | None:
        wanted = term.encode("utf-8", "surrogatepass")
        at = self._lower_bound(wanted)
        return at if at < len(self) and self._line(at) == wanted else None

    def term_at(self, at: int) -> str:
        return self._line(at).decode("utf-8", "surrogatepass")

    def set_at(self, at: int) -> BitMap:
        kept = self._kept.get(at)
        if kept is not None:
            self._kept.move_to_end(at)
            return kept[0]
        start = int(self._ends[at - 1]) if at else 0
        end = int(self._ends[at])
        found = decoded(self._sets[start:end], int(self.counts[at]))
        self._keep(at, found, end - start + _BITMAP_COST)
        return found

    def beginning(self, prefix: str) -> range:
        """Places of the terms that begin so."""
        wanted = prefix.encode("utf-8", "surrogatepass")
        return range(self._lower_bound(wanted), self._lower_bound(wanted + b"\xff"))

    def matching(self, pattern: str) -> list[int]:
        """Places of the terms in which a part of a line matches; `pattern` must not match a line's end."""
        found = re.finditer(pattern.encode(), self._terms, re.MULTILINE)
        return [int(at) for at in lines_at(self._starts, [one.start() for one in found])]

    def union_of(self, places: Iterable[int]) -> BitMap:
        return union(self.set_at(at) for at in places)

    def lines(self) -> list[bytes]:
        """All terms, in order: for a look at every one of them."""
        return bytes(self._terms[:]).split(b"\n")[: len(self)]

    def _line(self, at: int) -> bytes:
        start = int(self._starts[at])
        end = int(self._starts[at + 1]) if at + 1 < len(self) else len(self._terms)
        return bytes(self._terms[start : end - 1])

    def _lower_bound(self, wanted: bytes) -> int:
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._line(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    def _keep(self, at: int, found: BitMap, cost: int) -> None:
        if cost > KEPT_BYTES_MAX // 4:
            return
        self._kept[at] = (found, cost)
        self._kept_bytes += cost
        while self._kept_bytes > KEPT_BYTES_MAX:
            _, (_, freed) = self._kept.popitem(last=False)
            self._kept_bytes -= freed


def write_dictionary(folder: Path, name: str, sets: Mapping[str, array[int]]) -> list[str]:
    """The terms in their order. `sets` hold their documents in ascending order."""
    ordered = sorted(sets)  # code points are in the order of their bytes in UTF-8
    starts, ends, counts = array("Q"), array("Q"), array("I")
    at = end = 0
    with (folder / f"{name}.terms").open("wb") as terms, (folder / f"{name}.sets").open("wb") as stored:
        for term in ordered:
            docs = sets[term]
            starts.append(at)
            at += terms.write(term.encode("utf-8", "surrogatepass") + b"\n")
            end += stored.write(encoded(docs))
            ends.append(end)
            counts.append(len(docs))
    for suffix, values in (("starts", starts), ("ends", ends), ("counts", counts)):
        (folder / f"{name}.{suffix}").write_bytes(values.tobytes())
    return ordered
