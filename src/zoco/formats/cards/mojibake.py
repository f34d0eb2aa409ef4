"""Was this text read in the wrong encoding and saved again, and what did it say before?

`español` becomes `espa√±ol` when UTF-8 is read as Mac Roman, and `espaÃ±ol` when it is read as Windows-1252. Reading
all of it back must give UTF-8 without a fault: text that was never garbled does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARKS = {
    # what the first bytes of accented letters and of typographic signs look like
    "mac_roman": ("Mac Roman", re.compile("[\u221a\u00ac][^\x00-\x7f]|\u201a\u00c4")),
    "cp1252": ("Windows-1252", re.compile("[\u00c3\u00c2][^\x00-\x7f]|\u00e2\u20ac")),
}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_KINDS_MIN = 3
_LETTERS_MIN = 6
"""Without such marks (other scripts), so many letters must come out before it is taken for more than chance: `—Él`
alone would read as a letter of Cyrillic."""


@dataclass(frozen=True, slots=True)
class Restored:
    """`line` counts from 1: the first that is garbled."""

    text: str
    encoding: str
    line: int


def restored(text: str) -> Restored | None:
    """None for text that is as its author wrote it, as far as can be told."""
    first = _NOT_ASCII.search(text)
    if first is None:
        return None
    for encoding, (name, marks) in _MARKS.items():
        try:
            before = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        letters = _NOT_ASCII.findall(before)
        if marks.search(text) or (len(letters) >= _LETTERS_MIN and len(set(letters)) >= _KINDS_MIN):
            return Restored(before, name, text.count("\n", 0, first.start()) + 1)
    return None
