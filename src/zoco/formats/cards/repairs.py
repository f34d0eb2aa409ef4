"""Which small changes make broken metadata readable, and what is each called?

Each rule offers changed text for a place where YAML stopped; a change is kept when the block can then be read, or
further than with another. So several faults in one block are mended one after the other. What is never done: to guess
which of two values was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from zoco.formats.cards.card_yaml import Value, YamlError, load

ATTEMPTS_MAX = 100
PARSED_MAX = 1_000_000
"""Characters that are parsed to mend one block: a small card gets all attempts, a large one few."""

ODD_SPACES = re.compile("[\u00a0\u2007\u202f\u3000]")
_LOOK_BACK_MAX = 50  # lines above the fault that may have begun it
_NEWLINE = re.compile(r"\r\n|\n|\r")
_TABBED = re.compile(r"^ *\t", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_INDENTED_START = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*( +)\S")

_KEY = r"[ ]*(?:- +)?[A-Za-z_][\w.-]*"
_NO_SPACE = re.compile(rf"({_KEY}):(?=[^\s:/\\])")
_NO_SPACE_DASH = re.compile(r"([ ]*)-(?=[^\s-])")
_VALUE = re.compile(rf"({_KEY}:[ ]+|[ ]*- +)((?:(?! #)[^\n])+)(.*)$")
_COLON = re.compile(r"[^\s'\"\[{|>#].*:(?: |$)")
_SPECIAL_START = re.compile(r"[@`%&*|>\]},]|!(?!!)")
_OPEN_QUOTE = re.compile(rf"({_KEY}:[ ]+|[ ]*- +)?([\"'])([^\n]*)$")
_ANY_KEY = re.compile(rf"{_KEY}:(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Mended:
    """`hints` name the changes in order, each with its line."""

    block: str
    data: Mapping[str, Value]
    hints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    text: str
    hints: tuple[str, ...] = ()


def read_block(text: str) -> Mapping[str, Value]:
    """The metadata's keys and values. Raises YamlError."""
    value = load(text)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise YamlError(1, 1, "the metadata must be lines of `key: value`")
    if odd := next((key for key in value if ODD_SPACES.search(key)), None):
        line = text.count("\n", 0, max(text.find(odd), 0)) + 1
        raise YamlError(line, 1, f"the key '{ODD_SPACES.sub(' ', odd).strip()}' has a no-break space in it")
    return value


def mend(block: str, first_line: int, error: YamlError) -> Mended | None:
    """`first_line` is the block's line in the README. None when no change helps. Keeps the kind of newlines."""
    newline = found[0] if (found := _NEWLINE.search(block)) else "\n"
    mended = None if error.is_too_much else _Mender(first_line).mended(_NEWLINE.sub("\n", block), error)
    return replace(mended, block=mended.block.replace("\n", newline)) if mended else None


