"""How many of the repositories found have each value of a kind? What a filter would leave, before it is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zoco.core.access import Actor
from zoco.formats.cards.tags import TagKind
from zoco.hub.catalog.catalogue import Catalogue, Indexed
from zoco.hub.catalog.index.sizes import sizes_of
from zoco.hub.catalog.index.typed_index import Selection
from zoco.hub.catalog.query import Query
from zoco.hub.catalog.select import selected, what, who

VALUES_MAX = 500


@dataclass(frozen=True, slots=True)
class FacetValue:
    """As most cards write it."""

    value: str
    count: int


def count_values(
    catalogue: Catalogue,
    actor: Actor | None,
    query: Query,
    kind: TagKind,
    *,
    at_most: int = VALUES_MAX,
    holding: str = "",
) -> tuple[FacetValue, ...]:
    """The most frequent first; `holding` only values that hold this text. `query.type` must be given; its page, order
    and cursor do not matter. A kind of which one value can be chosen is counted without that choice: leave it out of
    `query`."""
    type = query.type
    assert type is not None
    with catalogue.view() as view:
        return view.answer(
            ("values", what(query), who(actor), kind, at_most, holding),
            lambda: _counted(view.types[type], selected(view, type, query, actor), kind, at_most, holding),
        )


def count_sizes(catalogue: Catalogue, actor: Actor | None, query: Query) -> tuple[int, ...]:
    """How many have a number of parameters in each bucket (`SIZE_BOUNDS`): leave the choice of one out of `query`."""
    type = query.type
    assert type is not None
    with catalogue.view() as view:
        return view.answer(
            ("sizes", what(query), who(actor)),
            lambda: tuple(sizes_of(view.types[type].index, selected(view, type, query, actor))),
        )


def _counted(indexed: Indexed, among: Selection, kind: TagKind, at_most: int, holding: str) -> tuple[FacetValue, ...]:
    column = indexed.index.segment.facets[kind]
    only: Sequence[int] | None = column.holding(holding)[: 4 * at_most] if holding else None
    changed = indexed.index.delta.counts(kind, among.delta)
    in_segment = ((column.labels[one], count) for one, count in column.counts(among.base, at_most, only).items())
    found = {value.lower(): (value, count) for value, count in in_segment}
    for key, (value, count) in changed.items():
        if holding and holding.lower() not in key:
            continue
        spelled, before = found.get(key) or (value, column.count_of(key, among.base))
        found[key] = (spelled, before + count)
    ordered = sorted(found.values(), key=lambda one: (-one[1], one[0].lower()))
    return tuple(FacetValue(value, count) for value, count in ordered[:at_most])
