"""Lists of models, datasets and Spaces, with every filter the clients send."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from zoco.core.errors import Invalid
from zoco.core.ids import RepoType
from zoco.formats.cards.local_apps import LOCAL_APPS
from zoco.formats.cards.tags import KIND_WORDS, Tag
from zoco.hub.catalog import query as catalog
from zoco.hub.catalog.lists import list_repos
from zoco.hub.catalog.query import Sort
from zoco.surfaces.context import actor_of
from zoco.surfaces.hub_api import fields
from zoco.surfaces.hub_api.asked import cursor_of, flag, number, one_of, texts
from zoco.surfaces.hub_api.calls import EXPAND, PAGE, Call, Query
from zoco.surfaces.hub_api.replies import page_reply
from zoco.surfaces.hub_api.shapes import RepoFields
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_thread

PAGE_SIZE = 1000

SORTS = {
    "createdAt": Sort.CREATED,
    "created_at": Sort.CREATED,
    "downloads": Sort.DOWNLOADS,
    "lastModified": Sort.MODIFIED,
    "last_modified": Sort.MODIFIED,
    "likes": Sort.LIKES,
    "trendingScore": Sort.TRENDING,
    "trending_score": Sort.TRENDING,
}
DIRECTIONS = {"-1": False, "1": True}


async def list_of_repos(request: Request) -> Response:
    kind: RepoType = request.path_params["T"]
    names = _names(request, kind)
    hub = hub_of(request)
    query = list_query(request, kind, names)
    page = await in_thread(list_repos, hub.catalogue, await actor_of(request), query)
    is_whole = not texts(request, "expand")
    items = []
    for info in page.items:
        item = fields.shown(info, names)
        if is_whole and kind is RepoType.MODEL:
            item["modelId"] = info.id.full_name
        if is_whole and kind is RepoType.DATASET:
            item["key"] = ""
        items.append(item)
    return page_reply(request, items, page.next_cursor, {"X-Total-Count": str(page.total)})


def _names(request: Request, kind: RepoType) -> tuple[str, ...]:
    if expanded := fields.checked(kind, texts(request, "expand")):
        return expanded
    names = list(fields.FULL[kind] if flag(request, "full") else fields.LISTED[kind])
    if flag(request, "cardData"):
        names.append("cardData")
    if kind is RepoType.MODEL and flag(request, "config"):
        names.append("config")
    if kind is RepoType.SPACE and flag(request, "linked"):
        names += ["models", "datasets"]
    return tuple(dict.fromkeys(names))


def list_query(request: Request, kind: RepoType, names: tuple[str, ...] = ()) -> catalog.Query:
    """What the parameters ask for; `names` are the fields that will be shown. Raises Invalid."""
    least, most = catalog.parameters_between(request.query_params.get("num_parameters", ""))
    return catalog.Query(
        type=kind,
        filters=_words(request, "filter") + _words(request, "tags"),
        author=request.query_params.get("author") or None,
        search=tuple(text for text in texts(request, "search") if text),
        sort=one_of(request, "sort", SORTS),
        ascending=one_of(request, "direction", DIRECTIONS) or False,
        limit=number(request, "limit", default=PAGE_SIZE, least=1, most=PAGE_SIZE),
        cursor=cursor_of(request),
        gated=flag(request, "gated") if request.query_params.get("gated") else None,
        pipeline_tag=request.query_params.get("pipeline_tag") or None,
        tags=tuple(_tags(request)),
        other=_words(request, "other"),
        linked_models=_words(request, "models"),
        linked_datasets=_words(request, "datasets"),
        parameters_min=least,
        parameters_max=most,
        apps=_apps(request),
        needs_inference=bool(texts(request, "inference") or texts(request, "inference_provider")),
        want=fields.cost(kind, names),
    )


def _words(request: Request, name: str) -> tuple[str, ...]:
    """Repeated, or in one value with commas between, as older clients and addresses on the web write them."""
    return tuple(word for text in texts(request, name) for word in text.split(",") if word)


TYPED = {
    name: KIND_WORDS[name]
    for name in ("library", "language", "license", "dataset", "task_categories", "task_ids", "size_categories",
                 "modality", "format", "sdk")
}  # fmt: skip
"""Parameters that name tags of one kind, as addresses of lists on the web do too."""


def _tags(request: Request) -> Iterator[Tag]:
    for name, kind in TYPED.items():
        yield from (Tag(kind, word.removeprefix(f"{name}:")) for word in _words(request, name))


def _apps(request: Request) -> tuple[str, ...]:
    apps = _words(request, "apps")
    if unknown := [app for app in apps if app not in LOCAL_APPS]:
        raise Invalid(f'"apps" must be one of [{", ".join(LOCAL_APPS)}], not {unknown[0][:50]!r}')
    return apps


FILTERS = (
    Query("filter", "a tag; all given must hold", many=True),
    Query("author", "a user or an organisation"),
    Query("search", "words of the name", many=True),
    Query("sort", "highest or newest first", choices=tuple(SORTS)),
    Query("direction", "-1 is descending, the default", choices=tuple(DIRECTIONS)),
    Query("full", "with files, commit and times", type="boolean"),
    Query("cardData", "with the card's metadata", type="boolean"),
    Query("config", "models: with parts of config.json", type="boolean"),
    Query("gated", "only gated ones, or only open ones", type="boolean"),
    Query("pipeline_tag", "models: a task"),
    Query("num_parameters", "models: bounds like min:6B,max:128B"),
    Query("apps", "models: those that this program can run", many=True, choices=tuple(LOCAL_APPS)),
    *(Query(name, f"a tag of the kind {kind.value}", many=True) for name, kind in TYPED.items()),
    Query("tags", "the same as filter", many=True),
    Query("other", "any other tag", many=True),
    Query("inference", "models: only those that an inference provider serves (none here)"),
    Query("inference_provider", "likewise, by name", many=True),
    Query("linked", "Spaces: with the models and datasets they use", type="boolean"),
    Query("models", "Spaces: those that use this model", many=True),
    Query("datasets", "Spaces: those that use this dataset", many=True),
)
_PARAMETERS = (*FILTERS, EXPAND, *PAGE)

calls = [
    Call(
        "GET",
        "/api/{T:types}",
        list_of_repos,
        "Repositories the caller may read",
        query=_PARAMETERS,
        answer=list[RepoFields],
        is_paged=True,
    )
]
