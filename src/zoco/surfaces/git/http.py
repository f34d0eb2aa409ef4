"""git's smart protocol over HTTP (gitprotocol-http): advertisement, fetch and push.

The work is `hub/repos` `fetch` and `push`; here are addresses, headers, credentials and bodies. Refusals that git shows
its user travel in the protocol once a push has begun; before that they are a status with a line of text.
"""

from __future__ import annotations

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from zoco.core.errors import Denied, Invalid
from zoco.core.ids import RepoType
from zoco.core.repos import ContentsRepo
from zoco.hub.repos.fetch import advertise, upload_pack
from zoco.hub.repos.open import open_for_contents, open_for_writing
from zoco.surfaces.bodies import body_of, pour
from zoco.surfaces.context import actor_of
from zoco.surfaces.downloads import note_download
from zoco.surfaces.git.spool import Spool, WhileReading
from zoco.surfaces.git_urls import repo_of
from zoco.surfaces.state import hub_of
from zoco.surfaces.streaming import StreamedAnswer
from zoco.surfaces.threads import in_long_thread, in_thread, iterate

UPLOAD_PACK = "git-upload-pack"
RECEIVE_PACK = "git-receive-pack"

NO_CACHE = {
    "Cache-Control": "no-cache, max-age=0, must-revalidate",
    "Expires": "Fri, 01 Jan 1980 00:00:00 GMT",
    "Pragma": "no-cache",
}

FETCH_REQUEST_SIZE_MAX = 256 << 20
"""A mirror wants every ref and has every tip: 50 bytes each, for millions of them."""

_PROTOCOL = re.compile(r"[A-Za-z0-9=:._-]{1,200}")


async def info_refs(request: Request) -> Response:
    service = request.query_params.get("service", "")
    hub, actor, repo_id = hub_of(request), await actor_of(request), await repo_of(request)
    if service == RECEIVE_PACK:
        repo: ContentsRepo = await in_thread(open_for_writing, hub.storage, repo_id, actor)
    else:
        repo = await in_thread(open_for_contents, hub.storage, repo_id, actor)
        if service != UPLOAD_PACK:
            raise Denied("Only git's smart protocol is spoken here: use git 1.6.6 or newer, without GIT_SMART_HTTP=0.")
    chunks = await in_thread(advertise, hub.storage, repo, service, protocol_of(request))
    return StreamedAnswer(iterate(chunks), 200, {"Content-Type": f"application/x-{service}-advertisement", **NO_CACHE})


async def fetch(request: Request) -> Response:
    hub, actor = hub_of(request), await actor_of(request)
    repo = await in_thread(open_for_contents, hub.storage, await repo_of(request), actor)
    if refusal := wrong_type(request, UPLOAD_PACK):
        return refusal
    protocol = protocol_of(request)
    spool = Spool(hub.blobs.scratch, FETCH_REQUEST_SIZE_MAX)
    try:
        await pour(body_of(request, FETCH_REQUEST_SIZE_MAX), spool.feed)
        body = await in_thread(spool.body)
        if asks_for_objects(body) and repo.id.type is not RepoType.SPACE:
            note_download(request, actor, repo)
        chunks = await in_long_thread(upload_pack, hub.storage, repo, body, protocol)
    except BaseException:
        spool.discard()
        raise
    return StreamedAnswer(
        iterate(WhileReading(spool, chunks)), 200, {"Content-Type": f"application/x-{UPLOAD_PACK}-result", **NO_CACHE}
    )


def asks_for_objects(body: bytes | Path) -> bool:
    """Whether it is a clone, or a pull of something new: not only a question (gitprotocol-v2, «ls-refs»)."""
    if isinstance(body, Path):
        return True
    command = re.match(rb"[0-9a-f]{4}command=([a-z-]+)", body)
    return command is None or command[1] == b"fetch"


async def head_file(request: Request) -> Response:
    """What old clients and mirrors look at to learn the default branch."""
    hub, actor = hub_of(request), await actor_of(request)
    repo = await in_thread(open_for_contents, hub.storage, await repo_of(request), actor)
    return PlainTextResponse(f"ref: refs/heads/{repo.default_branch}\n", headers=NO_CACHE)


async def refuse_dumb(request: Request) -> Response:
    hub, actor = hub_of(request), await actor_of(request)
    await in_thread(open_for_contents, hub.storage, await repo_of(request), actor)
    raise Denied("Objects are not served one by one: use git's smart protocol (git 1.6.6 or newer).")


def protocol_of(request: Request) -> str:
    """Git-Protocol, when it is one: it goes into the environment of a child process."""
    value = request.headers.get("git-protocol", "")
    if value and not _PROTOCOL.fullmatch(value):
        raise Invalid("The Git-Protocol header is not understood: it should be like 'version=2'.")
    return value


def wrong_type(request: Request, service: str) -> Response | None:
    wanted = f"application/x-{service}-request"
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == wanted:
        return None
    return PlainTextResponse(f"Content-Type must be {wanted}\n", 415)
