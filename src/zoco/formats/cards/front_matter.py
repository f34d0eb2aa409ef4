"""Where does a README's metadata end and its text begin, and what does the metadata say?

The block stands at the very start between two lines of `---`, as huggingface_hub reads it (`repocard.py`,
REGEX_YAML_BLOCK). A broken block never hides the text, and what an obvious repair makes readable is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from zoco.formats.cards.card_yaml import Value, YamlError, load

BLOCK_SIZE_MAX = 256_000

_OPENING = re.compile(r"\ufeff?(?:[ \t]*\r?\n)*---[ \t]*(?:\r\n|\n|\r)")
_CLOSING = re.compile(r"(?:^|(?<=\r))---[ \t]*(?:\r\n|\n|\r|\Z)", re.MULTILINE)
_KEY = re.compile(r"[ \t\u00a0]*[A-Za-z_][\w -]*:(?:\s|$)")
_TABBED = re.compile(r"^ *\t", re.MULTILINE)
_ODD_SPACES = re.compile("[\u00a0\u2007\u202f\u3000]")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the block could not be read as written. `line` counts from 1 in the README; `hint` names the repair."""

    line: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" + (f". {self.hint}" if self.hint else "")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """`data` may come from a repaired block: then `problem` is set as well. `body_line` counts from 1."""

    data: Mapping[str, Value] = field(default_factory=dict)
    problem: Problem | None = None
    body: str = ""
    has_block: bool = False
    body_line: int = 1


def split(text: str) -> FrontMatter:
    """Never raises: whatever somebody pushed as README.md still has a page."""
    opening = _OPENING.match(text)
    if opening is None:
        return FrontMatter(body=text.removeprefix("\ufeff"))
    first_line = _lines_in(text[: opening.end()]) + 1
    closing = _CLOSING.search(text, opening.end())
    if closing is None:
        return _unclosed(text, opening, first_line)
    block, body = text[opening.end() : closing.start()], text[closing.end() :]
    body_line = _lines_in(text[: closing.end()]) + 1
    data, problem = _read(block, first_line)
    return FrontMatter(data, problem, body, has_block=True, body_line=body_line)


def _unclosed(text: str, opening: re.Match[str], first_line: int) -> FrontMatter:
    """A lone `---` may also be a ruled line of Markdown: only what looks like metadata is a fault."""
    body = text.removeprefix("\ufeff")
    if not _KEY.match(text, opening.end()):
        return FrontMatter(body=body)
    hint = "Add a line of --- after the last line of metadata."
    return FrontMatter(problem=Problem(first_line - 1, "the metadata block is never closed", hint), body=body)


def _read(block: str, first_line: int) -> tuple[Mapping[str, Value], Problem | None]:
    if len(block.encode("utf-8", "replace")) > BLOCK_SIZE_MAX:
        hint = "Move long text below the block."
        return {}, Problem(first_line, f"the metadata is larger than {BLOCK_SIZE_MAX // 1000} kB", hint)
    try:
        return _mapping(load(block), block), None
    except YamlError as error:
        return _repaired(block, first_line, error)


def _mapping(value: Value, block: str) -> Mapping[str, Value]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise YamlError(1, 1, "the metadata must be lines of `key: value`")
    if odd := next((key for key in value if _ODD_SPACES.search(key)), None):
        line = _lines_in(block[: max(block.find(odd), 0)]) + 1
        raise YamlError(line, 1, f"the key '{_ODD_SPACES.sub(' ', odd).strip()}' has a no-break space in it")
    return value


def _repaired(block: str, first_line: int, error: YamlError) -> tuple[Mapping[str, Value], Problem]:
    """The first repair that helps is the hint; its data is used, so that the card loses nothing."""
    for repaired, hint in _repairs(block, first_line):
        try:
            return _mapping(load(repaired), repaired), Problem(first_line + error.line - 1, error.message, hint)
        except YamlError:
            continue
    return {}, Problem(first_line + error.line - 1, error.message, _advice(block, error))


def _repairs(block: str, first_line: int) -> list[tuple[str, str]]:
    spaces = _ODD_SPACES.sub(" ", block)
    tabs = re.sub(r"^[ \t]+", lambda found: found[0].replace("\t", "  "), spaces, flags=re.MULTILINE)
    found: list[tuple[str, str]] = []
    if spaces != block:
        where = _where(block, _ODD_SPACES, first_line)
        found.append((spaces, f"{where} holds a no-break space: replace it by an ordinary space."))
    if tabs != spaces:
        found.append((tabs, f"{_where(spaces, _TABBED, first_line)} begins with a tab: use spaces."))
    if indent := re.match(r"(?:[ \t]*(?:#[^\n]*)?\n)*( +)\S", tabs):
        key = tabs[: indent.start(1)] + tabs[indent.end(1) :]
        hint = "Remove the space before the first key: keys of the first level begin at the start of the line."
        odd = " Replace the no-break spaces by ordinary ones as well." if spaces != block else ""
        found.append((key, hint + odd))
        found.append((re.sub(rf"^{indent[1]}", "", tabs, flags=re.MULTILINE), hint + odd))
    return found


def _where(block: str, pattern: re.Pattern[str], first_line: int) -> str:
    at = pattern.search(block)
    return f"Line {first_line + _lines_in(block[: at.start()])}" if at else "The block"


def _advice(block: str, error: YamlError) -> str:
    lines = block.splitlines()
    line = lines[error.line - 1] if 0 < error.line <= len(lines) else ""
    before = lines[error.line - 2] if 1 < error.line <= len(lines) + 1 else ""
    if any(re.search(r":\s+[^'\"\[{|>].*:\s", text) for text in (line, before)):
        return "Put a value that holds a colon between quotes."
    if re.match(r"\s*[\w-]+:\S", line):
        return "Write a space after the colon."
    if re.search(r":\s+[@`%&*!|>]", line):
        return "Put a value that begins with a special character between quotes."
    return ""


def _lines_in(text: str) -> int:
    return len(re.findall(r"\r\n|\n|\r", text))