@dataclass(slots=True)
class _Mender:
    first_line: int
    hints: list[str] = field(default_factory=list)
    attempts: int = 0
    parsed: int = 0

    def mended(self, text: str, error: YamlError) -> Mended | None:
        while True:
            for changes in self._ranked(text, error):
                further: tuple[_Change, YamlError] | None = None
                for change in changes:
                    if change.text == text:
                        continue
                    if not self._may_try(change.text):
                        return None
                    try:
                        data = read_block(change.text)
                    except YamlError as left:
                        if _place(left) > _place(further[1] if further else error):
                            further = (change, left)
                    else:
                        return Mended(change.text, data, (*self.hints, *change.hints))
                if further:
                    break
            else:
                return None
            text, error = further[0].text, further[1]
            self.hints.extend(further[0].hints)

    def _may_try(self, text: str) -> bool:
        self.attempts += 1
        self.parsed += len(text)
        return self.attempts <= ATTEMPTS_MAX and self.parsed <= PARSED_MAX

    def _ranked(self, text: str, error: YamlError) -> Iterator[Iterator[_Change]]:
        """From what is surely meant to what at least loses nothing."""
        lines = text.split("\n")
        last = min(error.line, len(lines)) - 1
        yield self._obvious(text, last)
        yield self._of_indents(lines, last)
        yield self._comments(lines, last)

    def _obvious(self, text: str, last: int) -> Iterator[_Change]:
        """Also where odd spaces hide what else is wrong."""
        bases = [_Change(text), *self._of_spaces(text)]
        yield from bases
        for base in bases:
            lines = base.text.split("\n")
            for change in self._of_lines(lines, last):
                yield _Change(change.text, (*base.hints, *change.hints))

    def _of_lines(self, lines: list[str], last: int) -> Iterator[_Change]:
        for number in (last, last - 1):
            if number >= 0:
                yield from self._of_line(lines, number)
        yield from self._of_all_lines(lines, last)
        yield from self._of_open_ends(lines, last)

    def _comments(self, lines: list[str], last: int) -> Iterator[_Change]:
        for number in (last, last - 1):
            if number >= 0 and not _ANY_KEY.match(lines[number]) and lines[number].strip():
                hint = f"Line {self._line(number)} is no `key: value`: begin it with # to make it a comment."
                yield _Change(_with(lines, number, f"# {lines[number].lstrip()}"), (hint,))

    def _line(self, number: int) -> int:
        return self.first_line + number

    def _of_spaces(self, text: str) -> Iterator[_Change]:
        """Kinds of space, and the space before the first key: each on top of the one before."""
        spaces = ODD_SPACES.sub(" ", text)
        tabs = _INDENT.sub(lambda found: found[0].replace("\t", "  "), spaces)
        if spaces != text:
            hint = f"Line {self._place(text, ODD_SPACES)} holds a no-break space: replace it by an ordinary space."
            yield _Change(spaces, (hint,))
        if tabs != spaces:
            yield _Change(tabs, (f"Line {self._place(spaces, _TABBED)} begins with a tab: use spaces.",))
        if indent := _INDENTED_START.match(tabs):
            hint = "Remove the space before the first key: keys of the first level begin at the start of the line."
            odd = ("Replace the no-break spaces by ordinary ones as well.",) if spaces != text else ()
            yield _Change(tabs[: indent.start(1)] + tabs[indent.end(1) :], (hint, *odd))
            yield _Change(re.sub(rf"^{indent[1]}", "", tabs, flags=re.MULTILINE), (hint, *odd))

    def _place(self, text: str, pattern: re.Pattern[str]) -> int:
        at = pattern.search(text)
        return self._line(text.count("\n", 0, at.start()) if at else 0)

    def _of_line(self, lines: list[str], number: int) -> Iterator[_Change]:
        line, where = lines[number], f"Line {self._line(number)}"
        if _NO_SPACE.match(line):
            fixed = _spaced(_NO_SPACE, line)
            yield _Change(_with(lines, number, fixed), (f"{where}: write a space after the colon.",))
        if _NO_SPACE_DASH.match(line):
            fixed = _spaced(_NO_SPACE_DASH, line)
            yield _Change(_with(lines, number, fixed), (f"{where}: write a space after the dash.",))
        if found := _VALUE.match(line):
            fixed = f"{found[1]}{_quoted(found[2])}{found[3]}"
            for pattern, why in ((_COLON, "it holds a colon"), (_SPECIAL_START, "it begins with a special character")):
                if pattern.match(found[2]):
                    yield _Change(_with(lines, number, fixed), (f"{where}: put the value between quotes, for {why}.",))

    def _of_all_lines(self, lines: list[str], last: int) -> Iterator[_Change]:
        """Who forgets a space once forgets it everywhere, and YAML then stops far below."""
        for pattern, what in ((_NO_SPACE, "colon"), (_NO_SPACE_DASH, "dash")):
            wrong = [number for number, line in enumerate(lines) if pattern.match(line)]
            if len(wrong) > 1 and wrong[0] <= last:
                fixed = [_spaced(pattern, line) for line in lines]
                where = ", ".join(str(self._line(number)) for number in wrong[:5])
                yield _Change("\n".join(fixed), (f"Lines {where}: write a space after the {what}.",))

    def _of_open_ends(self, lines: list[str], last: int) -> Iterator[_Change]:
        """A quote, list or group that is never closed: the nearest at or above the fault."""
        for number in range(last, max(last - _LOOK_BACK_MAX, -1), -1):
            line, where = lines[number], f"Line {self._line(number)}"
            if (found := _OPEN_QUOTE.match(line)) and found[2] not in found[3].replace("\\" + found[2], ""):
                yield _Change(_with(lines, number, line.rstrip() + found[2]), (f"{where}: close the quote.",))
            for opens, closes in ("[]", "{}"):
                missing = line.count(opens) - line.count(closes)
                if missing > 0:
                    fixed = line.rstrip().rstrip(",") + closes * missing
                    yield _Change(_with(lines, number, fixed), (f"{where}: close the '{opens}' with '{closes}'.",))

    def _of_indents(self, lines: list[str], last: int) -> Iterator[_Change]:
        """A line moved under the one above it, or to the start."""
        line = lines[last]
        above = next((lines[n] for n in range(last - 1, max(last - _LOOK_BACK_MAX, -1), -1) if lines[n].strip()), "")
        hint = f"Line {self._line(last)}: indent it like the lines it belongs to."
        for indent in {len(above) - len(above.lstrip(" ")): None, 0: None}:
            yield _Change(_with(lines, last, " " * indent + line.lstrip(" ")), (hint,))


def _spaced(pattern: re.Pattern[str], line: str) -> str:
    found = pattern.match(line)
    return f"{found[0]} {line[found.end() :]}" if found else line


def _place(error: YamlError) -> tuple[int, int]:
    return error.line, error.column


def _with(lines: list[str], number: int, line: str) -> str:
    return "\n".join([*lines[:number], line, *lines[number + 1 :]])


def _quoted(value: str) -> str:
    value = value.rstrip()
    if '"' not in value and "\\" not in value:
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"
