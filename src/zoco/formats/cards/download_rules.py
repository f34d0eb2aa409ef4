"""Which files of a model are its query files: those that are asked for once in each download?

A rule is a line like `path:"config.json" OR path_extension:"gguf"`: terms of a file's name, joined by AND, OR and NOT
(what the Hub's public library tables use of Elasticsearch's query strings). Pure: a rule is read once into a function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import cache

from zoco.formats.cards.libraries import count_rule

Rule = Callable[[str], bool]
"""Whether the file of this path counts."""

DEFAULT = (
    'path:"config.json" OR path:"config.yaml" OR path:"hyperparams.yaml" OR path:"params.json" OR path:"meta.yaml"'
)
"""Of libraries that have no rule of their own, and of models without a library. In the root folder only."""

GGUF = 'path_extension:"gguf"'
"""Every model's: such a file is whole in itself, whatever library the model is for."""

UNLISTED: Mapping[str, str] = {
    "diffusers": 'path:"model_index.json" OR (NOT _exists_:"path_prefix" AND'
    ' (path_extension:"safetensors" OR path_extension:"ckpt" OR path_extension:"bin"))',
}
"""Rules that the Hub documents in words, outside its tables."""

LENGTH_MAX = 4000
DEPTH_MAX = 20


class RuleError(ValueError):
    """Says where the rule cannot be read."""


def query_files(library: str | None) -> Rule:
    """Of a model of this library (its id); None where it is unknown."""
    return _with_gguf(count_rule(library) or UNLISTED.get(library or "") or DEFAULT)


@cache
def _with_gguf(rule: str) -> Rule:
    """There are as many as rules in the tables: what cards say is looked up there, and not kept."""
    own, gguf = parse_rule(rule), parse_rule(GGUF)
    return lambda path: own(path) or gguf(path)


def parse_rule(text: str) -> Rule:
    """Raises RuleError."""
    if len(text) > LENGTH_MAX:
        raise RuleError(f"a rule has at most {LENGTH_MAX} characters")
    parser = _Parser(text)
    term = parser.any_of(0)
    if parser.word:
        raise parser.error("AND, OR or the end")
    return lambda path: term(_name_of(path))


@dataclass(frozen=True, slots=True)
class _Name:
    """`checkpoints/model.v2.pt` is `checkpoints/` + `model.v2` + `pt`; `.hidden` has no extension."""

    path: str
    path_prefix: str
    path_filename: str
    path_extension: str


_Term = Callable[[_Name], bool]
_FIELDS = ("path", "path_prefix", "path_filename", "path_extension")


def _name_of(path: str) -> _Name:
    folder, slash, name = path.rpartition("/")
    stem, _, extension = name.rpartition(".")
    return _Name(path, folder + slash, stem or name, extension if stem else "")


_TOKEN = re.compile(r'\s*(?:([()])|(AND|OR|NOT)(?=[\s()]|$)|(\w+):(?:"([^"]*)"|([^\s()":]+)))')


class _Parser:
    """NOT binds closest, then AND, then OR; terms with nothing between them are joined by OR, as Elasticsearch does."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self.word = ""
        """where the parser stands: a parenthesis, AND, OR, NOT; a field's name with its colon; empty at the end"""
        self._value = ""
        self._is_quoted = False
        self._next()

    def error(self, wanted: str) -> RuleError:
        return RuleError(f"column {self._end + 1}: {wanted} is expected, not {self.word or 'the end'}")

    def any_of(self, depth: int) -> _Term:
        terms = [self._all_of(depth)]
        while self.word and self.word != ")":
            if self.word == "OR":
                self._next()
            terms.append(self._all_of(depth))
        return terms[0] if len(terms) == 1 else lambda name: any(term(name) for term in terms)

    def _all_of(self, depth: int) -> _Term:
        terms = [self._one(depth)]
        while self.word == "AND":
            self._next()
            terms.append(self._one(depth))
        return terms[0] if len(terms) == 1 else lambda name: all(term(name) for term in terms)

    def _one(self, depth: int) -> _Term:
        if depth > DEPTH_MAX:
            raise RuleError(f"column {self._end}: nested deeper than {DEPTH_MAX}")
        if self.word == "NOT":
            self._next()
            inner = self._one(depth + 1)
            return lambda name: not inner(name)
        if self.word == "(":
            self._next()
            inside = self.any_of(depth + 1)
            if self.word != ")":
                raise self.error("a closing parenthesis")
            self._next()
            return inside
        if not self.word.endswith(":"):
            raise self.error("a field, NOT or a parenthesis")
        term = self._term(self.word[:-1], self._value)
        self._next()
        return term

    def _term(self, field: str, value: str) -> _Term:
        if field == "_exists_" and value in _FIELDS:
            return lambda name: bool(getattr(name, value))
        if field not in _FIELDS:
            raise RuleError(f"column {self._end}: there is no field {field!r}, only {', '.join(_FIELDS)} and _exists_")
        if field == "path_extension":
            value = value.removeprefix(".")  # some say ".pth" for "pth"
        if self._is_quoted or not re.search(r"[*?]", value):
            return lambda name: getattr(name, field) == value
        pattern = re.compile(translate(value.replace("[", "[[]")))  # a bracket is no wildcard here
        return lambda name: pattern.match(getattr(name, field)) is not None

    def _next(self) -> None:
        if not self._text[self._end :].strip():
            self._end, self.word = len(self._text), ""
            return
        found = _TOKEN.match(self._text, self._end)
        if found is None:
            raise RuleError(f"column {self._end + 1}: cannot be read: {self._text[self._end :][:40]!r}")
        self._end = found.end()
        mark, word, field, quoted, bare = found.groups()
        self.word = mark or word or f"{field}:"
        self._value, self._is_quoted = quoted if quoted is not None else bare or "", quoted is not None
