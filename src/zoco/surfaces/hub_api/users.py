"""Users: overview, what they like, followers (nobody follows anybody here yet)."""

from __future__ import annotations

from typing import NotRequired

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from typing_extensions import TypedDict

from zoco.core.access import Actor
from zoco.hub.accounts.orgs import count_repos, find_org, orgs_of
from zoco.hub.accounts.users import get_user
from zoco.hub.community.likes import likes_of_user
from zoco.surfaces.context import actor_of
from zoco.surfaces.hub_api.asked import cursor_of, flag, number
from zoco.surfaces.hub_api.calls import PAGE, Call, Query
from zoco.surfaces.hub_api.people import OrgItem, PersonItem, avatar_url
from zoco.surfaces.hub_api.replies import iso, json_reply, page_reply
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_thread
from zoco.surfaces.web.glyphs import glyph

LIKES_COUNTED_MAX = 1000
SVG = "http://www.w3.org/2000/svg"


class UserOverview(TypedDict):
    _id: str
    user: str
    fullname: str
    avatarUrl: str
    isPro: bool
    type: str
    details: NotRequired[str]
    numModels: int
    numDatasets: int
    numSpaces: int
    numDiscussions: int
    numPapers: int
    numUpvotes: int
    numLikes: int
    numFollowers: int
    numFollowing: int
    orgs: list[OrgItem]
    isFollowing: bool
    createdAt: str


class LikedRepo(TypedDict):
    name: str
    type: str


class LikeItem(TypedDict):
    createdAt: str
    repo: LikedRepo


class Avatar(TypedDict):
    avatarUrl: str


class Socials(TypedDict):
    _id: str
    user: str
    socialHandles: dict[str, str]


async def user_overview(request: Request) -> Response:
    actor = await actor_of(request)
    return json_reply(await in_thread(_overview, request, hub_of(request), actor, _name(request)))


async def user_likes(request: Request) -> Response:
    limit = number(request, "limit", default=1000, least=1, most=1000)
    actor, cursor = await actor_of(request), cursor_of(request)
    page = await in_thread(likes_of_user, hub_of(request).db, actor, _name(request), cursor=cursor, limit=limit)
    items: list[LikeItem] = [
        {"createdAt": iso(liked.at_ms), "repo": {"name": liked.repo.full_name, "type": liked.repo.type.value}}
        for liked in page.items
    ]
    return page_reply(request, items, page.next_cursor)


async def user_follows(request: Request) -> Response:
    await in_thread(get_user, hub_of(request).db, _name(request))
    return json_reply([])


async def user_socials(request: Request) -> Response:
    user = await in_thread(get_user, hub_of(request).db, _name(request))
    answer: Socials = {"_id": user.public_id, "user": user.name, "socialHandles": {}}
    return json_reply(answer)


async def avatar_of(request: Request) -> Response:
    """Of a user or an organisation."""
    name = await in_thread(_name_as_stored, hub_of(request), _name(request))
    address = avatar_url(request, name)
    if flag(request, "redirect"):
        return RedirectResponse(address, 302)
    answer: Avatar = {"avatarUrl": address}
    return json_reply(answer)


async def avatar_picture(request: Request) -> Response:
    """The woven medallion that the pages show: drawn from the name, so nothing is stored."""
    name = await in_thread(_name_as_stored, hub_of(request), _name(request))
    drawn = str(glyph(name, "u")).replace("<svg ", f'<svg xmlns="{SVG}" width="96" height="96" color="#5b4b8a" ', 1)
    headers = {"Cache-Control": "public, max-age=3600", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(drawn, headers=headers, media_type="image/svg+xml")


def _name(request: Request) -> str:
    return str(request.path_params["user"])


def _name_as_stored(hub: Hub, name: str) -> str:
    org = find_org(hub.db, name)
    return org.name if org else get_user(hub.db, name).name


def _overview(request: Request, hub: Hub, actor: Actor | None, name: str) -> UserOverview:
    user = get_user(hub.db, name)
    counts = count_repos(hub.db, user.name, actor)
    answer: UserOverview = {
        "_id": user.public_id,
        "user": user.name,
        "fullname": user.full_name or user.name,
        "avatarUrl": avatar_url(request, user.name),
        "isPro": False,
        "type": "user",
        "numModels": counts.models,
        "numDatasets": counts.datasets,
        "numSpaces": counts.spaces,
        "numDiscussions": 0,
        "numPapers": 0,
        "numUpvotes": 0,
        "numLikes": len(likes_of_user(hub.db, actor, user.name, limit=LIKES_COUNTED_MAX).items),
        "numFollowers": 0,
        "numFollowing": 0,
        "orgs": [
            {
                "id": org.public_id,
                "name": org.name,
                "fullname": org.full_name or org.name,
                "avatarUrl": avatar_url(request, org.name),
            }
            for org, _role in orgs_of(hub.db, user.id)
        ],
        "isFollowing": False,
        "createdAt": iso(user.created_at_ms),
    }
    if user.bio:
        answer["details"] = user.bio
    return answer


_REDIRECT = (Query("redirect", "answer 302 to the picture", type="boolean"),)

calls = [
    Call("GET", "/api/users/{user:seg}/overview", user_overview, "A user's overview", answer=UserOverview),
    Call(
        "GET",
        "/api/users/{user:seg}/likes",
        user_likes,
        "What a user likes, newest first",
        query=PAGE,
        answer=list[LikeItem],
        is_paged=True,
    ),
    Call(
        "GET",
        "/api/users/{user:seg}/followers",
        user_follows,
        "Followers (always empty: following is not offered)",
        query=PAGE,
        answer=list[PersonItem],
    ),
    Call(
        "GET",
        "/api/users/{user:seg}/following",
        user_follows,
        "Whom a user follows (always empty)",
        query=PAGE,
        answer=list[PersonItem],
    ),
    Call("GET", "/api/users/{user:seg}/socials", user_socials, "Social handles (none are kept)", answer=Socials),
    Call("GET", "/api/users/{user:seg}/avatar", avatar_of, "A user's picture", query=_REDIRECT, answer=Avatar),
    Call("GET", "/api/avatars/{user:seg}", avatar_of, "The picture of a namespace", query=_REDIRECT, answer=Avatar),
    Call("GET", "/avatars/{user:seg}", avatar_picture, "The picture itself", media_type="image/svg+xml"),
    Call(
        "GET",
        "/api/organizations/{user:seg}/avatar",
        avatar_of,
        "An organisation's picture",
        query=_REDIRECT,
        answer=Avatar,
    ),
]
