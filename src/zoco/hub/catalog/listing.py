"""Which repositories does a page of a list show, and in which order?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zoco.core.access import Actor
from zoco.core.errors import Invalid
from zoco.core.ids import RepoType
from zoco.core.pages import cursor_after, values_of_cursor
from zoco.hub.catalog.catalogue import Indexed, View
from zoco.hub.catalog.index.document import SIZED, Number
from zoco.hub.catalog.index.page import After, Placed, first_by_name, first_by_number
from zoco.hub.catalog.index.text import Text, Tier, text_of
from zoco.hub.catalog.index.typed_index import Selection
from zoco.hub.catalog.query import Query, Sort
from zoco.hub.catalog.select import selected

SKIP_MAX = 100_000
"""Further on only a cursor leads."""


@dataclass(frozen=True, slots=True)
class Found:
    """`keys` are those of the page's repositories, `total` is how many there are on all pages."""

    keys: tuple[int, ...]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class _Part:
    """Repositories of one type that fit equally well."""

    indexed: Indexed
    chosen: Selection


def found_in(view: View, query: Query, actor: Actor | None) -> Found:
    """Raises Invalid for a cursor that is not ours."""
    types = [query.type] if query.type else list(RepoType)
    chosen = {type: selected(view, type, query, actor) for type in types}
    total = sum(len(one) for one in chosen.values())
    tier, after = _cursor(query)
    skip, wanted = min(query.skip, SKIP_MAX), query.page_size + 1
    met: list[tuple[int, Placed]] = []
    for number, parts in enumerate(_tiers(view, chosen, query)):
        size = sum(len(part.chosen) for part in parts)
        if number < tier or (not after and size <= skip):
            skip -= size if not after else 0
            continue
        placed = _first(parts, query, wanted - len(met), skip, after if number == tier else None)
        met.extend((number, one) for one in placed)
        skip = 0
        if len(met) >= wanted:
            break
    page = met[: query.page_size]
    more = len(met) > query.page_size
    next_cursor = cursor_after(page[-1][0], page[-1][1].value, page[-1][1].key) if more else None
    return Found(tuple(one.key for _, one in page), next_cursor, total)


def _tiers(view: View, chosen: dict[RepoType, Selection], query: Query) -> Iterator[Sequence[_Part]]:
    """What fits better first. A list that is sorted by the caller's choice has one tier."""
    text = text_of(query.search)
    if query.sort is Sort.PARAMETERS and query.ascending:
        # the smallest model is not one of unknown size
        sized = {type: one & view.types[type].index.find([[SIZED]]) for type, one in chosen.items()}
        yield [_Part(view.types[type], one) for type, one in sized.items()]
        yield [_Part(view.types[type], one - sized[type]) for type, one in chosen.items()]
    elif text is None or query.sort is not None:
        yield [_Part(view.types[type], one) for type, one in chosen.items()]
    else:
        yield from zip(*(_parts(view.types[type], text, one) for type, one in chosen.items()), strict=True)


def _parts(indexed: Indexed, text: Text, chosen: Selection) -> Iterator[_Part]:
    return (_Part(indexed, one) for one in indexed.texts.tiers(text, chosen))


def _first(parts: Sequence[_Part], query: Query, count: int, skip: int, after: After | None) -> list[Placed]:
    """`count` of them after the first `skip`."""
    sort = query.sort or Sort.TRENDING
    ascending = query.ascending != (sort is Sort.NAME)  # names run from A to Z
    filled = [part for part in parts if len(part.chosen)]
    at_once = skip if len(filled) == 1 and sort is not Sort.NAME else 0
    end = skip + count
    found: list[Placed] = []
    for part in filled:
        index, chosen = part.indexed.index, part.chosen
        if sort is Sort.NAME:
            found += first_by_name(index, chosen, end, ascending=ascending, after=after)
        else:
            number = Number[sort.name]
            found += first_by_number(index, chosen, number, end, ascending=ascending, after=after, skip=at_once)
    if len(filled) > 1:
        found.sort(key=lambda one: one.place, reverse=not ascending)
    return found[skip - at_once : end - at_once]


def _cursor(query: Query) -> tuple[int, After | None]:
    if not query.cursor:
        return 0, None
    kind = str if query.sort is Sort.NAME else int
    tier, value, key = values_of_cursor(query.cursor, (int, kind, int))
    if not isinstance(tier, int) or not isinstance(key, int) or not 0 <= tier < len(Tier):
        raise Invalid("cursor is not one of ours: take it from the Link header of the page before")
    return tier, (value, key)
