"""What does the address of a list ask for, and what are the addresses of the lists beside it?

The names are those of the Hub's own pages and of its API. A value may be repeated or stand between commas; we write
commas. Nothing in an address is an error: what is unknown finds nothing, and can be taken away again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.datastructures import QueryParams

from zoco.core.errors import Invalid
from zoco.core.ids import NAME_LENGTH_MAX, RepoType
from zoco.formats.cards.local_apps import LOCAL_APPS
from zoco.formats.cards.tags import Tag, TagKind
from zoco.hub.catalog.listing import SKIP_MAX
from zoco.hub.catalog.query import Query, Sort, parameters_between
from zoco.surfaces.web import urls

PER_PAGE = 30
PAGES_MAX = SKIP_MAX // PER_PAGE
VALUES_MAX = 20
SEARCH_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Facet:
    """`name` is its parameter, `kind` a key of KINDS. `is_single`: choosing another value replaces it."""

    name: str
    kind: str
    tag: TagKind
    is_single: bool = False


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
        Facet("size_categories", "size", TagKind.SIZE, is_single=True),
        Facet("format", "format", TagKind.FORMAT, is_single=True),
        Facet("library", "library", TagKind.LIBRARY),
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
MORE: Mapping[RepoType, tuple[str, ...]] = {
    RepoType.MODEL: ("filter", "apps", "inference_provider"),
    RepoType.DATASET: ("filter", "task_ids"),
    RepoType.SPACE: ("filter", "models", "datasets"),
}
"""Filters of the API that have no tab: they are kept, and shown as chips."""

SORTS: Mapping[str, tuple[Sort, bool]] = {
    "trending": (Sort.TRENDING, False),
    "downloads": (Sort.DOWNLOADS, False),
    "likes": (Sort.LIKES, False),
    "created": (Sort.CREATED, False),
    "modified": (Sort.MODIFIED, False),
    "alphabetical": (Sort.NAME, False),
    "most_params": (Sort.PARAMETERS, False),
    "least_params": (Sort.PARAMETERS, True),
}
_OTHER_WORDS = {
    "name": "alphabetical",
    "parameters": "most_params",
    "createdAt": "created",
    "created_at": "created",
    "lastModified": "modified",
    "last_modified": "modified",
    "trendingScore": "trending",
    "trending_score": "trending",
}
ONLY_MODELS = ("most_params", "least_params")


@dataclass(frozen=True, slots=True)
class Asked:
    """`chosen` by the name of the facet, `more` by the name of the parameter. `sort` is empty for what fits best."""

    type: RepoType
    chosen: Mapping[str, tuple[str, ...]]
    more: Mapping[str, tuple[str, ...]]
    author: str = ""
    search: str = ""
    sizes: str = ""
    gated: str = ""
    sort: str = ""
    shown: str = ""
    facet_search: str = ""
    page: int = 0

    @property
    def facet(self) -> Facet:
        facets = FACETS[self.type]
        return next((facet for facet in facets if facet.name == self.shown), facets[0])

    @property
    def is_filtered(self) -> bool:
        return bool(any(self.chosen.values()) or any(self.more.values()) or self.author or self.search or self.narrowed)

    @property
    def narrowed(self) -> bool:
        return bool(self.sizes or self.gated)

    def pairs(self) -> dict[str, str | None]:
        """The address's parameters. Of the page, nothing: whatever changes, one begins at its first."""
        return {
            **{name: ",".join(values) for name, values in {**self.chosen, **self.more}.items()},
            "author": self.author,
            "search": self.search,
            "num_parameters": self.sizes,
            "gated": self.gated,
            "sort": self.sort,
            "facet": self.shown if self.facet is not FACETS[self.type][0] else None,
        }

    def href(self, **changed: str | None) -> str:
        return urls.with_query(f"/{self.type.plural}", {**self.pairs(), **changed})

    def toggled(self, name: str, value: str) -> str:
        """The address where this value of a facet is chosen, or no more."""
        there = self.chosen[name]
        facet = next(facet for facet in FACETS[self.type] if facet.name == name)
        others = tuple(one for one in there if one != value)
        after = others if value in there else (value,) if facet.is_single else (*there, value)
        return self.href(**{name: ",".join(after), "facet": name if facet is not FACETS[self.type][0] else None})

    def without(self, name: str, value: str) -> str:
        return self.href(**{name: ",".join(one for one in self.more[name] if one != value)})

    def cleared(self) -> str:
        return urls.with_query(f"/{self.type.plural}", {"sort": self.sort})

    def query(self) -> Query:
        sort, ascending = SORTS.get(self.sort, (None, False))
        least, most = parameters_between(self.sizes)
        typed = [facet for facet in FACETS[self.type] if facet.tag is not TagKind.OTHER]
        tags = [Tag(facet.tag, value) for facet in typed for value in self.chosen[facet.name]]
        tags += [Tag(TagKind.TASK_ID, value) for value in self.more.get("task_ids", ())]
        return Query(
            type=self.type,
            tags=tuple(tags),
            other=self.chosen["other"],
            filters=self.more["filter"],
            linked_models=self.more.get("models", ()),
            linked_datasets=self.more.get("datasets", ()),
            apps=self.more.get("apps", ()),
            needs_inference=bool(self.more.get("inference_provider")),
            author=self.author or None,
            search=(self.search,) if self.search else (),
            parameters_min=least,
            parameters_max=most,
            gated={"true": True, "false": False}.get(self.gated),
            sort=sort,
            ascending=ascending,
            limit=PER_PAGE,
            skip=self.page * PER_PAGE,
        )

    def query_without(self, facet: Facet) -> Query:
        """For counting the values of a facet of which one can be chosen."""
        return replace(self, chosen={**self.chosen, facet.name: ()}).query() if facet.is_single else self.query()


