"""Tokens for the Xet store, one repository each: clients ask before they upload or download a large file."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.access import Actor
from zoco.core.errors import NotAuthenticated
from zoco.core.repos import ContentsRepo
from zoco.hub.repos.open import open_for_contents, open_for_writing
from zoco.surfaces.hub_api.asked import asked
from zoco.surfaces.hub_api.calls import API, Call, Query
from zoco.surfaces.hub_api.commit import refuse_pull_request
from zoco.surfaces.hub_api.replies import json_reply
from zoco.surfaces.threads import in_thread
from zoco.surfaces.xet.tokens import connection


class XetToken(TypedDict):
    casUrl: str
    exp: int
    accessToken: str


async def xet_read_token(request: Request) -> Response:
    of = await asked(request)
    repo = await in_thread(open_for_contents, of.hub.storage, of.id, of.actor)
    return await _answer(request, repo, of.actor, can_write=False)


async def xet_write_token(request: Request) -> Response:
    """A browser's session is not enough: it changes nothing without its forms, and this would let it."""
    of = await asked(request)
    await refuse_pull_request(request, of)
    repo = await in_thread(open_for_writing, of.hub.storage, of.id, of.actor)
    if "authorization" not in request.headers:
        raise NotAuthenticated("Log in, or give a token with the write role, to upload.")
    return await _answer(request, repo, of.actor, can_write=True)


async def _answer(request: Request, repo: ContentsRepo, actor: Actor | None, *, can_write: bool) -> Response:
    """In the body for hf-xet and @huggingface/hub, in the headers for huggingface_hub. The revision does not matter:
    a file is reached through its repository."""
    made = await connection(request, repo, actor, can_write=can_write)
    answer: XetToken = {"casUrl": made.cas_url, "exp": made.expires_at_s, "accessToken": made.token}
    reply = json_reply(answer)
    reply.headers.update({**made.headers(), "Cache-Control": "no-store"})
    return reply


calls = [
    Call(
        "GET",
        f"{API}/xet-read-token/{{rev:seg}}",
        xet_read_token,
        "Address of the Xet store, and a token to read this repository's files from it",
        answer=XetToken,
    ),
    Call(
        "GET",
        f"{API}/xet-write-token/{{rev:seg}}",
        xet_write_token,
        "Likewise, to upload files for this repository",
        query=(Query("create_pr", "for a pull request (not offered yet)", type="boolean"),),
        answer=XetToken,
    ),
]
