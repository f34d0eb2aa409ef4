"""Likes: give, take back, see who."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from zoco.hub.community.likes import like, likers, unlike
from zoco.hub.repos.open import open_for_reading
from zoco.surfaces.hub_api.asked import asked, cursor_of, number, signed_in
from zoco.surfaces.hub_api.calls import API, PAGE, Call
from zoco.surfaces.hub_api.people import PersonItem, person_item
from zoco.surfaces.hub_api.replies import json_reply, page_reply
from zoco.surfaces.threads import in_thread


async def add_like(request: Request) -> Response:
    of = await asked(request)
    repo = await in_thread(open_for_reading, of.hub.storage, of.id, of.actor)
    await in_thread(like, of.hub.db, repo, await signed_in(request))
    return json_reply({})


async def remove_like(request: Request) -> Response:
    of = await asked(request)
    repo = await in_thread(open_for_reading, of.hub.storage, of.id, of.actor)
    await in_thread(unlike, of.hub.db, repo, await signed_in(request))
    return json_reply({})


async def list_likers(request: Request) -> Response:
    of = await asked(request)
    limit = number(request, "limit", default=100, least=1, most=1000)
    repo = await in_thread(open_for_reading, of.hub.storage, of.id, of.actor)
    page = await in_thread(likers, of.hub.db, repo, cursor=cursor_of(request), limit=limit)
    items = [person_item(request, liker.public_id, liker.name, liker.full_name) for liker in page.items]
    return page_reply(request, items, page.next_cursor)


calls = [
    Call("POST", f"{API}/like", add_like, "Like a repository", answer=dict[str, str]),
    Call("DELETE", f"{API}/like", remove_like, "Take a like back", answer=dict[str, str]),
    Call(
        "GET",
        f"{API}/likers",
        list_likers,
        "Who likes it, newest first",
        query=PAGE,
        answer=list[PersonItem],
        is_paged=True,
    ),
]
