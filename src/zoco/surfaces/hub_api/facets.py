"""How many of the repositories that a list finds have each value of a kind? A call of our own: no client makes it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.access import Actor
from zoco.core.errors import Invalid
from zoco.core.ids import RepoType
from zoco.formats.cards.tags import Tag, TagKind
from zoco.hub.catalog.catalogue import Catalogue
from zoco.hub.catalog.facets import VALUES_MAX, count_sizes, count_values
from zoco.hub.catalog.index.document import FACET_KINDS, SIZE_BOUNDS
from zoco.hub.catalog.lists import count_repos
from zoco.hub.catalog.query import Query as Wanted
from zoco.surfaces.context import actor_of
from zoco.surfaces.hub_api.asked import number, texts
from zoco.surfaces.hub_api.calls import Call, Query
from zoco.surfaces.hub_api.lists import FILTERS, list_query
from zoco.surfaces.hub_api.replies import json_reply
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_thread

KINDS = {kind.value: kind for kind in FACET_KINDS}
USUAL = ("task", "library", "language", "license")


class Value(TypedDict):
    value: str
    tag: str
    count: int


class Bar(TypedDict):
    min: int
    max: int | None
    count: int


class Facets(TypedDict):
    total: int
    facets: dict[str, list[Value]]
    parameters: list[Bar]


async def facets_of_list(request: Request) -> Response:
    kind: RepoType = request.path_params["T"]
    words = [word for text in texts(request, "kind") for word in text.split(",")] or list(USUAL)
    if unknown := [word for word in words if word not in KINDS]:
        raise Invalid(f'"kind" must be one of [{", ".join(KINDS)}], not {unknown[0][:50]!r}')
    at_most = number(request, "limit", default=50, least=1, most=VALUES_MAX)
    query = list_query(request, kind)
    chosen = [KINDS[word] for word in dict.fromkeys(words)]
    hub, actor = hub_of(request), await actor_of(request)
    return json_reply(await in_thread(_facets, hub.catalogue, actor, query, chosen, at_most))


def _facets(catalogue: Catalogue, actor: Actor | None, query: Wanted, kinds: list[TagKind], at_most: int) -> Facets:
    assert query.type is not None
    found: dict[str, list[Value]] = {}
    for kind in kinds:
        values = count_values(catalogue, actor, query, kind, at_most=at_most)
        found[kind.value] = [
            {"value": one.value, "tag": Tag(kind, one.value).printed(query.type), "count": one.count} for one in values
        ]
    return {
        "total": count_repos(catalogue, actor, query),
        "facets": found,
        "parameters": _bars(count_sizes(catalogue, actor, query)) if query.type is RepoType.MODEL else [],
    }


def _bars(counts: tuple[int, ...]) -> list[Bar]:
    least = [1, *(bound + 1 for bound in SIZE_BOUNDS)]
    most: list[int | None] = [*SIZE_BOUNDS, None]
    return [{"min": low, "max": high, "count": count} for low, high, count in zip(least, most, counts, strict=True)]


calls = [
    Call(
        "GET",
        "/api/{T:types}-facets",
        facets_of_list,
        "How many repositories of a list have each value of a kind",
        query=(
            Query("kind", "kinds of tag to count; the usual four when none is given", many=True, choices=tuple(KINDS)),
            *FILTERS,
            Query("limit", "values of each kind, the frequent first", type="integer"),
        ),
        answer=Facets,
    )
]
