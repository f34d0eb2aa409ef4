"""What does a card say, without its markup? For searching and for showing a passage, not for reading. Pure.

Everything is bounded and takes time in proportion to the text, whatever it holds.
"""

from __future__ import annotations

import html
import re
import unicodedata

from zoco.formats.cards.words import apart

READ_MAX = 1_000_000
SIZE_MAX = 200_000
"""Bytes of the plain text that are kept."""

_MARKUP: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.MULTILINE), to)
    for pattern, to in (
        (r"<[A-Za-z/!?][^<>]{0,2000}>", " "),
        (r"[A-Za-z0-9+/=_-]{150,}", " "),  # keys, hashes, pictures in base64
        (r"^[ \t]{0,3}(?:`{3,}|~{3,})[^\n]*$", ""),  # fences: what is between them stays
        (r"^[ \t]{0,3}\[[^\[\]\n]{1,200}\]:[^\n]*$", ""),  # where links lead
        (r"!\[([^\[\]]{0,500})\](?:\([^()\n]{0,2000}\)|\[[^\[\]\n]{0,200}\])", r"\1 "),
        (r"\[([^\[\]]{0,500})\](?:\([^()\n]{0,2000}\)|\[[^\[\]\n]{0,200}\])", r"\1 "),
        (r"^[ \t:|]*-[ \t:|-]*$", ""),  # rules, and the line below a table's head
        (r"^[ \t]{0,8}(?:#{1,6}[ \t]|>[ \t]?|[-*+][ \t]|\d{1,3}[.)][ \t])+", ""),
        (r"\*{1,3}|`+|~~|(?<![^\W_])_{1,2}|_{1,2}(?![^\W_])|\|", " "),
    )
)
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_UNKNOWN = re.compile("[\ud800-\udfff]")


def plain_text(markdown: str, size_max: int = SIZE_MAX) -> str:
    """`markdown` without its front matter."""
    text = _without(markdown[:READ_MAX], "<!--", "-->")
    for tag in ("script", "style", "svg"):
        text = _without(text, f"<{tag}", f"</{tag}>")
    for pattern, to in _MARKUP:
        text = pattern.sub(to, text)
    return one_line(html.unescape(text), size_max)


def one_line(text: str, size_max: int = SIZE_MAX) -> str:
    """For text that is no Markdown: with single spaces, words apart, and cut to so many bytes."""
    text = unicodedata.normalize("NFKC", _UNKNOWN.sub(" ", text[:READ_MAX]))
    text = apart(_SPACES.sub(" ", text).strip())
    return text.encode()[:size_max].decode("utf-8", "ignore")


def _without(text: str, start: str, end: str) -> str:
    """What begins and never ends is left, as browsers do."""
    if start not in text:
        return text
    kept, at = [], 0
    while (begins := text.find(start, at)) >= 0 and (ends := text.find(end, begins + len(start))) >= 0:
        kept.append(text[at:begins])
        at = ends + len(end)
    return " ".join([*kept, text[at:]])
