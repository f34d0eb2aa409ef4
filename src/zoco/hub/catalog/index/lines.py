"""How is a list of texts kept in two files? `NAME` holds them one a line, `NAME.starts` where each line begins."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zoco.hub.catalog.index.files import mapped, mapped_array


class Lines:
    """Texts without line feeds, by their numbers."""

    def __init__(self, file: Path) -> None:
        self._text = mapped(file)
        self._starts = mapped_array(_starts_of(file), np.uint64)

    def __len__(self) -> int:
        return len(self._starts)

    def raw(self, at: int) -> bytes:
        start = int(self._starts[at])
        end = int(self._starts[at + 1]) if at + 1 < len(self) else len(self._text)
        return bytes(self._text[start : end - 1])

    def __getitem__(self, at: int) -> str:
        return self.raw(at).decode("utf-8", "surrogatepass")

    def all(self) -> list[bytes]:
        """For a look at every one of them."""
        return bytes(self._text[:]).split(b"\n")[: len(self)]

    def first_from(self, wanted: bytes) -> int:
        """Number of the first that is not less. Only where they are in the order of their bytes."""
        return bisect_left(range(len(self)), wanted, key=self.raw)

    def matching(self, pattern: bytes, flags: re.RegexFlag = re.NOFLAG) -> NDArray[np.int64]:
        """Numbers of those a part of which matches; the pattern must not match a line's end."""
        found = [one.start() for one in re.finditer(pattern, self._text, flags | re.MULTILINE)]
        # all at once: to compare one position alone would copy the starts
        return np.unique(np.searchsorted(self._starts, np.array(found, dtype=np.uint64), side="right") - 1)


def write_lines(file: Path, texts: Iterable[str]) -> None:
    starts, at = array("Q"), 0
    with file.open("wb") as lines:
        for text in texts:
            starts.append(at)
            at += lines.write(text.encode("utf-8", "surrogatepass") + b"\n")
    _starts_of(file).write_bytes(starts.tobytes())


def _starts_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.starts")
