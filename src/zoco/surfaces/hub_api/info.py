"""What is there to know of one repository, now or at a revision?"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from zoco.core.errors import HubError, Moved, RepoNotFound
from zoco.core.ids import RepoId, RepoType
from zoco.hub.catalog.describe import repo_info
from zoco.hub.catalog.info import RepoInfo
from zoco.hub.catalog.query import Want
from zoco.hub.repos.open import open_for_reading, resolve_alias
from zoco.hub.repos.revisions import resolve_revision
from zoco.surfaces.hub_api import fields
from zoco.surfaces.hub_api.asked import Asked, asked, flag, texts
from zoco.surfaces.hub_api.calls import API, EXPAND, Call, Query
from zoco.surfaces.hub_api.replies import json_reply
from zoco.surfaces.hub_api.shapes import RepoFields
from zoco.surfaces.threads import in_thread


async def get_info(request: Request) -> Response:
    of = await asked(request)
    kind: RepoType = of.id.type
    expanded = fields.checked(kind, texts(request, "expand"))
    names = expanded or fields.INFO[kind]
    want = fields.cost(kind, names)
    if flag(request, "blobs") and Want.SIBLINGS in want:
        want |= {Want.SIZES}
    revision: str | None = request.path_params.get("rev")
    info = await in_thread(_info, of, revision, want)
    shown = fields.shown(info, names)
    if not expanded:
        shown |= _besides(info)
    if flag(request, "securityStatus"):
        shown["securityRepoStatus"] = {"scansDone": False, "filesWithIssues": []}
    return json_reply(shown)


def _info(of: Asked, revision: str | None, want: frozenset[Want]) -> RepoInfo:
    try:
        repo = open_for_reading(of.hub.storage, of.id, of.actor)
    except RepoNotFound as missing:
        raise _alias_or(missing, of) from missing
    commit = resolve_revision(of.hub.storage, repo, revision) if revision is not None else None
    return repo_info(of.hub.catalogue, repo, of.actor, commit, want=want)


def _alias_or(missing: RepoNotFound, of: Asked) -> HubError:
    """`/api/models/gpt2/refs` looks like the info of a repository `gpt2/refs`."""
    try:
        to = resolve_alias(of.hub.storage, of.id.type, of.id.namespace, of.actor)
    except RepoNotFound:
        return missing
    return Moved(RepoId(of.id.type, "", of.id.namespace), to)


def _besides(info: RepoInfo) -> fields.Json:
    """Older names, and names that only a whole info has."""
    match info.id.type:
        case RepoType.MODEL:
            return {"modelId": info.id.full_name}
        case RepoType.DATASET:
            return {"key": ""}
        case RepoType.SPACE:
            return {}


_QUERY = (
    EXPAND,
    Query("blobs", "siblings with size, git hash and LFS facts", type="boolean"),
    Query("securityStatus", "with securityRepoStatus", type="boolean"),
)

calls = [
    Call("GET", API, get_info, "A repository's info", query=_QUERY, answer=RepoFields),
    Call(
        "GET",
        f"{API}/revision/{{rev:seg}}",
        get_info,
        "A repository's info at a revision",
        query=_QUERY,
        answer=RepoFields,
    ),
]
