"""Which words of a card introduce it? The first paragraph of prose, without its markup. Pure."""

from __future__ import annotations

import re

LENGTH_MAX = 300
_READ_MAX = 20_000  # an introduction further down is none

_FENCED = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_HTML = re.compile(r"<[^<>]{0,500}>")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`|~~)")
_NOT_PROSE = re.compile(r"(#{1,6}(\s|$)|[-*+]\s|\d+[.)]\s|>|\||[-=*_]{3,}\s*$| {4}|\t|\[[^\]]+\]:)")
_SPACES = re.compile(r"\s+")


def description_of(body: str) -> str:
    """Empty when the card has no prose near its beginning."""
    text = _FENCED.sub("", _COMMENT.sub("", body[:_READ_MAX]))
    for paragraph in re.split(r"\n[ \t]*\n", text):
        lines = [line for line in paragraph.strip("\n").split("\n") if not _NOT_PROSE.match(line)]
        prose = _without_markup(" ".join(lines))
        if any(character.isalpha() for character in prose):
            return _shortened(prose)
    return ""


def _without_markup(text: str) -> str:
    text = _HTML.sub(" ", _LINK.sub(r"\1", _IMAGE.sub("", text)))
    return _SPACES.sub(" ", _EMPHASIS.sub("", text)).strip()


def _shortened(text: str) -> str:
    if len(text) <= LENGTH_MAX:
        return text
    return text[: LENGTH_MAX - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