def asked_of(type: RepoType, query: QueryParams, page: int) -> Asked:
    chosen = {facet.name: _values(query, facet.name, facet.is_single) for facet in FACETS[type]}
    more = {name: _values(query, name) for name in MORE[type]}
    if "apps" in more:
        more["apps"] = tuple(app for app in more["apps"] if app in LOCAL_APPS)
    sort = query.get("sort", "")
    sort = _OTHER_WORDS.get(sort, sort)
    is_known = sort in SORTS and (type is RepoType.MODEL or sort not in ONLY_MODELS)
    search = query.get("search", "").strip()[:SEARCH_LENGTH_MAX]
    return Asked(
        type=type,
        chosen=chosen,
        more={**more, "filter": tuple(dict.fromkeys((*more["filter"], *_values(query, "tags"))))},
        author=query.get("author", "").strip()[:NAME_LENGTH_MAX],
        search=search,
        sizes=_sizes(query.get("num_parameters", "")) if type is RepoType.MODEL else "",
        gated=query.get("gated", "").lower() if query.get("gated", "").lower() in {"true", "false"} else "",
        sort=sort if is_known and (search or sort != "trending") else "",
        shown=query.get("facet", "")[:40],
        facet_search=query.get("facet_q", "").strip()[:100],
        page=min(page, PAGES_MAX - 1),
    )


def _values(query: QueryParams, name: str, is_single: bool = False) -> tuple[str, ...]:
    """`language=es,en` and `language=es&language=en` are the same; a kind before the value is not repeated."""
    given = [*query.getlist(name), *query.getlist(f"{name}[]")]
    words = [word.strip().removeprefix(f"{name}:")[:300] for one in given for word in one.split(",")]
    unique = tuple(dict.fromkeys(word for word in words if word))[:VALUES_MAX]
    return unique[-1:] if is_single else unique


def _sizes(text: str) -> str:
    try:
        parameters_between(text)
    except Invalid:
        return ""
    return text.replace(" ", "")
