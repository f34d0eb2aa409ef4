"""Is this word a language code, and what is the language called?

Two-letter codes are ISO 639-1; three-letter ones those of ISO 639-2 and 639-3. Cards also write regions and scripts
(`pt-BR`, `zh-Hant`). Names come from the locale data (CLDR) in any language of the pages, and where it knows none, in
English from the tables of ISO 639.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from babel import Locale, UnknownLocaleError

from zoco.formats.cards.facts import facts

_OLDER = frozenset({"sh"})
"""Codes that ISO withdrew and cards still name: Serbo-Croatian."""

LANGUAGES: frozenset[str] = frozenset(facts("languages")["iso_639_1"]) | _OLDER
"""ISO 639-1."""

SPECIAL = {"multilingual": "multilingual", "code": "code"}

_CODE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")


def is_language(code: str) -> bool:
    """What `language:` of a card may hold."""
    if code in SPECIAL:
        return True
    return _CODE.fullmatch(code) is not None and (code[:2] in LANGUAGES or len(re.split("[-_]", code)[0]) == 3)


def is_language_tag(tag: str) -> bool:
    """Whether a bare word among `tags:` means a language. Three letters are too often something else (`ner`, `asr`)."""
    return tag in LANGUAGES or tag == "multilingual"


def language_name(code: str, locale: str = "en") -> str:
    """In the language of `locale`, else in English; the code itself where no name is known."""
    base, *rest = re.split("[-_]", code)
    name = _names(locale).get(base) or _english(base)
    if name is None:
        return code
    return f"{name} ({'-'.join(rest)})" if rest else name


def native_name(code: str) -> str | None:
    """What its speakers call it, where that is known."""
    return _native().get(code)


def _english(code: str) -> str | None:
    return (_two_letters() if len(code) == 2 else _three_letters()).get(code)


@cache
def _two_letters() -> Mapping[str, str]:
    return {code: names[0] for code, names in facts("languages")["iso_639_1"].items()}


@cache
def _three_letters() -> Mapping[str, str]:
    """8,000 languages, read when somebody first asks for the name of one that the locale data does not know."""
    return {code: names[0] for code, names in facts("languages_3")["iso_639_3"].items()}


@cache
def _native() -> Mapping[str, str]:
    found = facts("languages")["iso_639_1"] | facts("languages_3")["iso_639_3"]
    return {code: names[1] for code, names in found.items() if len(names) > 1}


@cache
def _names(locale: str) -> dict[str, str]:
    try:
        return {str(code): str(name) for code, name in Locale.parse(locale.replace("-", "_")).languages.items()}
    except (UnknownLocaleError, ValueError):
        return _names("en")
