"""Everything the catalogue knows of one type of repository: the segment as it was written, and what changed since.

A set of documents is a `Selection`: those of the segment that still hold, and those of the delta. Both are found by the
same terms, apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from zoco.hub.catalog.index.delta import Delta
from zoco.hub.catalog.index.document import Document
from zoco.hub.catalog.index.overlay import Overlay, empty_overlay
from zoco.hub.catalog.index.postings import intersection, union
from zoco.hub.catalog.index.segment import Segment


@dataclass(frozen=True, slots=True)
class Selection:
    """The sets are not to be changed: they may be shared."""

    base: BitMap
    delta: BitMap

    def __len__(self) -> int:
        return len(self.base) + len(self.delta)

    def __and__(self, other: Selection) -> Selection:
        return Selection(self.base & other.base, self.delta & other.delta)

    def __sub__(self, other: Selection) -> Selection:
        return Selection(self.base - other.base, self.delta - other.delta)


@dataclass(frozen=True, slots=True)
class Changed:
    """A repository as it is now; `document` None when it is gone. `numbers_only`: nothing else can have changed."""

    key: int
    document: Document | None
    numbers_only: bool


class TypedIndex:
    """Threads must take turns: the owner holds a lock."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.delta = Delta(segment.size)
        self.overlay: Overlay = empty_overlay()

    def apply(self, changes: Iterable[Changed]) -> None:
        rows: dict[int, tuple[int, tuple[int, ...]]] = {}
        gone = BitMap()
        for change in changes:
            doc = self._doc_of(change)
            if doc is None:
                continue
            if change.document is None:
                self._remove(doc)
                gone.add(doc)
                continue
            if not (change.numbers_only and doc < self.segment.size and doc not in self.delta.replaced):
                self._put(doc, change.document)
            rows[doc] = (change.key, change.document.numbers)
        if rows or gone:
            self.overlay = self.overlay.with_rows(rows, gone)

    def find(self, groups: Iterable[Sequence[str]]) -> Selection:
        """Documents that have, of each group, at least one term."""
        base: list[BitMap] = []
        delta: list[BitMap] = []
        for group in groups:
            base.append(_any(self.segment.terms.find(term) for term in group))
            delta.append(_any(self.delta.find(term) for term in group))
        return Selection(intersection(base) - self.delta.replaced, intersection(delta))

    def doc_named(self, full_key: str) -> int | None:
        doc = self.delta.doc_named(full_key)
        if doc is None:
            doc = self.segment.doc_named(full_key)
            if doc is not None and doc in self.delta.replaced:
                return None
        return doc

    def only(self, docs: Iterable[int]) -> Selection:
        """These documents, each on its side."""
        wanted = BitMap(docs)
        in_delta = wanted & self.delta.docs
        rest = wanted - self.delta.docs
        return Selection(BitMap(doc for doc in rest if doc < self.segment.size) - self.delta.replaced, in_delta)

    def key_of(self, doc: int) -> int:
        if doc in self.delta.docs:
            return self.delta.document(doc).key
        return int(self.segment.keys[doc])

    def name_of(self, doc: int) -> str:
        """owner/name in lower case."""
        return self.delta.document(doc).full_key if doc in self.delta.docs else self.segment.names[doc]

    def _doc_of(self, change: Changed) -> int | None:
        doc = self.segment.doc_of(change.key)
        if doc is None and (change.document is not None or self.delta.knows(change.key)):
            doc = self.delta.number_of(change.key)
        return doc

    def _put(self, doc: int, document: Document) -> None:
        self.delta.put(doc, document)
        if doc < self.segment.size:
            self.delta.replaced.add(doc)

    def _remove(self, doc: int) -> None:
        self.delta.drop(doc)
        if doc < self.segment.size:
            self.delta.replaced.add(doc)


def _any(sets: Iterable[BitMap]) -> BitMap:
    found = [one for one in sets if one]
    return found[0] if len(found) == 1 else union(found)
