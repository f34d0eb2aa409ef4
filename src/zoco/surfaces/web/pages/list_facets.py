"""What can be chosen at the left of a list, how many would remain, and what has been chosen?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from zoco.core.ids import RepoType
from zoco.formats.cards.tasks import DOMAINS, TASKS
from zoco.hub.catalog.facets import count_sizes, count_values
from zoco.hub.catalog.index.document import SIZE_BOUNDS
from zoco.hub.catalog.query import parameters_between
from zoco.surfaces.web import names
from zoco.surfaces.web.i18n import Language
from zoco.surfaces.web.pages.list_asked import FACETS, Asked, Facet
from zoco.surfaces.web.visit import Visit

SHOWN_FIRST = 5
"""Of each domain of tasks."""
SHOWN_OF_ONE = 15
"""Of a facet without groups."""
LISTED_MAX = 150
"""Values that are listed at most: the others are found by the facet's own search."""
NAMED_MAX = 1000
"""Values whose names are compared with what is searched for in a facet."""
FEW = 10
"""No more values than these need no search of their own."""
_NAMED_OTHERWISE = {"language", "license", "library", "task", "modality"}


@dataclass(frozen=True, slots=True)
class Value:
    label: str
    count: int
    href: str
    is_on: bool
    icon: str = ""
    also: str = ""
    """Another word by which it is searched: its code."""


@dataclass(frozen=True, slots=True)
class Group:
    """`first` are shown at once, `rest` on demand. `key` tells the groups of a page apart."""

    key: str
    title: str
    domain: str
    first: tuple[Value, ...]
    rest: tuple[Value, ...]

    @property
    def is_open(self) -> bool:
        return any(value.is_on for value in self.rest)


