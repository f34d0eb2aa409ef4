"""What are the newest numbers of the documents that changed since the segment was written?

A sorted array of documents and a table of their numbers, replaced as a whole: a query that began with the old one ends
with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from zoco.hub.catalog.index.document import Number
from zoco.hub.catalog.index.postings import Docs, bitmap_of, docs_in


@dataclass(frozen=True)
class Overlay:
    """`keys` are those of the repositories; a row of `values` has a column for each `Number`."""

    docs: Docs
    keys: NDArray[np.int64]
    values: NDArray[np.int64]
    touched: BitMap

    def with_rows(self, rows: Mapping[int, tuple[int, tuple[int, ...]]], gone: BitMap) -> Overlay:
        """`rows` by document: its repository's key, and its numbers."""
        fresh = np.array(list(rows), dtype=np.uint32)
        stays = ~np.isin(self.docs, np.concatenate([fresh, docs_in(gone)]))
        docs = np.concatenate([self.docs[stays], fresh])
        keys = np.concatenate([self.keys[stays], np.array([key for key, _ in rows.values()], dtype=np.int64)])
        new = np.array([numbers for _, numbers in rows.values()], dtype=np.int64).reshape(len(rows), len(Number))
        order = np.argsort(docs, kind="stable")
        values = np.concatenate([self.values[stays], new])[order]
        return Overlay(docs[order], keys[order], values, bitmap_of(docs))

    def rows_of(self, among: Docs) -> NDArray[np.int64]:
        """Places in the table; every document must be here."""
        return np.searchsorted(self.docs, among)


def empty_overlay() -> Overlay:
    none = np.zeros(0, dtype=np.int64)
    return Overlay(np.zeros(0, dtype=np.uint32), none, none.reshape(0, len(Number)), BitMap())
