"""Organisations: overview, members, followers (always none)."""

from __future__ import annotations

from typing import NotRequired

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.access import Actor
from zoco.hub.accounts.orgs import count_repos, get_org, list_members
from zoco.surfaces.context import actor_of
from zoco.surfaces.hub_api.asked import cursor_of, number
from zoco.surfaces.hub_api.calls import PAGE, Call, Query
from zoco.surfaces.hub_api.people import PersonItem, avatar_url, page_of, person_item
from zoco.surfaces.hub_api.replies import json_reply, page_reply
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_thread


class OrgOverview(TypedDict):
    _id: str
    name: str
    fullname: str
    avatarUrl: str
    details: NotRequired[str]
    isVerified: bool
    isFollowing: bool
    type: str
    numUsers: int
    numModels: int
    numSpaces: int
    numDatasets: int
    numFollowers: int
    numPapers: int


class OrgSocials(TypedDict):
    _id: str
    name: str
    socialHandles: dict[str, str]


async def org_overview(request: Request) -> Response:
    actor = await actor_of(request)
    return json_reply(await in_thread(_overview, request, hub_of(request), actor, _name(request)))


async def org_members(request: Request) -> Response:
    """Members see each other's roles; others see who belongs."""
    actor, name = await actor_of(request), _name(request)
    limit = number(request, "limit", default=100, least=1, most=1000)
    wanted = request.query_params.get("search", "").lower()
    is_member = actor is not None and actor.role_in(name) is not None
    items: list[PersonItem] = []
    for member in await in_thread(list_members, hub_of(request).db, name):
        if wanted not in member.name.lower() and wanted not in member.full_name.lower():
            continue
        item = person_item(request, member.public_id, member.name, member.full_name)
        if is_member:
            item["role"] = member.role.value
        items.append(item)
    page, following = page_of(items, cursor_of(request), limit)
    return page_reply(request, page, following)


async def org_followers(request: Request) -> Response:
    await in_thread(get_org, hub_of(request).db, _name(request))
    return json_reply([])


async def org_socials(request: Request) -> Response:
    org = await in_thread(get_org, hub_of(request).db, _name(request))
    answer: OrgSocials = {"_id": org.public_id, "name": org.name, "socialHandles": {}}
    return json_reply(answer)


def _name(request: Request) -> str:
    return str(request.path_params["org"])


def _overview(request: Request, hub: Hub, actor: Actor | None, name: str) -> OrgOverview:
    org = get_org(hub.db, name)
    counts = count_repos(hub.db, org.name, actor)
    answer: OrgOverview = {
        "_id": org.public_id,
        "name": org.name,
        "fullname": org.full_name or org.name,
        "avatarUrl": avatar_url(request, org.name),
        "isVerified": False,
        "isFollowing": False,
        "type": "org",
        "numUsers": len(list_members(hub.db, org.name)),
        "numModels": counts.models,
        "numSpaces": counts.spaces,
        "numDatasets": counts.datasets,
        "numFollowers": 0,
        "numPapers": 0,
    }
    if org.details:
        answer["details"] = org.details
    return answer


calls = [
    Call("GET", "/api/organizations/{org:seg}/overview", org_overview, "Its overview", answer=OrgOverview),
    Call(
        "GET",
        "/api/organizations/{org:seg}/members",
        org_members,
        "Its members; with their roles for members",
        query=(Query("search", "part of a name"), *PAGE),
        answer=list[PersonItem],
        is_paged=True,
    ),
    Call(
        "GET",
        "/api/organizations/{org:seg}/followers",
        org_followers,
        "Followers (always empty: following is not offered)",
        query=PAGE,
        answer=list[PersonItem],
    ),
    Call("GET", "/api/organizations/{org:seg}/socials", org_socials, "Social handles", answer=OrgSocials),
]
