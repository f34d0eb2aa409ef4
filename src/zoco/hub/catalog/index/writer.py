"""How is a segment written? From documents in the order of their keys, into an empty folder."""

from __future__ import annotations

from array import array
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zoco.hub.catalog.index.dictionary import write_dictionary
from zoco.hub.catalog.index.document import FACET_KINDS, Document, Number, terms_of, values_by_kind, words_in
from zoco.hub.catalog.index.facet_column import FacetWriter
from zoco.hub.catalog.index.files import write_array
from zoco.hub.catalog.index.lines import write_lines
from zoco.hub.catalog.index.orders import highest_first, write_order
from zoco.hub.catalog.index.segment import slug_of


def _numbers() -> array[int]:
    return array("I")


class SegmentWriter:
    """Holds the sets of all terms in memory: about 400 bytes for a document. Writes once."""

    def __init__(self) -> None:
        self._keys = array("q")
        self._names: list[str] = []
        self._terms: defaultdict[str, array[int]] = defaultdict(_numbers)
        self._words: defaultdict[str, array[int]] = defaultdict(_numbers)
        self._values = {number: array("q") for number in Number}
        self._facets = [FacetWriter(kind) for kind in FACET_KINDS]

    def add(self, document: Document) -> None:
        """In the order of keys."""
        doc = len(self._keys)
        assert not doc or self._keys[-1] < document.key
        self._keys.append(document.key)
        full_key = document.full_key
        self._names.append(full_key)
        for term in terms_of(document):
            self._terms[term].append(doc)
        for word in set(words_in(full_key)):
            self._words[word].append(doc)
        for number, column in self._values.items():
            column.append(document.numbers[number])
        values = values_by_kind(document.tags)
        for facet in self._facets:
            facet.add(values.get(facet.kind))

    def write(self, folder: Path) -> int:
        """How many documents."""
        (folder / "keys").write_bytes(self._keys.tobytes())
        self._write_names(folder)
        terms = write_dictionary(folder, "terms", self._terms)
        self._terms.clear()
        write_dictionary(folder, "words", self._words)
        self._words.clear()
        for number, values in self._values.items():
            write_numbers(folder, number, np.array(values, dtype=np.int64))
        for facet in self._facets:
            facet.write(folder, terms)
        return len(self._keys)

    def _write_names(self, folder: Path) -> None:
        write_lines(folder / "names", self._names)
        numbers = range(len(self._names))
        by_name = sorted(numbers, key=self._names.__getitem__)
        write_order(folder, "name", np.array(by_name, dtype=np.uint32))
        repo_names = [name.partition("/")[2] for name in self._names]
        by_repo_name = sorted(numbers, key=repo_names.__getitem__)
        write_order(folder, "repo-name", np.array(by_repo_name, dtype=np.uint32))


def write_numbers(folder: Path, number: Number, column: NDArray[np.int64]) -> None:
    """One for each document, in their order."""
    write_array(folder / f"{slug_of(number)}.values", column)
    write_order(folder, slug_of(number), highest_first(column))
