"""Branches and tags: list, create, delete; and squash a branch's history."""

from __future__ import annotations

from typing import NotRequired

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.hub.repos.open import open_for_reading, open_for_writing
from zoco.hub.repos.refs import RefInfo, create_branch, create_tag, delete_branch, delete_tag, list_refs
from zoco.hub.repos.squash import super_squash
from zoco.surfaces.hub_api.asked import asked, flag, revision_of, signed_in
from zoco.surfaces.hub_api.bodies import Body, Text, json_body
from zoco.surfaces.hub_api.calls import API, Call, Query
from zoco.surfaces.hub_api.replies import json_reply
from zoco.surfaces.threads import in_long_thread, in_thread


class BranchBody(Body):
    startingPoint: Text | None = None  # noqa: N815 - wire spelling
    emptyBranch: bool | None = None  # noqa: N815 - wire spelling
    overwrite: bool | None = None


class TagBody(Body):
    tag: Text
    message: Text | None = None


class SquashBody(Body):
    message: Text | None = None


class RefItem(TypedDict):
    name: str
    ref: str
    targetCommit: str


class RefLists(TypedDict):
    branches: list[RefItem]
    tags: list[RefItem]
    converts: list[RefItem]
    pullRequests: NotRequired[list[RefItem]]


class Squashed(TypedDict):
    commitId: str


async def list_repo_refs(request: Request) -> Response:
    of = await asked(request)
    repo = await in_thread(open_for_reading, of.hub.storage, of.id, of.actor)
    refs = await in_thread(list_refs, of.hub.storage, repo)
    answer: RefLists = {
        "branches": [_item(ref) for ref in refs.branches],
        "tags": [_item(ref) for ref in refs.tags],
        "converts": [_item(ref) for ref in refs.converts],
    }
    if flag(request, "include_prs") or flag(request, "include_pull_requests"):
        answer["pullRequests"] = [_item(ref) for ref in refs.pulls]
    return json_reply(answer)


async def add_branch(request: Request) -> Response:
    of = await asked(request)
    repo = await in_thread(open_for_writing, of.hub.storage, of.id, of.actor)
    body = await json_body(request, BranchBody)
    await in_long_thread(
        create_branch,
        of.hub.storage,
        repo,
        await signed_in(request),
        revision_of(request),
        starting_point=body.startingPoint,
        empty=bool(body.emptyBranch),
        overwrite=bool(body.overwrite),
    )
    return json_reply({})


async def remove_branch(request: Request) -> Response:
    of = await asked(request)
    repo = await in_thread(open_for_writing, of.hub.storage, of.id, of.actor)
    await in_long_thread(delete_branch, of.hub.storage, repo, await signed_in(request), revision_of(request))
    return json_reply({})


async def add_tag(request: Request) -> Response:
    of = await asked(request)
    repo = await in_thread(open_for_writing, of.hub.storage, of.id, of.actor)
    body = await json_body(request, TagBody)
    actor, revision = await signed_in(request), revision_of(request)
    await in_long_thread(
        create_tag, of.hub.storage, repo, actor, body.tag, revision=revision, message=body.message or ""
    )
    return json_reply({})


async def remove_tag(request: Request) -> Response:
    of = await asked(request)
    repo = await in_thread(open_for_writing, of.hub.storage, of.id, of.actor)
    await in_long_thread(delete_tag, of.hub.storage, repo, await signed_in(request), revision_of(request))
    return json_reply({})


async def squash_history(request: Request) -> Response:
    of = await asked(request)
    repo = await in_thread(open_for_writing, of.hub.storage, of.id, of.actor)
    body = await json_body(request, SquashBody)
    actor, revision = await signed_in(request), revision_of(request)
    oid = await in_long_thread(super_squash, of.hub.storage, repo, actor, revision, body.message or "")
    answer: Squashed = {"commitId": oid}
    return json_reply(answer)


def _item(ref: RefInfo) -> RefItem:
    return {"name": ref.name, "ref": ref.ref, "targetCommit": ref.target}


_PULLS = Query("include_prs", "also the refs of pull requests", type="boolean")

calls = [
    Call("GET", f"{API}/refs", list_repo_refs, "Branches, tags and converts", query=(_PULLS,), answer=RefLists),
    Call("POST", f"{API}/branch/{{rev:seg}}", add_branch, "Create a branch", body=BranchBody, answer=dict[str, str]),
    Call("DELETE", f"{API}/branch/{{rev:seg}}", remove_branch, "Delete a branch", answer=dict[str, str]),
    Call("POST", f"{API}/tag/{{rev:seg}}", add_tag, "Tag a revision", body=TagBody, answer=dict[str, str]),
    Call("DELETE", f"{API}/tag/{{rev:seg}}", remove_tag, "Delete a tag", answer=dict[str, str]),
    Call(
        "POST",
        f"{API}/super-squash/{{rev:seg}}",
        squash_history,
        "Replace a branch's history by one commit",
        body=SquashBody,
        answer=Squashed,
    ),
]
