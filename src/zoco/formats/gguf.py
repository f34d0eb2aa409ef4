"""What does the header of a GGUF file tell of its model? Reads what it needs by ranges, never the weights.

The file begins with the magic, a version, two counts, the metadata (key, type, value) and a description of each tensor
(ggml-org/ggml, docs/gguf.md). Vocabularies of hundreds of thousands of words stand in the metadata: they are walked
over, not kept. Counts and lengths are claims of whoever made the file: each has a limit.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from zoco.core.errors import Invalid
from zoco.formats.cards.facts import facts

MAGIC = b"GGUF"
VERSIONS = (1, 2, 3)
HEADER_SIZE_MAX = 64 << 20
ENTRIES_MAX = 4_096
TENSORS_MAX = 100_000
STRINGS_MAX = 2_000_000
"""In all arrays together. The largest vocabularies with their merges have about 800,000."""

KEY_SIZE_MAX = 65_535
TEXT_SIZE_MAX = 64 << 10
"""Of a value that is kept: templates for chats are the longest."""

DIMENSIONS_MAX = 8
DEPTH_MAX = 4
PARAMETERS_MAX = 2**60
WINDOW_FIRST = 256 << 10
WINDOW_MAX = 4 << 20
"""Each read is twice the one before: small headers cost one small read, large ones few large ones."""

_STEP = 512  # between the remembered places in a vocabulary

Fetch = Callable[[int, int], bytes]
"""Bytes [start, end) of the file; fewer where it ends."""

_FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_TOKENS = "tokenizer.ggml.tokens"
_KEPT = {
    "general.architecture",
    "general.file_type",
    "tokenizer.chat_template",
    "tokenizer.ggml.bos_token_id",
    "tokenizer.ggml.eos_token_id",
    "quantize.imatrix.file",
    "split.count",
    "split.no",
}
_KEPT_ENDING = ".context_length"


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """`parameters` are counted by the type they are stored in; `part` is (number from 0, count) of a split file."""

    parameters: Mapping[str, int]
    architecture: str | None = None
    quantization: str | None = None
    imatrix_file: str | None = None
    """what the quantisation was tuned with"""
    context_length: int | None = None
    chat_template: str | None = None
    bos_token: str | None = None
    eos_token: str | None = None
    part: tuple[int, int] = (0, 1)


def read_header(fetch: Fetch) -> GgufHeader:
    """Raises Invalid when this is no GGUF file, or claims what none can hold."""
    source = _Source(fetch)
    if source.take(4) != MAGIC:
        raise Invalid("This is not a GGUF file.")
    version = source.number("I")
    if version not in VERSIONS:
        source.swap()
        version = int.from_bytes(version.to_bytes(4, "little"), "big")
    if version not in VERSIONS:
        raise Invalid("This version of GGUF is not known.")
    if version == 1:
        source.count_format = "I"
    tensors, entries = source.count(TENSORS_MAX), source.count(ENTRIES_MAX)
    said, vocabulary = _metadata(source, entries)
    parameters = _tensors(source, tensors)
    return _header(said, parameters, vocabulary)


def _header(said: Mapping[str, Any], parameters: Mapping[str, int], vocabulary: _Vocabulary | None) -> GgufHeader:
    architecture = _text(said.get("general.architecture"))
    part, parts = said.get("split.no"), said.get("split.count")
    return GgufHeader(
        parameters=parameters,
        architecture=architecture,
        quantization=_file_types().get(str(said.get("general.file_type"))),
        imatrix_file=_text(said.get("quantize.imatrix.file")),
        context_length=_natural(said.get(f"{architecture}{_KEPT_ENDING}")),
        chat_template=_text(said.get("tokenizer.chat_template")),
        bos_token=vocabulary.word(said.get("tokenizer.ggml.bos_token_id")) if vocabulary else None,
        eos_token=vocabulary.word(said.get("tokenizer.ggml.eos_token_id")) if vocabulary else None,
        part=(_natural(part) or 0, _natural(parts) or 1),
    )


def _metadata(source: _Source, entries: int) -> tuple[dict[str, Any], _Vocabulary | None]:
    said: dict[str, Any] = {}
    vocabulary = None
    for _ in range(entries):
        key, kind = source.text(KEY_SIZE_MAX), source.number("I")
        if key == _TOKENS and kind == _ARRAY:
            vocabulary = source.vocabulary()
        elif kind in _FIXED and (key in _KEPT or key.endswith(_KEPT_ENDING)):
            said[key] = source.number(_FIXED[kind])
        elif kind == _STRING and key in _KEPT:
            said[key] = source.text_or_none(TEXT_SIZE_MAX)
        else:
            source.skip_value(kind)
    return said, vocabulary


def _tensors(source: _Source, tensors: int) -> dict[str, int]:
    counts: dict[str, int] = {}
    for _ in range(tensors):
        source.skip_text()
        dimensions = source.number("I")
        if dimensions > DIMENSIONS_MAX:
            raise Invalid("The GGUF header describes a tensor of too many dimensions.")
        size = math.prod(source.count(PARAMETERS_MAX) for _ in range(dimensions))
        kind = source.number("I")
        source.skip(8)
        name = _tensor_types().get(str(kind), f"type {kind}")
        counts[name] = counts.get(name, 0) + size
        if counts[name] > PARAMETERS_MAX:
            raise Invalid("The GGUF header describes more parameters than any file can hold.")
    return counts


class _Source:
    """Walks the file through one window of it at a time."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._window = b""
        self._start = 0  # of the window, in the file
        self._at = 0  # within the window
        self._size = WINDOW_FIRST
        self._order = "<"
        self._strings = 0
        self.count_format = "Q"

    def swap(self) -> None:
        self._order = ">"

    def narrow(self) -> None:
        """The next reads are of single things."""
        self._size = WINDOW_FIRST

    @property
    def place(self) -> int:
        return self._start + self._at

    def go(self, place: int) -> None:
        """Back or forth; what the window holds is not fetched again."""
        if place > HEADER_SIZE_MAX:
            raise Invalid(f"The GGUF header is larger than {HEADER_SIZE_MAX} bytes.")
        if self._start <= place <= self._start + len(self._window):
            self._at = place - self._start
        else:
            self._start, self._at, self._window = place, 0, b""

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._window):
            self._need(size)
            end = self._at + size
        found = self._window[self._at : end]
        self._at = end
        return found

    def _need(self, size: int) -> None:
        place = self.place
        if place + size > HEADER_SIZE_MAX:
            raise Invalid(f"The GGUF header is larger than {HEADER_SIZE_MAX} bytes.")
        self._window = self._fetch(place, place + max(size, self._size))
        self._start, self._at = place, 0
        self._size = min(self._size * 2, WINDOW_MAX)
        if len(self._window) < size:
            raise Invalid("The GGUF file ends within its header.")

    def skip(self, size: int) -> None:
        self.go(self.place + size)

    def number(self, format_: str) -> Any:  # Any: an int, a float or a bool, by the format
        return struct.unpack(self._order + format_, self.take(struct.calcsize("=" + format_)))[0]

    def count(self, maximum: int) -> int:
        found: int = self.number(self.count_format)
        if found > maximum:
            raise Invalid("The GGUF header claims more than a file can hold.")
        return found

    def text(self, size_max: int) -> str:
        return self.take(self.count(size_max)).decode("utf-8", "replace")

    def text_or_none(self, size_max: int) -> str | None:
        """None when it is longer than anybody reads."""
        size = self.count(HEADER_SIZE_MAX)
        if size <= size_max:
            return self.take(size).decode("utf-8", "replace")
        self.skip(size)
        return None

    def skip_text(self) -> None:
        self.skip(self.count(HEADER_SIZE_MAX))

    def skip_value(self, kind: int, depth: int = 0) -> None:
        if kind in _FIXED:
            self.skip(struct.calcsize("=" + _FIXED[kind]))
        elif kind == _STRING:
            self.skip_text()
        elif kind == _ARRAY and depth < DEPTH_MAX:
            inner, length = self.number("I"), self.count(HEADER_SIZE_MAX)
            if inner in _FIXED:
                self.skip(struct.calcsize("=" + _FIXED[inner]) * length)
            elif inner == _STRING:
                for _ in self._strings_in(length):
                    pass
            else:
                self._count_strings(length)
                for _ in range(length):
                    self.skip_value(inner, depth + 1)
        else:
            raise Invalid("The GGUF header holds a value of a kind that is not known.")

    def vocabulary(self) -> _Vocabulary | None:
        inner, length = self.number("I"), self.count(HEADER_SIZE_MAX)
        if inner != _STRING:
            raise Invalid("The vocabulary in the GGUF header is not made of words.")
        places = [place for number, place in enumerate(self._strings_in(length)) if number % _STEP == 0]
        return _Vocabulary(self, length, places)

    def _count_strings(self, length: int) -> None:
        self._strings += length
        if self._strings > STRINGS_MAX:
            raise Invalid(f"The GGUF header holds more than {STRINGS_MAX} words.")

    def _strings_in(self, length: int) -> Iterator[int]:
        """Walks over so many strings, telling where each begins. The loop of a large header: it works on the window."""
        self._count_strings(length)
        unpack = struct.Struct(self._order + self.count_format)
        width = unpack.size
        for _ in range(length):
            if self._at + width > len(self._window):
                self._need(width)
            yield self._start + self._at
            size = unpack.unpack_from(self._window, self._at)[0]
            if size > HEADER_SIZE_MAX:
                raise Invalid("The GGUF header claims more than a file can hold.")
            at = self._at + width + size
            if at <= len(self._window):
                self._at = at
            else:
                self.go(self._start + at)


class _Vocabulary:
    """Finds a word by its number without having kept the others."""

    def __init__(self, source: _Source, length: int, places: list[int]) -> None:
        self._source = source
        self._length = length
        self._places = places

    def word(self, number: object) -> str | None:
        if type(number) is not int or not 0 <= number < self._length:
            return None
        self._source.narrow()
        self._source.go(self._places[number // _STEP])
        for _ in range(number % _STEP):
            self._source.skip_text()
        return self._source.text_or_none(TEXT_SIZE_MAX)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _natural(value: object) -> int | None:
    return value if type(value) is int and 0 < value < 2**53 else None


@cache
def _file_types() -> Mapping[str, str]:
    found: Mapping[str, str] = facts("quantizations")["file_types"]
    return found


@cache
def _tensor_types() -> Mapping[str, str]:
    found: Mapping[str, str] = facts("quantizations")["tensor_types"]
    return found
