"""Which words does a text have, as a search compares them? The same for every language. Pure.

A word is a run of letters and digits; case and accents do not tell words apart. Languages that are written without
spaces have one word for each character: their texts are set `apart` before they are stored or searched for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

LENGTH_MAX = 100
"""Of what is compared of a word: longer ones are hashes and noise."""

GAP = "\u200b"
"""Zero width: it parts words and is not seen."""

_WORD = re.compile(r"[^\W_]+")
_ALONE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


class Word(NamedTuple):
    start: int
    end: int
    folded: str


def words_of(text: str) -> Iterator[Word]:
    for found in _WORD.finditer(text):
        folded = fold(found[0])
        if folded:
            yield Word(found.start(), found.end(), folded)


def fold(word: str) -> str:
    if not word.isascii():
        word = "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))
    return word.lower()[:LENGTH_MAX]


def apart(text: str) -> str:
    """With a gap on both sides of each Chinese or Japanese character."""
    if text.isascii():
        return text
    return _ALONE.sub(lambda found: f"{GAP}{found[0]}{GAP}", text).replace(GAP + GAP, GAP)
