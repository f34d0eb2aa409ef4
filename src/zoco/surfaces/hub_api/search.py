"""Searching as one types, what is trending, and the kinds of tags there are."""

from __future__ import annotations

from typing import Any, NotRequired

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.access import Gated
from zoco.core.ids import RepoType
from zoco.hub.catalog.info import RepoInfo
from zoco.hub.catalog.lists import QuickSearch, quicksearch, trending
from zoco.hub.catalog.tag_types import tags_by_type
from zoco.surfaces.context import actor_of
from zoco.surfaces.hub_api.asked import number, one_of, texts
from zoco.surfaces.hub_api.calls import LIMIT, Call, Query
from zoco.surfaces.hub_api.people import avatar_url
from zoco.surfaces.hub_api.replies import iso, json_reply
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_thread

TEXT_LENGTH_MAX = 500
TYPES: dict[str, RepoType | None] = {"all": None, **{kind.value: kind for kind in RepoType}}


class FoundRepo(TypedDict):
    id: str
    _id: str
    private: bool
    trendingWeight: int


class FoundAccount(TypedDict):
    _id: str
    avatarUrl: str
    fullname: str
    user: NotRequired[str]
    name: NotRequired[str]


class Found(TypedDict):
    q: str
    models: list[FoundRepo]
    modelsCount: int
    datasets: list[FoundRepo]
    datasetsCount: int
    spaces: list[FoundRepo]
    spacesCount: int
    users: list[FoundAccount]
    orgs: list[FoundAccount]
    papers: list[dict[str, str]]
    papersCount: int
    collections: list[dict[str, str]]
    collectionsCount: int
    buckets: list[dict[str, str]]
    bucketsCount: int
    kernels: list[dict[str, str]]
    kernelsCount: int


class TrendingRepo(TypedDict):
    repoType: str
    repoData: dict[str, Any]  # Any: fields differ by type


class Trending(TypedDict):
    recentlyTrending: list[TrendingRepo]


class TagItem(TypedDict):
    id: str
    label: str
    type: str


async def quick_search(request: Request) -> Response:
    text = request.query_params.get("q", "")[:TEXT_LENGTH_MAX]
    wanted = texts(request, "type")
    types = tuple(kind for kind in RepoType if not wanted or kind.value in wanted)
    limit = number(request, "limit", default=5, least=1, most=20)
    hub, actor = hub_of(request), await actor_of(request)
    found = await in_thread(quicksearch, hub.catalogue, actor, text, types=types, limit=limit)
    return json_reply(_found(request, text, found, set(wanted)))


async def trending_repos(request: Request) -> Response:
    kind = one_of(request, "type", TYPES)
    limit = number(request, "limit", default=10, least=1, most=100)
    hub = hub_of(request)
    infos = await in_thread(trending, hub.catalogue, await actor_of(request), kind, limit)
    answer: Trending = {
        "recentlyTrending": [{"repoType": info.id.type.value, "repoData": _trending(info)} for info in infos]
    }
    return json_reply(answer)


async def model_tags(request: Request) -> Response:
    return await _tags(request, RepoType.MODEL)


async def dataset_tags(request: Request) -> Response:
    return await _tags(request, RepoType.DATASET)


async def _tags(request: Request, kind: RepoType) -> Response:
    only = request.query_params.get("type") or None
    found = await in_thread(tags_by_type, hub_of(request).catalogue, await actor_of(request), kind, only)
    answer: dict[str, list[TagItem]] = {
        word: [{"id": tag.id, "label": tag.label, "type": tag.type} for tag in tags] for word, tags in found.items()
    }
    return json_reply(answer)


def _found(request: Request, text: str, found: QuickSearch, wanted: set[str]) -> Found:
    def repos(kind: RepoType) -> list[FoundRepo]:
        return [
            {
                "id": info.id.full_name,
                "_id": info.public_id,
                "private": info.is_private,
                "trendingWeight": info.trending_score,
            }
            for info in found.repos.get(kind, ())
        ]

    return {
        "q": text,
        "models": repos(RepoType.MODEL),
        "modelsCount": found.counts.get(RepoType.MODEL, 0),
        "datasets": repos(RepoType.DATASET),
        "datasetsCount": found.counts.get(RepoType.DATASET, 0),
        "spaces": repos(RepoType.SPACE),
        "spacesCount": found.counts.get(RepoType.SPACE, 0),
        "users": [
            {
                "_id": user.public_id,
                "avatarUrl": avatar_url(request, user.name),
                "fullname": user.full_name or user.name,
                "user": user.name,
            }
            for user in found.users
            if not wanted or "user" in wanted
        ],
        "orgs": [
            {
                "_id": org.public_id,
                "avatarUrl": avatar_url(request, org.name),
                "fullname": org.full_name or org.name,
                "name": org.name,
            }
            for org in found.orgs
            if not wanted or "org" in wanted
        ],
        "papers": [],
        "papersCount": 0,
        "collections": [],
        "collectionsCount": 0,
        "buckets": [],
        "bucketsCount": 0,
        "kernels": [],
        "kernelsCount": 0,
    }


def _trending(info: RepoInfo) -> dict[str, Any]:  # Any: fields differ by type
    data: dict[str, Any] = {
        "id": info.id.full_name,
        "author": info.id.namespace,
        "likes": info.likes,
        "private": info.is_private,
        "repoType": info.id.type.value,
        "lastModified": iso(info.updated_at_ms),
        "isLikedByUser": False,
    }
    if info.id.type is RepoType.SPACE:
        card = info.card or {}
        return data | {
            "createdAt": iso(info.created_at_ms),
            "title": str(card.get("title") or info.id.name),
            "emoji": str(card.get("emoji") or ""),
            "colorFrom": str(card.get("colorFrom") or ""),
            "colorTo": str(card.get("colorTo") or ""),
            "pinned": False,
            "sdk": info.sdk,
            "tags": list(info.tags),
        }
    data |= {"downloads": info.downloads, "gated": False if info.gated is Gated.OPEN else info.gated.value}
    if info.id.type is RepoType.MODEL:
        data["availableInferenceProviders"] = []
        if info.pipeline_tag:
            data["pipeline_tag"] = info.pipeline_tag
    return data


_KIND = (Query("type", "only tags of this kind"),)

calls = [
    Call(
        "GET",
        "/api/quicksearch",
        quick_search,
        "Repositories, users and organisations by a part of their name",
        query=(Query("q", "what was typed"), Query("type", "only these kinds", many=True), LIMIT),
        answer=Found,
    ),
    Call(
        "GET",
        "/api/trending",
        trending_repos,
        "What is liked and downloaded most these days",
        query=(Query("type", "one type", choices=tuple(TYPES)), LIMIT),
        answer=Trending,
    ),
    Call("GET", "/api/models-tags-by-type", model_tags, "Tags of models", query=_KIND, answer=dict[str, list[TagItem]]),
    Call(
        "GET",
        "/api/datasets-tags-by-type",
        dataset_tags,
        "Tags of datasets",
        query=_KIND,
        answer=dict[str, list[TagItem]],
    ),
]
