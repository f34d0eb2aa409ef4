"""What has changed since the segment was written? The changed documents, wholly, in memory.

A repository that the segment has keeps its number there; new ones are numbered after the segment's. Their numbers to
sort by, and those of documents of which nothing else has changed, are the overlay (`overlay.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pyroaring import BitMap

from zoco.formats.cards.tags import TagKind
from zoco.hub.catalog.index.document import Document, terms_of, values_by_kind, words_in


class Delta:
    def __init__(self, first_new: int) -> None:
        self._next = first_new
        self._new_docs: dict[int, int] = {}  # repository -> number, of those the segment does not have
        self._documents: dict[int, Document] = {}
        self._terms: dict[str, BitMap] = {}
        self._words: dict[str, BitMap] = {}
        self._by_name: dict[str, int] = {}
        self.replaced = BitMap()
        """documents of the segment that no longer hold"""
        self.docs = BitMap()
        """documents that are here"""

    def number_of(self, key: int) -> int:
        """Of a repository that the segment does not have."""
        doc = self._new_docs.get(key)
        if doc is None:
            doc = self._new_docs[key] = self._next
            self._next += 1
        return doc

    def knows(self, key: int) -> bool:
        return key in self._new_docs

    def put(self, doc: int, document: Document) -> None:
        self.drop(doc)
        self._documents[doc] = document
        self.docs.add(doc)
        self._by_name[document.full_key] = doc
        for term in terms_of(document):
            self._terms.setdefault(term, BitMap()).add(doc)
        for word in set(words_in(document.full_key)):
            self._words.setdefault(word, BitMap()).add(doc)

    def drop(self, doc: int) -> None:
        """The document is gone, or about to be put again."""
        old = self._documents.pop(doc, None)
        if old is None:
            return
        self.docs.discard(doc)
        if self._by_name.get(old.full_key) == doc:
            del self._by_name[old.full_key]
        _take_out(self._terms, terms_of(old), doc)
        _take_out(self._words, set(words_in(old.full_key)), doc)

    def document(self, doc: int) -> Document:
        return self._documents[doc]

    def doc_named(self, full_key: str) -> int | None:
        return self._by_name.get(full_key)

    def find(self, term: str) -> BitMap:
        return self._terms.get(term, _NONE)

    def words(self) -> Iterable[tuple[str, BitMap]]:
        return self._words.items()

    def counts(self, kind: TagKind, among: BitMap) -> dict[str, tuple[str, int]]:
        """By value in lower case: a spelling of it, and how many of `among` have it."""
        spellings: dict[str, str] = {}
        found: Counter[str] = Counter()
        for doc in among:
            for key, value in values_by_kind(self._documents[doc].tags).get(kind, {}).items():
                spellings.setdefault(key, value)
                found[key] += 1
        return {key: (spellings[key], count) for key, count in found.items()}


_NONE = BitMap()


def _take_out(sets: dict[str, BitMap], terms: Iterable[str], doc: int) -> None:
    for term in terms:
        found = sets[term]
        found.discard(doc)
        if not found:
            del sets[term]
