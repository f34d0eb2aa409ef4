"""The repositories of one's own namespace or organisation, with the storage they take (`hf repos ls`)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.ids import RepoType
from zoco.hub.accounts.orgs import get_org
from zoco.hub.catalog.lists import list_storage
from zoco.surfaces.hub_api.asked import cursor_of, number, one_of, signed_in
from zoco.surfaces.hub_api.calls import PAGE, Call, Query
from zoco.surfaces.hub_api.replies import iso, page_reply
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_thread

TYPES = {kind.value: kind for kind in RepoType}


class StoredRepo(TypedDict):
    id: str
    type: str
    updatedAt: str
    visibility: str
    storage: int
    storagePercent: float


async def my_repositories(request: Request) -> Response:
    return await _listed(request, (await signed_in(request)).name)


async def org_repositories(request: Request) -> Response:
    await signed_in(request)
    org = await in_thread(get_org, hub_of(request).db, str(request.path_params["org"]))
    return await _listed(request, org.name)


async def _listed(request: Request, namespace: str) -> Response:
    page = await in_thread(
        list_storage,
        hub_of(request).catalogue,
        await signed_in(request),
        namespace,
        type=one_of(request, "type", TYPES),
        search=request.query_params.get("search", ""),
        cursor=cursor_of(request),
        limit=number(request, "limit", default=100, least=1, most=1000),
    )
    items: list[StoredRepo] = [
        {
            "id": row.id.full_name,
            "type": row.id.type.value,
            "updatedAt": iso(row.updated_at_ms),
            "visibility": row.visibility.value,
            "storage": row.used_storage,
            "storagePercent": row.percent,
        }
        for row in page.items
    ]
    return page_reply(request, items, page.next_cursor)


_QUERY = (Query("type", "one type", choices=tuple(TYPES)), Query("search", "a part of the name"), *PAGE)

calls = [
    Call(
        "GET",
        "/api/settings/repositories",
        my_repositories,
        "The caller's repositories with their storage",
        query=_QUERY,
        answer=list[StoredRepo],
        is_paged=True,
    ),
    Call(
        "GET",
        "/api/organizations/{org:seg}/settings/repositories",
        org_repositories,
        "An organisation's repositories with their storage, for its members",
        query=_QUERY,
        answer=list[StoredRepo],
        is_paged=True,
    ),
]
