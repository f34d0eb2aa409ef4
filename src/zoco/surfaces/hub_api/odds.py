"""Small calls that clients make by the way, and honest answers where this Hub has nothing behind them yet."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.errors import Invalid, NotOffered
from zoco.hub.repos.open import open_for_reading
from zoco.surfaces.hub_api.asked import asked
from zoco.surfaces.hub_api.calls import API, Call, Query
from zoco.surfaces.hub_api.replies import json_reply
from zoco.surfaces.threads import in_thread


class ScanState(TypedDict):
    scansDone: bool
    filesWithIssues: list[dict[str, str]]


class Harnesses(TypedDict):
    standardEnvVars: list[str]
    harnesses: dict[str, dict[str, str]]


async def telemetry(_request: Request) -> Response:
    """Nothing is kept."""
    return Response(status_code=204)


async def agent_harnesses(_request: Request) -> Response:
    answer: Harnesses = {"standardEnvVars": [], "harnesses": {}}
    return json_reply(answer)


async def scan_state(request: Request) -> Response:
    """No file is ever scanned here, so no scan is ever done."""
    of = await asked(request)
    await in_thread(open_for_reading, of.hub.storage, of.id, of.actor)
    answer: ScanState = {"scansDone": False, "filesWithIssues": []}
    return json_reply(answer)


async def repo_jwt(request: Request) -> Response:
    await _known(request)
    raise NotOffered("This Hub gives no JWTs: use an access token from Settings, Tokens")


async def discussions(request: Request) -> Response:
    await _known(request)
    raise NotOffered("This Hub has no discussions and pull requests yet: commit to a branch instead")


async def access_requests(request: Request) -> Response:
    await _known(request)
    raise NotOffered("This Hub takes no access requests yet: set `gated` to false, or make the reader a member")


async def safetensors_metadata(request: Request) -> Response:
    await _known(request)
    raise NotOffered("This Hub does not read safetensors headers for clients yet: read the file's header by Range")


async def notebook(request: Request) -> Response:
    await _known(request)
    raise NotOffered("This Hub does not render notebooks yet: download the file instead")


async def other_type(request: Request) -> Response:
    """`/api/kernels/…` and `/api/buckets/…`."""
    kind = str(request.path_params["kind"]).removesuffix("s")
    raise Invalid(f"Repositories of type '{kind}' are not offered by this Hub yet: use model, dataset or space")


async def _known(request: Request) -> None:
    """What is not offered is not offered to those who may know of the repository; others learn nothing."""
    of = await asked(request)
    await in_thread(open_for_reading, of.hub.storage, of.id, of.actor)


calls = [
    Call("GET", "/api/telemetry/{topic:rest}", telemetry, "Accepted and forgotten", status=204),
    Call("GET", "/api/agent-harnesses", agent_harnesses, "Known coding agents (none)", answer=Harnesses),
    Call("GET", f"{API}/scan", scan_state, "Security scans (never done here)", answer=ScanState),
]

later = [
    Call("GET", f"{API}/jwt", repo_jwt, "A JWT for one repository", query=(Query("write", "", "boolean"),)),
    Call("GET", f"{API}/discussions", discussions, "Discussions and pull requests"),
    Call("POST", f"{API}/discussions", discussions, "Open a discussion or pull request"),
    Call("GET", f"{API}/discussions/{{rest:rest}}", discussions, "A discussion"),
    Call("POST", f"{API}/discussions/{{rest:rest}}", discussions, "Take part in a discussion"),
    Call("GET", f"{API}/user-access-request/{{rest:rest}}", access_requests, "Access requests of a gated repository"),
    Call("POST", f"{API}/user-access-request/{{rest:rest}}", access_requests, "Answer access requests"),
    Call("GET", f"{API}/safetensors-metadata/{{path:rest}}", safetensors_metadata, "Headers of safetensors files"),
    Call("GET", f"{API}/notebook/{{rev:seg}}/{{path:rest}}", notebook, "A notebook as a page"),
]
"""Served as 501 with the cure; in the OpenAPI marked so."""
