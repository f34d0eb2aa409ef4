"""In which language does a visitor read, and how are numbers, dates and sizes written there?

A language is a folder in `locales/`: add `locales/xx/LC_MESSAGES/zoco.po` and it is offered. English is the language
of the sources, so it needs no file.
"""

from __future__ import annotations

import gettext as gnu
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_compact_decimal, format_decimal

SOURCE_LANGUAGE = "en"
LOCALES = Path(__file__).parent / "locales"
_GROUPING = {"es": "\u202f"}  # the Academy's thin space, also where CLDR writes a point
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_AMOUNTS = ("", "K", "M", "B", "T")
_COMPACT_FROM = 10_000


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    locale: Locale
    translations: gnu.NullTranslations

    @property
    def own_name(self) -> str:
        return (self.locale.get_display_name(self.locale) or self.code).capitalize()

    def gettext(self, message: str) -> str:
        return self.translations.gettext(message)

    def ngettext(self, one: str, many: str, n: int) -> str:
        return self.translations.ngettext(one, many, n)

    def number(self, value: float) -> str:
        return self._grouped(_decimal(self.locale, value, None))

    def compact(self, value: int) -> str:
        """18204 → 18,2 mil."""
        if value < _COMPACT_FROM:
            return self.number(value)
        return _compact(self.locale, value)

    def amount(self, value: int) -> str:
        """Of parameters and rows, as those who train write it: 124_439_808 → 124M."""
        number, unit = float(value), 0
        while number >= 999.5 and unit < len(_AMOUNTS) - 1:
            number, unit = number / 1000, unit + 1
        digits = "0" if unit == 0 or number >= 99.5 else "0.#"
        return f"{_decimal(self.locale, number, digits)}{_AMOUNTS[unit]}"

    def size(self, size_bytes: int) -> str:
        """Decimal units, as disks and the Hub's clients count: 12_100_000 → 12,1 MB."""
        value, unit = float(size_bytes), 0
        while value >= 999.5 and unit < len(_UNITS) - 1:
            value, unit = value / 1000, unit + 1
        digits = "0" if unit == 0 or value >= 99.95 else "0.#"
        return f"{self._grouped(_decimal(self.locale, value, f'#,##{digits}'))}\u00a0{_UNITS[unit]}"

    def ago(self, at_ms: int, now_ms: int) -> str:
        """`3 days ago`; the date when it is long past."""
        passed = timedelta(milliseconds=max(now_ms - at_ms, 0))
        if passed < timedelta(seconds=45):
            return self.gettext("just now")
        if passed > timedelta(days=330):
            return self.date(at_ms)
        exact = timedelta(minutes=1) if passed < timedelta(days=1) else timedelta(hours=1)
        return _ago(self.locale, passed // exact * exact if passed > timedelta(hours=1) else passed)

    def date(self, at_ms: int) -> str:
        return _date(self.locale, _moment(at_ms).date())

    def long_date(self, at_ms: int) -> str:
        return str(format_date(_moment(at_ms), format="full", locale=self.locale))

    def date_time(self, at_ms: int) -> str:
        return _date_time(self.locale, at_ms // 1000)

    def language_name(self, code: str) -> str | None:
        """`es` → Spanish, in this language; None when CLDR has no name for it."""
        try:
            name = Locale.parse(code.replace("-", "_")).get_display_name(self.locale)
        except (UnknownLocaleError, ValueError):
            name = self.locale.languages.get(code)
        return name[:1].upper() + name[1:] if name else None

    def _grouped(self, text: str) -> str:
        if separator := _GROUPING.get(self.code):
            return text.replace(".", separator)
        return text


@cache
def languages() -> Mapping[str, Language]:
    found = {SOURCE_LANGUAGE: Language(SOURCE_LANGUAGE, Locale.parse(SOURCE_LANGUAGE), gnu.NullTranslations())}
    for catalogue in sorted(LOCALES.glob("*/LC_MESSAGES/zoco.mo")):
        code = catalogue.parts[-3]
        with catalogue.open("rb") as source:
            found[code] = Language(code, Locale.parse(code), gnu.GNUTranslations(source))
    return found


def choose_language(*preferences: str | None, accept: str = "") -> Language:
    """The first of `preferences` that is offered, else the best of the Accept-Language header."""
    offered = languages()
    for code in (*preferences, *_accepted(accept)):
        if code and (language := offered.get(code) or offered.get(code.partition("-")[0].lower())):
            return language
    return offered[SOURCE_LANGUAGE]


def _accepted(header: str) -> list[str]:
    weighted: list[tuple[float, str]] = []
    for part in header[:500].split(",")[:20]:
        code, _, parameters = part.strip().partition(";")
        try:
            weight = float(parameters.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if code and weight > 0:
            weighted.append((weight, code.strip()))
    return [code for _, code in sorted(weighted, key=lambda pair: -pair[0])]


# Babel works out each from its patterns: a list of thirty rows asks for the same few again and again


@lru_cache(maxsize=8192)
def _decimal(locale: Locale, value: float, pattern: str | None) -> str:
    return str(format_decimal(value, format=pattern, locale=locale))


@lru_cache(maxsize=8192)
def _compact(locale: Locale, value: int) -> str:
    return str(format_compact_decimal(value, fraction_digits=1, locale=locale))


@lru_cache(maxsize=8192)
def _ago(locale: Locale, passed: timedelta) -> str:
    return str(format_timedelta(-passed, add_direction=True, threshold=1.2, locale=locale))


@lru_cache(maxsize=8192)
def _date(locale: Locale, day: date) -> str:
    return str(format_date(day, format="medium", locale=locale))


@lru_cache(maxsize=8192)
def _date_time(locale: Locale, at_s: int) -> str:
    return f"{format_datetime(_moment(at_s * 1000), format='medium', locale=locale)} UTC"


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
