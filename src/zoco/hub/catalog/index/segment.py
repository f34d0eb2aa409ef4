"""What was in the catalogue when it was last written down? One type of repository, in files that never change.

Documents are numbered from 0 in the order of their repositories' keys.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from zoco.formats.cards.tags import TagKind
from zoco.hub.catalog.index.dictionary import Dictionary
from zoco.hub.catalog.index.document import FACET_KINDS, Number
from zoco.hub.catalog.index.facet_column import FacetColumn
from zoco.hub.catalog.index.files import mapped_array
from zoco.hub.catalog.index.lines import Lines
from zoco.hub.catalog.index.orders import open_order


def slug_of(number: Number) -> str:
    return number.name.lower()


class Segment:
    """Raises OSError or ValueError when the files are not there or not whole."""

    def __init__(self, folder: Path) -> None:
        self.keys = mapped_array(folder / "keys", np.int64)
        self.names = Lines(folder / "names")
        """owner/name in lower case"""
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

    def doc_named(self, full_key: str) -> int | None:
        at = self.by_name.first_place(lambda doc: self.names[doc] >= full_key)
        if at == self.size:
            return None
        doc = int(self.by_name.docs[at])
        return doc if self.names[doc] == full_key else None
