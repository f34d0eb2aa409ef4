"""How is a card's YAML read? As its authors mean it, and without giving a hostile one memory or time.

YAML 1.1 turns `no` (Norwegian) into false, `12:30` into 750 and `2024-01-01` into a date that JSON cannot hold. Here
the words are those of YAML 1.2: only true and false are booleans, and dates stay text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

DEPTH_MAX = 40
VALUES_MAX = 100_000
"""How many values a card may hold once its references (`*name`) are written out."""

Value = Any  # Any: whatever JSON can hold, as the author wrote it


@dataclass(frozen=True)
class YamlError(Exception):
    """`line` and `column` count from 1 within the text that was given."""

    line: int
    column: int
    message: str
    is_too_much: bool = False
    """the text is YAML, but stands for more than anybody may ask to be read: no small change helps"""


class _CardLoader(yaml.CSafeLoader):
    """libyaml parses; which words are not text, and how a mapping is made, is decided here."""

    # PyYAML inherits these tables by attribute: an own one drops YAML 1.1's words
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge keys (`<<`) are left alone: nested ones grow without bound before anything can count them."""

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Hashable, Any]:
        """Keys are text as written: to Python, 1 and true would be one key."""
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "these must be lines of `key: value`", node.start_mark)
        made: dict[Hashable, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a word", key.start_mark)
            if key.value in made:
                problem = f"the key '{key.value}' is here twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            made[key.value] = self.construct_object(value, deep=deep)
        return made


_INT = r"[-+]?(?:0|[1-9][0-9]*|0x[0-9a-fA-F]+)"
_FLOAT = r"[-+]?(?:[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+|\.[0-9]+(?:[eE][-+]?[0-9]+)?)"
_WORDS = (
    ("bool", "true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", _INT, [*"-+0123456789"]),
    ("float", _FLOAT, [*"-+0123456789."]),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
)
for _kind, _pattern, _firsts in _WORDS:
    _CardLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(f"^(?:{_pattern})$"), _firsts)


def load(text: str) -> Value:
    """The document's value, made of what JSON can hold. Raises YamlError."""
    try:
        _check_depth(text)
        return plain(yaml.load(text, Loader=_CardLoader))  # noqa: S506 (a subclass of the safe loader)
    except yaml.MarkedYAMLError as error:
        mark = _place(error)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlError(line, column, _plainly(error.problem or error.context or "")) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(line, 1, "a character that YAML does not allow") from error
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError) as error:
        # PyYAML's constructors raise the plain ones where an explicit tag does not fit (`!!bool x`)
        raise YamlError(1, 1, "a value that is not what its tag says, or a number of thousands of digits") from error


_PLAINLY = (
    ("mapping values are not allowed", "a second colon in a line, or a value that a key with a colon follows"),
    ("did not find expected <document start>", "this line begins further left than the one above it"),
    ("did not find expected key", "this line is not indented like those it belongs to, or a quote ends too early"),
    ("did not find expected '-' indicator", "a line of a list that does not begin with '-'"),
    ("did not find expected ',' or ']'", "a list that begins with '[' is never closed by ']'"),
    ("did not find expected ',' or '}'", "a group that begins with '{' is never closed by '}'"),
    ("did not find expected node content", "a list or a group that is begun but never finished"),
    ("found unexpected end of stream", "a quote that is never closed"),
    ("could not find expected ':'", "a line without `key: value`"),
    ("found character that cannot start any token", "a value that begins with a tab, '@', '`' or '%'"),
    ("block sequence entries are not allowed", "a '-' where no list can begin: put it on a line of its own"),
    ("could not determine a constructor for the tag", "a tag ('!…') that cards do not have"),
    ("found undefined alias", "a reference ('*…') to nothing: put text that begins with '*' between quotes"),
    ("found invalid Unicode", "an escape for a character that does not exist"),
)
"""What libyaml says, and what it means to somebody who writes a card."""


_BEGUN = ("did not find expected ',' or", "did not find expected node content", "found unexpected end of stream")


def _place(error: yaml.MarkedYAMLError) -> yaml.Mark | None:
    """Where the fault shows; of what is never closed, where it begins."""
    if error.context_mark and any(words in (error.problem or "") for words in _BEGUN):
        return error.context_mark
    return error.problem_mark or error.context_mark


def _plainly(problem: str) -> str:
    return next((said for words, said in _PLAINLY if words in problem), problem or "this is not YAML")


def _check_depth(text: str) -> None:
    """Before anything is built: libyaml's composer recurses on the C stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_CardLoader):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > DEPTH_MAX:
                assert event.start_mark is not None
                raise YamlError(event.start_mark.line + 1, 1, f"nested more than {DEPTH_MAX} deep", is_too_much=True)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1


def plain(value: Any) -> Value:  # Any: what a parser of YAML or JSON made
    """A copy that any database's JSON can hold. Raises YamlError when it is too much or too deep."""
    return _Plain().value(value, 0)


class _Plain:
    """Copies what YAML made into what JSON can hold, and counts: references can stand for millions of values."""

    def __init__(self) -> None:
        self._count = 0

    def value(self, value: Value, depth: int) -> Value:
        self._count += 1
        if self._count > VALUES_MAX or depth > DEPTH_MAX:
            message = "references (*name) that stand for too much: write the values out"
            raise YamlError(1, 1, message, is_too_much=True)
        match value:
            case None | bool() | int():
                return value
            case float():
                return value if math.isfinite(value) else str(value)
            case str():
                return text_for_json(value)
            case dict():
                return {text_for_json(str(key)): self.value(item, depth + 1) for key, item in value.items()}
            case set():
                return sorted(text_for_json(str(item)) for item in value)
            case list() | tuple():
                return [self.value(item, depth + 1) for item in value]
            case date():
                return value.isoformat()
            case _:
                raise YamlError(1, 1, f"a value of the kind '{type(value).__name__}': write it as text")


def text_for_json(text: str) -> str:
    """Without what a database's JSON cannot hold: NUL and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
