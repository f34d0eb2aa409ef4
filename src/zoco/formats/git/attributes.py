"""Which paths does .gitattributes send to LFS, and which does .gitignore leave out? (gitattributes, gitignore)

Patterns come from users, so matching is linear: no backtracking beyond the last `*`, neither within a name nor over
the folders of a path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE_BYTES_MAX = 2048  # git's own limit (ATTR_MAX_LINE_LENGTH)
_BLANK = " \t"
RULES_MAX = 2000


@dataclass(frozen=True, slots=True)
class Pattern:
    """One glob. `parts` are the folders of the pattern, None for `**`."""

    parts: tuple[re.Pattern[str] | None, ...]
    only_folders: bool = False

    def matches(self, names: list[str]) -> bool:
        """Two fingers with a way back to the last `**` only: each other part takes exactly one name."""
        parts, at, part, back = self.parts, 0, 0, -1
        resume = 0
        while at < len(names):
            here = parts[part] if part < len(parts) else None
            if part < len(parts) and here is None:
                back, resume = part, at
                part += 1
            elif here is not None and here.fullmatch(names[at]):
                part, at = part + 1, at + 1
            elif back >= 0:
                resume += 1
                part, at = back + 1, resume
            else:
                return False
        return all(left is None for left in parts[part:])


def parse_pattern(text: str) -> Pattern | None:
    """None for a pattern that can match nothing."""
    only_folders = text.endswith("/")
    text = text.rstrip("/") if only_folders else text
    if not text:
        return None
    anchored = "/" in text
    names = text.lstrip("/").split("/")
    if any(not name for name in names):
        return None
    parts = [None if name == "**" else _glob(name) for name in names]
    if not anchored:
        parts.insert(0, None)
    if parts[-1] is None:  # a trailing `/**` means everything inside, and so at least one name
        parts.append(_ANY_NAME)
    return Pattern(tuple(parts), only_folders)


class Attributes:
    """The rules of one .gitattributes at the root of a tree; a later rule wins over an earlier one."""

    def __init__(self, text: str) -> None:
        self._rules: list[tuple[Pattern, bool]] = []
        macros: dict[str, bool] = {}
        for line in _lines(text):
            pattern, words = _pattern_and_words(line)
            if pattern.startswith("[attr]"):
                if (means := _filter_of(words, {})) is not None:
                    macros[pattern[6:]] = means
            elif pattern and not pattern.startswith("!") and not pattern.endswith("/"):
                is_lfs, glob = _filter_of(words, macros), parse_pattern(pattern)
                if is_lfs is not None and glob:
                    self._rules.append((glob, is_lfs))

    def is_lfs(self, path: str) -> bool:
        names = path.split("/")
        return next((is_lfs for pattern, is_lfs in reversed(self._rules) if pattern.matches(names)), False)


class Ignore:
    """The rules of one .gitignore at the root of a tree."""

    def __init__(self, text: str) -> None:
        self._rules: list[tuple[Pattern, bool]] = []
        for line in _lines(text):
            ignores = not line.startswith("!")
            if pattern := parse_pattern(_without_trailing_spaces(line if ignores else line[1:])):
                self._rules.append((pattern, ignores))

    def matches(self, path: str) -> bool:
        """True too for what lies in an ignored folder: a later `!` cannot bring it back."""
        names = path.split("/")
        folders = range(1, len(names))
        return any(self._ignores(names[:depth], is_folder=True) for depth in folders) or self._ignores(names)

    def _ignores(self, names: list[str], *, is_folder: bool = False) -> bool:
        for pattern, ignores in reversed(self._rules):
            if (is_folder or not pattern.only_folders) and pattern.matches(names):
                return ignores
        return False


def _lines(text: str) -> list[str]:
    lines = (line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n"))
    good = [line for line in lines if line.strip(_BLANK) and not line.startswith("#") and len(line) < LINE_BYTES_MAX]
    return good[:RULES_MAX]


def _pattern_and_words(line: str) -> tuple[str, list[str]]:
    line = line.strip(_BLANK)
    if line.startswith('"') and (quoted := re.match(r'"((?:[^"\\]|\\.)*)"(?:[ \t]+(.*))?$', line)):
        return re.sub(r"\\(.)", r"\1", quoted[1]), _words(quoted[2] or "")
    pattern, *words = _words(line)
    return pattern, words


def _words(text: str) -> list[str]:
    """At git's blanks alone: other spaces of Unicode belong to names."""
    return [word for word in re.split(f"[{_BLANK}]", text) if word]


def _filter_of(words: list[str], macros: dict[str, bool]) -> bool | None:
    """Whether `filter=lfs` holds after these words; None when they do not speak of it."""
    answer: bool | None = None
    for word in words:
        if word.startswith("filter=") or word in ("filter", "-filter", "!filter"):
            answer = word == "filter=lfs"
        elif word in macros:
            answer = macros[word]
    return answer


def _without_trailing_spaces(line: str) -> str:
    return re.sub(r"(?<!\\)[ \t]+$", "", line)


_ANY_NAME = re.compile(r"(?s:.+)")
_TOKEN = re.compile(
    r"(?s)\\(?P<escaped>.)|(?P<stars>\*+)|(?P<one>\?)|\[(?P<not>[!^]?)(?P<set>\]?(?:\[:\w+:\]|\\.|[^\]\\])*)\]|(?P<plain>.)"
)
_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "digit": "0-9", "lower": "a-z", "upper": "A-Z", "xdigit": "0-9A-Fa-f",
    "space": r"\s", "blank": r" \t", "punct": r"!-/:-@\[-`{-~", "cntrl": r"\x00-\x1f\x7f", "print": r"\x20-\x7e",
    "graph": r"\x21-\x7e",
}  # fmt: skip


def _glob(name: str) -> re.Pattern[str]:
    """Text between two stars is found leftmost and for good (an atomic group), so that matching is linear."""
    chunks: list[str] = [""]
    for token in _TOKEN.finditer(name):
        if token["stars"]:
            chunks.append("")
        else:
            chunks[-1] += _one_character(token)
    if len(chunks) == 1:
        return re.compile(f"(?s:{chunks[0]})")
    first, *middle, last = chunks
    return re.compile("(?s:" + first + "".join(f"(?>.*?{chunk})" for chunk in middle if chunk) + f".*{last})")


def _one_character(token: re.Match[str]) -> str:
    if token["one"]:
        return "."
    if token["set"] is not None:
        return _set(token["not"], token["set"])
    return re.escape(token["escaped"] or token["plain"])


def _set(negation: str, members: str) -> str:
    out = ""
    for member in re.finditer(r"(?s)\[:(\w+):\]|\\(.)|(.)-(.)|(.)", members):
        named, escaped, low, high, plain = member.groups()
        if named:
            out += _CLASSES.get(named, "")
        elif low:
            out += f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""
        else:
            out += re.escape(escaped or plain)
    if not out:
        return "." if negation else "(?!)"
    return f"[{'^' if negation else ''}{out}]"
