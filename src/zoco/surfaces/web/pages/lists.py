"""Models, datasets and Spaces: found by name, filtered by tags with counts beside them, sorted, page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.routing import BaseRoute

from zoco.core.ids import RepoType
from zoco.formats.cards.languages import is_language, language_name
from zoco.formats.cards.libraries import LIBRARIES
from zoco.formats.cards.tasks import DOMAINS, TASKS
from zoco.hub.catalog.facets import count_tags
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
_LIBRARY_TAGS = frozenset({"pytorch", "tf", "jax", "onnx", "gguf", "safetensors", "coreml", "openvino", "rust"})
_SDKS = ("gradio", "streamlit", "docker", "static")


@dataclass(frozen=True, slots=True)
class Facet:
    """`read` says which value of this facet a tag is, or None; `is_single`: choosing another value replaces it."""

    name: str
    kind: str
    read: Callable[[str], str | None]
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


def _after(prefix: str) -> Callable[[str], str | None]:
    return lambda tag: tag.removeprefix(prefix) if tag.startswith(prefix) else None


def _bare_language(tag: str) -> str | None:
    return tag if len(tag) == 2 and is_language(tag) else None


def _library(tag: str) -> str | None:
    return tag if tag in LIBRARIES or tag in _LIBRARY_TAGS else None


def _free(tag: str) -> str | None:
    is_free = ":" not in tag and not (_library(tag) or _bare_language(tag) or tag in TASKS or tag in _SDKS)
    return tag if is_free else None


FACETS: Mapping[RepoType, tuple[Facet, ...]] = {
    RepoType.MODEL: (
        Facet("pipeline_tag", "task", lambda tag: tag if tag in TASKS else None, is_single=True),
        Facet("library", "library", _library),
        Facet("dataset", "dataset", _after("dataset:")),
        Facet("language", "language", _bare_language),
        Facet("license", "license", _after("license:"), is_single=True),
        Facet("other", "tag", _free),
    ),
    RepoType.DATASET: (
        Facet("task_categories", "task", _after("task_categories:")),
        Facet("modality", "modality", _after("modality:")),
        Facet("format", "format", _after("format:"), is_single=True),
        Facet("size_categories", "size", _after("size_categories:"), is_single=True),
        Facet("language", "language", _after("language:")),
        Facet("license", "license", _after("license:"), is_single=True),
        Facet("other", "tag", _free),
    ),
    RepoType.SPACE: (
        Facet("sdk", "sdk", lambda tag: tag if tag in _SDKS else None, is_single=True),
        Facet("license", "license", _after("license:"), is_single=True),
        Facet("other", "tag", _free),
    ),
}
_STORED_AS = {
    "dataset": "dataset:",
    "license": "license:",
    "task_categories": "task_categories:",
    "modality": "modality:",
    "format": "format:",
    "size_categories": "size_categories:",
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
        filters=_filters(type, chosen),
        author=author or None,
        search=(search,) if search else (),
        sort=sort,
        limit=PER_PAGE,
        skip=number * PER_PAGE,
    )
    found = list_repos(visit.hub.storage, visit.actor, asked)
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
    prefix = _STORED_AS.get(facet.name, "")
    words = [word.strip().removeprefix(prefix)[:300] for one in given for word in one.split(",")]
    unique = tuple(dict.fromkeys(word for word in words if word))[:VALUES_MAX]
    return unique[-1:] if facet.is_single else unique


def _filters(type: RepoType, chosen: Mapping[str, tuple[str, ...]], without: str = "") -> tuple[str, ...]:
    found = []
    for facet in FACETS[type]:
        if facet.name != without:
            found += [_stored_tag(type, facet, value) for value in chosen[facet.name]]
    return tuple(found)


def _stored_tag(type: RepoType, facet: Facet, value: str) -> str:
    """How the tag is kept: a bare word in models, with its kind in datasets."""
    if facet.name == "language":
        return value if type is RepoType.MODEL else f"language:{value}"
    return f"{_STORED_AS.get(facet.name, '')}{value}"


def _groups(visit: Visit, state: _State, facet: Facet, asked: Query) -> tuple[Group, ...]:
    without = facet.name if facet.is_single else ""
    counts = count_tags(visit.hub.db, visit.actor, replace(asked, filters=_filters(state.type, state.chosen, without)))
    found: dict[str, int] = {}
    for tag, number in counts.items():
        if (value := facet.read(tag)) is not None:
            found[value] = number
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
