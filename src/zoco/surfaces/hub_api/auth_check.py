"""May I read this repository's files? May I write to it?"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from zoco.hub.repos.open import open_for_contents, open_for_writing
from zoco.surfaces.hub_api.asked import asked
from zoco.surfaces.hub_api.calls import API, Call
from zoco.surfaces.hub_api.replies import json_reply
from zoco.surfaces.threads import in_thread


async def check_read(request: Request) -> Response:
    of = await asked(request)
    await in_thread(open_for_contents, of.hub.storage, of.id, of.actor)
    return json_reply({})


async def check_write(request: Request) -> Response:
    of = await asked(request)
    await in_thread(open_for_writing, of.hub.storage, of.id, of.actor)
    return json_reply({})


calls = [
    Call("GET", f"{API}/auth-check", check_read, "200 when you may read its files", answer=dict[str, str]),
    Call("GET", f"{API}/auth-check/write", check_write, "200 when you may write to it", answer=dict[str, str]),
]
