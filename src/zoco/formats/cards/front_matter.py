"""Where does a README's metadata end and its text begin, and what does the metadata say?

The block stands at the very start between two lines of `---`, as huggingface_hub reads it (`repocard.py`,
REGEX_YAML_BLOCK). A broken block never hides the text, and what an obvious repair makes readable is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from zoco.formats.cards.card_yaml import Value, YamlError
from zoco.formats.cards.mojibake import restored
from zoco.formats.cards.repairs import mend, read_block

BLOCK_SIZE_MAX = 256_000

_OPENING = re.compile(r"\ufeff?(?:[ \t]*\r?\n)*---[ \t]*(?:\r\n|\n|\r)")
_CLOSING = re.compile(r"(?:^|(?<=\r))---[ \t]*(?:\r\n|\n|\r|\Z)", re.MULTILINE)
_KEY = re.compile(r"[ \t\u00a0]*[A-Za-z_][\w -]*:(?:\s|$)")
_METADATA_LINE = re.compile(r"(?:[ \t]*|[ \t]*-[ \t].*|[ \t]+\S.*|[A-Za-z_][\w-]*:(?:[ \t].*)?)(?:\r\n|\n|\r|\Z)")
_NEWLINE = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the block could not be read as written. `line` counts from 1 in the README; `hints` name the repair."""

    line: int
    message: str
    hints: tuple[str, ...] = ()

    @property
    def hint(self) -> str:
        return " ".join(self.hints)

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
    garbled: Problem | None = None
    """the whole text was read in a wrong encoding and saved again: its metadata is read as it was before"""
    repaired: str | None = None
    """the whole README as it would be without the faults of `problem` and `garbled`; None where there are none, or
    nothing is known to help"""


def split(text: str) -> FrontMatter:
    """Never raises: whatever somebody pushed as README.md still has a page."""
    found = _split(text)
    before = restored(text)
    if before is None:
        return found
    then = _split(before.text)
    message = f"the text was read as {before.encoding} and saved again, which garbled its letters"
    garbled = Problem(before.line, message, ("Save it as it was before: in UTF-8.",))
    return replace(found, data=then.data, problem=then.problem, garbled=garbled, repaired=then.repaired or before.text)


def _split(text: str) -> FrontMatter:
    opening = _OPENING.match(text)
    if opening is None:
        return FrontMatter(body=text.removeprefix("\ufeff"))
    first_line = _lines_in(text[: opening.end()]) + 1
    closing = _CLOSING.search(text, opening.end())
    if closing is None:
        return _unclosed(text, opening, first_line)
    block, body = text[opening.end() : closing.start()], text[closing.end() :]
    body_line = _lines_in(text[: closing.end()]) + 1
    data, problem, mended = _read(block, first_line)
    whole = None if mended is None else text[: opening.end()] + mended + text[closing.start() :]
    return FrontMatter(data, problem, body, has_block=True, body_line=body_line, repaired=whole)


def _unclosed(text: str, opening: re.Match[str], first_line: int) -> FrontMatter:
    """A lone `---` may also be a ruled line of Markdown: only what looks like metadata is a fault."""
    body = text.removeprefix("\ufeff")
    if not _KEY.match(text, opening.end()):
        return FrontMatter(body=body)
    hint = "Add a line of --- after the last line of metadata."
    problem = Problem(first_line - 1, "the metadata block is never closed", (hint,))
    end = _end_of_metadata(text, opening.end())
    block = text[opening.end() : end]
    data, _, mended = _read(block, first_line)
    if not data:
        return FrontMatter(problem=problem, body=body)
    newline = found[0] if (found := _NEWLINE.search(opening[0].lstrip("\ufeff"))) else "\n"
    block = block if mended is None else mended
    if not _NEWLINE.search(block, len(block) - 1):
        block += newline
    return FrontMatter(data, problem, body, repaired=f"{opening[0]}{block}---{newline}{text[end:]}")


def _end_of_metadata(text: str, start: int) -> int:
    """Where lines stop to look like metadata; blank lines before that belong to the text."""
    at = end = start
    while at < len(text) and (line := _METADATA_LINE.match(text, at)) and line.end() > at:
        at = line.end()
        if line[0].strip():
            end = at
    return end


def _read(block: str, first_line: int) -> tuple[Mapping[str, Value], Problem | None, str | None]:
    """Data, what is wrong, and the block without that."""
    if len(block.encode("utf-8", "replace")) > BLOCK_SIZE_MAX:
        hint = "Move long text below the block."
        return {}, Problem(first_line, f"the metadata is larger than {BLOCK_SIZE_MAX // 1000} kB", (hint,)), None
    try:
        return read_block(block), None, None
    except YamlError as error:
        mended = mend(block, first_line, error)
        problem = Problem(first_line + error.line - 1, error.message, mended.hints if mended else ())
        return (mended.data, problem, mended.block) if mended else ({}, problem, None)


def _lines_in(text: str) -> int:
    return len(_NEWLINE.findall(text))
