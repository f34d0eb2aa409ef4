"""Which documents have this term? A sorted list of terms with a set of documents for each, in files read by mmap.

`NAME.terms` holds the terms in the order of their bytes (`lines.py`); `NAME.sets` the sets, one after the other, and
`NAME.ends` where each ends; `NAME.counts` how many documents each has.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from pyroaring import BitMap

from zoco.hub.catalog.index.files import mapped, mapped_array
from zoco.hub.catalog.index.lines import Lines, write_lines
from zoco.hub.catalog.index.postings import decoded, encoded, union

KEPT_BYTES_MAX = 8_000_000
"""Of sets that were read lately, for each dictionary and process."""

_BITMAP_COST = 200


class Dictionary:
    """Threads must take turns: the owner holds a lock."""

    def __init__(self, folder: Path, name: str) -> None:
        self.terms = Lines(folder / f"{name}.terms")
        self._sets = mapped(folder / f"{name}.sets")
        self._ends = mapped_array(folder / f"{name}.ends", np.uint64)
        self.counts = mapped_array(folder / f"{name}.counts", np.uint32)
        self._kept: OrderedDict[int, tuple[BitMap, int]] = OrderedDict()
        self._kept_bytes = 0

    def find(self, term: str) -> BitMap:
        """Empty for an unknown one. Not to be changed by the caller."""
        wanted = _raw(term)
        at = self.terms.first_from(wanted)
        return self.set_at(at) if at < len(self.terms) and self.terms.raw(at) == wanted else BitMap()

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

    def beginning(self, prefix: str) -> BitMap:
        """Documents with a term that begins so."""
        wanted = _raw(prefix)
        return self._union(range(self.terms.first_from(wanted), self.terms.first_from(wanted + b"\xff")))

    def matching(self, pattern: str) -> BitMap:
        """Documents with a term a part of which matches."""
        return self._union(self.terms.matching(pattern.encode()).tolist())

    def _union(self, places: Iterable[int]) -> BitMap:
        return union(self.set_at(at) for at in places)

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
    write_lines(folder / f"{name}.terms", ordered)
    ends, counts, end = array("Q"), array("I"), 0
    with (folder / f"{name}.sets").open("wb") as stored:
        for term in ordered:
            end += stored.write(encoded(sets[term]))
            ends.append(end)
            counts.append(len(sets[term]))
    (folder / f"{name}.ends").write_bytes(ends.tobytes())
    (folder / f"{name}.counts").write_bytes(counts.tobytes())
    return ordered


def _raw(term: str) -> bytes:
    return term.encode("utf-8", "surrogatepass")
