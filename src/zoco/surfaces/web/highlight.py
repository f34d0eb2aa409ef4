"""Code with its words coloured: Pygments classes, never inline styles, and only where it is small enough."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape

from markupsafe import Markup
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.util import ClassNotFound

COLOURED_MAX = 256_000
"""84 kB took a second on a loaded machine: larger text stays plain."""

LINE_MAX = 20_000
_ALIASES = {"sh": "bash", "shell": "bash", "console": "console", "jsonl": "json", "yml": "yaml"}
_formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True, classprefix="hl-")


def highlight_block(code: str, language: str) -> Markup:
    """For a fenced block of a card."""
    lexer = _by_name(_ALIASES.get(language.lower(), language.lower()))
    return _coloured(code, lexer)


def highlight_lines(code: str, path: str) -> Sequence[Markup]:
    """One safe piece of HTML for each line. Pygments closes its tags at each line's end."""
    lexer = _by_file(path)
    text = str(_coloured(code, lexer))
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return [Markup(line) for line in lines]  # noqa: S704 # made or escaped by _coloured


def _coloured(code: str, lexer: Lexer | None) -> Markup:
    longest = max(map(len, code.split("\n")), default=0)
    if lexer is None or len(code) > COLOURED_MAX or longest > LINE_MAX:
        return Markup(escape(code, quote=False))  # noqa: S704 # escaped
    return Markup(highlight(code, lexer, _formatter))  # noqa: S704 # Pygments escapes what it colours


@lru_cache(maxsize=64)
def _by_name(name: str) -> Lexer | None:
    try:
        return get_lexer_by_name(name, stripnl=False, ensurenl=False) if name else None
    except ClassNotFound:
        return None


def _by_file(path: str) -> Lexer | None:
    name = path.rpartition("/")[2].lower()
    if name.endswith((".jsonl", ".ipynb")):
        return _by_name("json")
    try:
        return get_lexer_for_filename(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
