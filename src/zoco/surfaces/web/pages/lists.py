"""Models, datasets and Spaces: found by name, filtered by tags with counts beside them, sorted, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.routing import BaseRoute

from zoco.core.ids import RepoType
from zoco.formats.cards.languages import language_name
from zoco.formats.cards.tags import Tag, TagKind
from zoco.formats.cards.tasks import DOMAINS, TASKS
from zoco.hub.catalog.facets import count_values
from zoco.hub.catalog.lists import Query, Sort, list_repos
from zoco.surfaces.web import names, urls
from zoco.surfaces.web.i18n import Language
from zoco.surfaces.web.pages.commits import page_number
from zoco.surfaces.web.pages.rows import Row, rows_of
from zoco.surfaces.web.render import Page
from zoco.surfaces.web.serve import shows
from zoco.surfaces.web.visit import Visit

PER_PAGE = 30
PAGES_MAX = 1000
SHOWN_FIRST = 5
VALUES_MAX = 20
SORTS = (Sort.TRENDING, Sort.DOWNLOADS, Sort.LIKES, Sort.CREATED, Sort.MODIFIED, Sort.NAME)


@dataclass(frozen=True, slots=True)
class Facet:
    """`is_single`: choosing another value replaces it."""

    name: str
    kind: str
    tag: TagKind
    is_single: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    label: str
    count: int
    href: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Group:
    """`first` are shown at once, `rest` on demand."""

    title: str
    domain: str
    first: tuple[Value, ...]
    rest: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class FacetTab:
    facet: Facet
    href: str
    active: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Chip:
    kind: str
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class ListContext:
    type: RepoType
    rows: tuple[Row, ...]
    total: int
    page: int
    pages: int
    search: str
    author: str
    sort: Sort
    sorts: tuple[Sort, ...]
    tabs: tuple[FacetTab, ...]
    groups: tuple[Group, ...]
    chips: tuple[Chip, ...]
    kept: tuple[tuple[str, str], ...]
    clear: str

    def page_href(self, number: int) -> str:
        pairs = {"search": self.search, "sort": self.sort.value, "p": str(number) if number else ""}
        return urls.with_query(f"/{self.type.plural}", {**dict(self.kept), **pairs})


FACETS: Mapping[RepoType, tuple[Facet, ...]] = {
    RepoType.MODEL: (
        Facet("pipeline_tag", "task", TagKind.TASK, is_single=True),
        Facet("library", "library", TagKind.LIBRARY),
        Facet("dataset", "dataset", TagKind.DATASET),
        Facet("language", "language", TagKind.LANGUAGE),
        Facet("license", "license", TagKind.LICENSE, is_single=True),
        Facet("other", "tag", TagKind.OTHER),
    ),
    RepoType.DATASET: (
        Facet("task_categories", "task", TagKind.TASK),
        Facet("modality", "modality", TagKind.MODALITY),
        Facet("format", "format", TagKind.FORMAT, is_single=True),
        Facet("size_categories", "size", TagKind.SIZE, is_single=True),
        Facet("language", "language", TagKind.LANGUAGE),
        Facet("license", "license", TagKind.LICENSE, is_single=True),
        Facet("other", "tag", TagKind.OTHER),
    ),
    RepoType.SPACE: (
        Facet("sdk", "sdk", TagKind.SDK, is_single=True),
        Facet("license", "license", TagKind.LICENSE, is_single=True),
        Facet("other", "tag", TagKind.OTHER),
    ),
}


def show(visit: Visit, request: Request) -> Page:
    type = RepoType(request.scope["path"].strip("/").removesuffix("s"))
    return Page("lists/list.html", list_context(visit, type, request))


def list_context(visit: Visit, type: RepoType, request: Request) -> ListContext:
    query = request.query_params
    chosen = {facet.name: _values(query.getlist(facet.name), facet) for facet in FACETS[type]}
    search, author = query.get("search", "").strip()[:200], query.get("author", "").strip()[:96]
    sort = next((sort for sort in SORTS if sort.value == query.get("sort")), Sort.TRENDING)
    number = min(page_number(request), PAGES_MAX - 1)
    asked = Query(
        type=type,
        tags=_tags(type, chosen),
        author=author or None,
        search=(search,) if search else (),
        sort=sort,
        limit=PER_PAGE,
        skip=number * PER_PAGE,
    )
    found = list_repos(visit.hub.catalogue, visit.actor, asked)
    state = _State(type, chosen, search, author, sort)
    current = next((f for f in FACETS[type] if f.name == query.get("facet")), FACETS[type][0])
    total = found.total or 0
    return ListContext(
        type=type,
        rows=rows_of(visit, found.items),
        total=total,
        page=number,
        pages=min(-(-total // PER_PAGE), PAGES_MAX),
        search=search,
        author=author,
        sort=sort,
        sorts=SORTS,
        tabs=tuple(
            FacetTab(facet, state.href(facet_shown=facet.name), len(chosen[facet.name]), facet is current)
            for facet in FACETS[type]
        ),
        groups=_groups(visit, state, current, asked),
        chips=_chips(visit.language, state),
        kept=state.kept(current.name if current is not FACETS[type][0] else ""),
        clear=urls.with_query(f"/{type.plural}", {"sort": sort.value if sort is not Sort.TRENDING else None}),
    )


@dataclass(frozen=True, slots=True)
class _State:
    """What is chosen, and the addresses of what could be chosen next."""

    type: RepoType
    chosen: Mapping[str, tuple[str, ...]]
    search: str
    author: str
    sort: Sort

    def href(self, facet: Facet | None = None, value: str = "", *, facet_shown: str = "", without: str = "") -> str:
        chosen = {name: list(values) for name, values in self.chosen.items()}
        if facet is not None:
            there = chosen[facet.name]
            if value in there:
                there.remove(value)
            else:
                chosen[facet.name] = [value] if facet.is_single else [*there, value]
        first = FACETS[self.type][0].name
        shown = facet_shown or (facet.name if facet else "")
        return urls.with_query(
            f"/{self.type.plural}",
            {
                **{name: ",".join(values) for name, values in chosen.items()},
                "search": self.search if without != "search" else None,
                "author": self.author if without != "author" else None,
                "sort": self.sort.value if self.sort is not Sort.TRENDING else None,
                "facet": shown if shown != first else None,
            },
        )

    def kept(self, facet_shown: str) -> tuple[tuple[str, str], ...]:
        """For the hidden fields of the search form."""
        pairs = [(name, ",".join(values)) for name, values in self.chosen.items() if values]
        pairs += [("author", self.author)] if self.author else []
        return (*pairs, ("facet", facet_shown)) if facet_shown else tuple(pairs)


def _values(given: list[str], facet: Facet) -> tuple[str, ...]:
    """`language=es,en` and `language=es&language=en` are the same; a kind before the value is not repeated."""
    prefix = f"{facet.name}:"
    words = [word.strip().removeprefix(prefix)[:300] for one in given for word in one.split(",")]
    unique = tuple(dict.fromkeys(word for word in words if word))[:VALUES_MAX]
    return unique[-1:] if facet.is_single else unique


def _tags(type: RepoType, chosen: Mapping[str, tuple[str, ...]], without: str = "") -> tuple[Tag, ...]:
    facets = (facet for facet in FACETS[type] if facet.name != without)
    return tuple(Tag(facet.tag, value) for facet in facets for value in chosen[facet.name])


def _groups(visit: Visit, state: _State, facet: Facet, asked: Query) -> tuple[Group, ...]:
    without = facet.name if facet.is_single else ""
    remaining = replace(asked, tags=_tags(state.type, state.chosen, without))
    found = {one.value: one.count for one in count_values(visit.hub.catalogue, visit.actor, remaining, facet.tag)}
    for value in state.chosen[facet.name]:
        found.setdefault(value, 0)
    values = {
        value: Value(
            label_of(visit.language, facet.kind, value),
            number,
            state.href(facet, value),
            value in state.chosen[facet.name],
        )
        for value, number in found.items()
    }
    if facet.kind == "task":
        return _by_domain(visit.language, values)
    ordered = sorted(values.values(), key=lambda value: (not value.is_on, -value.count, value.label.lower()))
    return (_group("", "", ordered, 15),) if ordered else ()


def _by_domain(language: Language, values: Mapping[str, Value]) -> tuple[Group, ...]:
    groups = []
    for domain, title in DOMAINS.items():
        of_domain = [v for task, v in values.items() if (TASKS[task].domain if task in TASKS else "other") == domain]
        of_domain.sort(key=lambda value: (not value.is_on, -value.count, value.label.lower()))
        if of_domain:
            colour = names.domain_of_task(next(task for task, one in values.items() if one is of_domain[0]))
            groups.append(_group(language.gettext(title), colour, of_domain, SHOWN_FIRST))
    return tuple(groups)


def _group(title: str, domain: str, values: list[Value], first: int) -> Group:
    return Group(title, domain, tuple(values[:first]), tuple(values[first : first + 500]))


def _chips(language: Language, state: _State) -> tuple[Chip, ...]:
    chips = [
        Chip(language.gettext(names.KINDS[facet.kind]), label_of(language, facet.kind, value), state.href(facet, value))
        for facet in FACETS[state.type]
        for value in state.chosen[facet.name]
    ]
    if state.author:
        chips.append(Chip(language.gettext("Owner"), state.author, state.href(without="author")))
    if state.search:
        chips.append(Chip(language.gettext("Name"), state.search, state.href(without="search")))
    return tuple(chips)


def label_of(language: Language, kind: str, value: str) -> str:
    match kind:
        case "task":
            return names.task_name(language, value)
        case "library":
            return names.library_name(value)
        case "language":
            name = language_name(value, language.code)
            return name[:1].upper() + name[1:]
        case "license":
            return names.licence_name(value)
        case "modality":
            return language.gettext(names.MODALITIES.get(value, value))
        case "sdk":
            return value.capitalize()
    return value


routes: list[BaseRoute] = [shows(f"/{type.plural}", show) for type in RepoType]
