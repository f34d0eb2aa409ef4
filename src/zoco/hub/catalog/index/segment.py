"""What was in the catalogue when it was last written down? One type of repository, in files that never change.

Documents are numbered from 0 in the order of their repositories' keys.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from zoco.formats.cards.tags import TagKind
from zoco.hub.catalog.index.dictionary import Dictionary
from zoco.hub.catalog.index.document import FACET_KINDS, Number
from zoco.hub.catalog.index.facet_column import FacetColumn
from zoco.hub.catalog.index.files import lines_at, mapped, mapped_array
from zoco.hub.catalog.index.orders import open_order
from zoco.hub.catalog.index.postings import Docs


def slug_of(number: Number) -> str:
    return number.name.lower()


class Segment:
    def __init__(self, folder: Path) -> None:
        self.keys = mapped_array(folder / "keys", np.int64)
        self._names = mapped(folder / "names.text")
        self._name_starts = mapped_array(folder / "names.starts", np.uint64)
        self.terms = Dictionary(folder, "terms")
        self.words = Dictionary(folder, "words")
        self.values = {number: mapped_array(folder / f"{slug_of(number)}.values", np.int64) for number in Number}
        self.orders = {number: open_order(folder, slug_of(number)) for number in Number}
        self.by_name = open_order(folder, "name")
        """by owner/name in lower case, ascending"""
        self.by_repo_name = open_order(folder, "repo-name")
        """by the part after the slash"""
        self.facets: dict[TagKind, FacetColumn] = {
            kind: FacetColumn(folder, kind, self.terms, self.size) for kind in FACET_KINDS
        }

    @property
    def size(self) -> int:
        return len(self.keys)

    def doc_of(self, key: int) -> int | None:
        at = int(np.searchsorted(self.keys, key))
        return at if at < self.size and int(self.keys[at]) == key else None

    def name(self, doc: int) -> str:
        """owner/name in lower case."""
        start = int(self._name_starts[doc])
        end = int(self._name_starts[doc + 1]) if doc + 1 < self.size else len(self._names)
        return self._names[start : end - 1].decode()

    def doc_named(self, full_key: str) -> int | None:
        at = self.by_name.first_place(lambda doc: self.name(doc) >= full_key)
        if at == self.size:
            return None
        doc = int(self.by_name.docs[at])
        return doc if self.name(doc) == full_key else None

    def docs_holding(self, text: str) -> Docs:
        """Documents in whose full name the text occurs: one look through all names."""
        found = re.finditer(re.escape(text.encode()), self._names)
        return lines_at(self._name_starts, [one.start() for one in found]).astype(np.uint32)


def open_segment(folder: Path) -> Segment:
    """Raises OSError or ValueError when the files are not there or not whole."""
    return Segment(folder)