@dataclass(frozen=True, slots=True)
class Tab:
    facet: Facet
    href: str
    active: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the parameter-size chart. `height` of 100."""

    label: str
    count: int
    upto: int
    height: int
    href: str
    is_on: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class Chip:
    kind: str
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Listed:
    """`is_cut`: there are more values than are listed."""

    groups: tuple[Group, ...]
    is_cut: bool
    has_search: bool


def tabs(asked: Asked) -> tuple[Tab, ...]:
    first = FACETS[asked.type][0]
    return tuple(
        Tab(
            facet,
            asked.href(facet=facet.name if facet is not first else None),
            len(asked.chosen[facet.name]),
            facet is asked.facet,
        )
        for facet in FACETS[asked.type]
    )


def listed(visit: Visit, asked: Asked) -> Listed:
    facet = asked.facet
    counts, is_cut = _counted(visit, asked)
    chosen = asked.chosen[facet.name]
    if not asked.facet_search:
        for value in chosen:
            if value.lower() not in {one.lower() for one in counts}:
                counts[value] = 0
    on = {value.lower() for value in chosen}
    values = {
        value: Value(
            label_of(visit.language, facet.kind, value),
            number,
            asked.toggled(facet.name, next((one for one in chosen if one.lower() == value.lower()), value)),
            value.lower() in on,
            names.task_icon(value) if facet.kind == "task" else "",
            value if facet.kind in _NAMED_OTHERWISE else "",
        )
        for value, number in counts.items()
    }
    if facet.kind == "task":
        groups = _by_domain(visit.language, values)
    else:
        groups = (_group(facet.name, "", "", values.values(), SHOWN_OF_ONE),) if values else ()
    return Listed(groups, is_cut, bool(asked.facet_search) or len(values) > FEW)


def bars(visit: Visit, asked: Asked) -> tuple[Bar, ...]:
    """Empty for a list none of whose models has a known size."""
    if asked.type is not RepoType.MODEL:
        return ()
    counts = count_sizes(visit.hub.catalogue, visit.actor, replace(asked, sizes="").query())
    if not any(counts):
        return ()
    least, most = parameters_between(asked.sizes)
    top = max(counts)
    found = []
    for place, count in enumerate(counts):
        is_last = place == len(SIZE_BOUNDS)
        end = visit.language.amount(SIZE_BOUNDS[min(place, len(SIZE_BOUNDS) - 1)])
        wanted = f"min:{end}" if is_last else f"max:{end}"
        begins = SIZE_BOUNDS[place - 1] if place else 0
        ends = SIZE_BOUNDS[place] if not is_last else None
        is_on = bool(asked.sizes) and begins >= (least or 0) and (most is None or (ends is not None and ends <= most))
        found.append(
            Bar(
                label=f"{end}+" if is_last else end,
                count=count,
                upto=count if is_last else sum(counts[: place + 1]),
                height=max(round(100 * count / top), 6 if count else 2),
                href=asked.href(num_parameters=None if asked.sizes == wanted else wanted),
                is_on=is_on,
                is_last=is_last,
            )
        )
    return tuple(found)


def chips(language: Language, asked: Asked) -> tuple[Chip, ...]:
    def kind(word: str) -> str:
        return language.gettext(names.KINDS[word])

    found = [
        _chip(language, facet.kind, value, asked.toggled(facet.name, value))
        for facet in FACETS[asked.type]
        for value in asked.chosen[facet.name]
    ]
    for name, values in asked.more.items():
        found += [_chip(language, _KINDS_OF_MORE[name], value, asked.without(name, value)) for value in values]
    if asked.sizes:
        found.append(Chip(kind("parameters"), _between(language, asked.sizes), asked.href(num_parameters=None)))
    if asked.gated:
        said = language.gettext("on request") if asked.gated == "true" else language.gettext("open")
        found.append(Chip(kind("access"), said, asked.href(gated=None)))
    if asked.author:
        found.append(Chip(kind("owner"), asked.author, asked.href(author=None)))
    if asked.search:
        found.append(Chip(kind("name"), asked.search, asked.href(search=None)))
    return tuple(found)


_KINDS_OF_MORE = {
    "filter": "tag",
    "apps": "app",
    "inference_provider": "provider",
    "task_ids": "task_id",
    "models": "model",
    "datasets": "dataset",
}


def _chip(language: Language, kind: str, value: str, href: str) -> Chip:
    if value.startswith("base_model:"):
        relation, _, id = value.removeprefix("base_model:").rpartition(":")
        word = names.RELATIONS.get(relation, names.KINDS["base_model"])
        return Chip(language.gettext(word), id, href)
    return Chip(language.gettext(names.KINDS[kind]), label_of(language, kind, value), href)


def _between(language: Language, sizes: str) -> str:
    least, most = parameters_between(sizes)
    if least and most is not None:
        return f"{language.amount(least)}–{language.amount(most)}"
    if most is not None:
        return language.gettext("up to %s") % language.amount(most)
    return language.gettext("from %s") % language.amount(least or 0)


def _counted(visit: Visit, asked: Asked) -> tuple[dict[str, int], bool]:
    """The values of the tab that is shown and their numbers, the most frequent first; whether there are more."""
    facet, text = asked.facet, asked.facet_search
    by_name = bool(text) and facet.kind in _NAMED_OTHERWISE
    values = count_values(
        visit.hub.catalogue,
        visit.actor,
        asked.query_without(facet),
        facet.tag,
        at_most=NAMED_MAX if by_name else LISTED_MAX + 1,
        holding="" if by_name else text,
    )
    there = [one for one in values if one.count]
    if by_name:
        plain = names.plain(text)
        there = [
            one
            for one in there
            if plain in names.plain(label_of(visit.language, facet.kind, one.value)) or plain in one.value.lower()
        ]
    return {one.value: one.count for one in there[:LISTED_MAX]}, len(there) > LISTED_MAX


def _by_domain(language: Language, values: Mapping[str, Value]) -> tuple[Group, ...]:
    groups = []
    for domain, title in DOMAINS.items():
        of_domain = {v: one for v, one in values.items() if (TASKS[v].domain if v in TASKS else "other") == domain}
        if of_domain:
            colour = names.domain_of_task(next(iter(of_domain)))
            groups.append(_group(domain, language.gettext(title), colour, of_domain.values(), SHOWN_FIRST))
    groups.sort(key=lambda group: -sum(value.count for value in (*group.first, *group.rest)))
    return tuple(groups)


def _group(key: str, title: str, domain: str, values: Iterable[Value], first: int) -> Group:
    ordered: Sequence[Value] = sorted(values, key=lambda value: (not value.is_on, -value.count, value.label.lower()))
    if len(ordered) == first + 1:
        first += 1  # «+1 more» takes the place of what it hides
    return Group(key, title, domain, tuple(ordered[:first]), tuple(ordered[first:]))


def label_of(language: Language, kind: str, value: str) -> str:
    match kind:
        case "task":
            return names.task_name(language, value)
        case "library":
            return names.library_name(value)
        case "language":
            return names.language_label(language, value)
        case "license":
            return names.licence_name(value)
        case "modality":
            return language.gettext(names.MODALITIES.get(value, value))
        case "format":
            return names.FORMATS.get(value, value)
        case "sdk":
            return names.SDKS.get(value, value)
    return value
