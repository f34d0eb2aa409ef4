"""Repositories as a whole: create, delete, move, duplicate, change settings."""

from __future__ import annotations

import binascii
from typing import Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.access import Actor, Gated, Visibility
from zoco.core.errors import Invalid
from zoco.core.ids import RepoId, RepoType
from zoco.core.repos import AdminRepo, ContentsRepo
from zoco.hub.repos.create import create_repo
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.duplicate import duplicate_repo
from zoco.hub.repos.move import move_repo
from zoco.hub.repos.open import open_for_admin, open_for_contents
from zoco.hub.repos.settings import RepoSettings, change_settings
from zoco.surfaces.context import endpoint_of
from zoco.surfaces.hub_api.asked import Asked, asked, signed_in
from zoco.surfaces.hub_api.bodies import Body, Text, json_body
from zoco.surfaces.hub_api.calls import API, Call
from zoco.surfaces.hub_api.replies import json_reply
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_long_thread, in_thread

CREATE_SIZE_MAX = 20_000_000
NOT_YET = frozenset({"kernel", "bucket"})


class FirstFile(Body):
    path: Text
    content: str
    encoding: Literal["utf-8", "base64"] = "utf-8"


class CreateBody(Body):
    name: Text
    organization: Text | None = None
    type: Text | None = None
    private: bool | None = None
    visibility: Text | None = None
    license: Text | None = None
    sdk: Text | None = None
    files: list[FirstFile] = Field(default=[], max_length=1000)


class DeleteBody(Body):
    name: Text
    organization: Text | None = None
    type: Text | None = None


class MoveBody(Body):
    fromRepo: Text  # noqa: N815 - wire spelling
    toRepo: Text  # noqa: N815 - wire spelling
    type: Text | None = None


class DuplicateBody(Body):
    repository: Text
    private: bool | None = None
    visibility: Text | None = None


class SettingsBody(Body):
    private: bool | None = None
    visibility: Text | None = None
    gated: Literal["auto", "manual", False] | None = None
    discussionsDisabled: bool | None = None  # noqa: N815 - wire spelling
    discussionsSorting: Literal["recently-created", "trending", "reactions"] | None = None  # noqa: N815
    orgMembersGated: bool | None = None  # noqa: N815
    gatedNotificationsEmail: Text | None = Field(default=None, max_length=320)  # noqa: N815
    gatedNotificationsMode: Literal["bulk", "real-time"] | None = None  # noqa: N815


class CreatedRepo(TypedDict):
    url: str
    name: str
    id: str


class SettingsEcho(TypedDict, total=False):
    private: bool
    visibility: str
    gated: Literal["auto", "manual", False]
    discussionsDisabled: bool
    discussionsSorting: str
    orgMembersGated: bool
    gatedNotificationsEmail: str
    gatedNotificationsMode: str


_FACTS = (
    "discussionsDisabled",
    "discussionsSorting",
    "orgMembersGated",
    "gatedNotificationsEmail",
    "gatedNotificationsMode",
)


async def create(request: Request) -> Response:
    body = await json_body(request, CreateBody, CREATE_SIZE_MAX)
    actor = await signed_in(request)
    repo = await in_long_thread(_create, hub_of(request), actor, body)
    return _created(request, repo)


async def delete(request: Request) -> Response:
    body = await json_body(request, DeleteBody)
    actor = await signed_in(request)
    await in_long_thread(_delete, hub_of(request), actor, body)
    return json_reply({})


async def move(request: Request) -> Response:
    body = await json_body(request, MoveBody)
    actor = await signed_in(request)
    await in_long_thread(_move, hub_of(request), actor, body)
    return json_reply({})


async def duplicate(request: Request) -> Response:
    of = await asked(request)
    source = await in_thread(open_for_contents, of.hub.storage, of.id, of.actor)
    body = await json_body(request, DuplicateBody)
    repo = await in_long_thread(_duplicate, of, source, await signed_in(request), body)
    return _created(request, repo)


async def update_settings(request: Request) -> Response:
    of = await asked(request)
    repo = await in_thread(open_for_admin, of.hub.storage, of.id, of.actor)
    body = await json_body(request, SettingsBody)
    now = await in_thread(_change_settings, of, repo, await signed_in(request), body)
    return json_reply(_echo(body, now))


def repo_type(word: str | None) -> RepoType:
    """Nothing means a model. Raises Invalid naming the type."""
    if word in NOT_YET:
        raise Invalid(f"Repositories of type '{word}' are not offered by this Hub yet: use model, dataset or space")
    try:
        return RepoType(word or "model")
    except ValueError as error:
        raise Invalid(f"type must be model, dataset or space, not {(word or '')[:50]!r}") from error


def visibility_of(private: bool | None, visibility: str | None) -> Visibility | None:
    """`visibility` is the newer spelling; None when neither is given. Raises Invalid."""
    if visibility is not None:
        if visibility == "protected":
            raise Invalid("visibility 'protected' is not offered by this Hub: use public or private")
        try:
            return Visibility(visibility)
        except ValueError as error:
            raise Invalid(f"visibility must be public or private, not {visibility[:50]!r}") from error
    if private is None:
        return None
    return Visibility.PRIVATE if private else Visibility.PUBLIC


def _create(hub: Hub, actor: Actor, body: CreateBody) -> RepoId:
    named = _named(repo_type(body.type), body.organization, body.name, actor)
    made = create_repo(
        hub.storage,
        actor,
        named,
        visibility=visibility_of(body.private, body.visibility),
        license=body.license,
        sdk=body.sdk,
        files=[(file.path, _content(file)) for file in body.files],
    )
    return made.id


def _delete(hub: Hub, actor: Actor, body: DeleteBody) -> None:
    named = _named(repo_type(body.type), body.organization, body.name, actor)
    delete_repo(hub.storage, open_for_admin(hub.storage, named, actor), actor)


def _move(hub: Hub, actor: Actor, body: MoveBody) -> None:
    kind = repo_type(body.type)
    old = full_name("fromRepo", kind, body.fromRepo)
    new = full_name("toRepo", kind, body.toRepo)
    move_repo(hub.storage, open_for_admin(hub.storage, old, actor), actor, new)


def _duplicate(of: Asked, source: ContentsRepo, actor: Actor, body: DuplicateBody) -> RepoId:
    to = _named(of.id.type, None, body.repository, actor)
    chosen = visibility_of(body.private, body.visibility)
    return duplicate_repo(of.hub.storage, source, actor, to, visibility=chosen).id


def _change_settings(of: Asked, repo: AdminRepo, actor: Actor, body: SettingsBody) -> RepoSettings:
    facts = {name: value for name in _FACTS if (value := getattr(body, name)) is not None}
    return change_settings(
        of.hub.storage,
        repo,
        actor,
        visibility=visibility_of(body.private, body.visibility),
        gated=None if body.gated is None else Gated(body.gated or "open"),
        facts=facts or None,
    )


def _echo(body: SettingsBody, now: RepoSettings) -> dict[str, object]:
    """Of what was asked for, as it is now."""
    is_private = now.visibility is Visibility.PRIVATE
    shown: dict[str, object] = {
        "private": is_private,
        "visibility": now.visibility.value,
        "gated": False if now.gated is Gated.OPEN else now.gated.value,
        **now.facts,
    }
    return {name: value for name, value in shown.items() if name in body.model_fields_set}


def _named(kind: RepoType, organization: str | None, name: str, actor: Actor) -> RepoId:
    """Without an organisation the caller's own; `name` may also say `namespace/name`."""
    if organization is None and "/" in name:
        return full_name("name", kind, name)
    return RepoId(kind, organization or actor.name, name)


def full_name(field: str, kind: RepoType, text: str) -> RepoId:
    namespace, slash, name = text.partition("/")
    if not slash or not namespace or not name or "/" in name:
        raise Invalid(f"{field} must be written as namespace/name, not {text[:200]!r}")
    return RepoId(kind, namespace, name)


def _content(file: FirstFile) -> bytes:
    if file.encoding == "utf-8":
        return file.content.encode()
    try:
        return binascii.a2b_base64(file.content.encode("ascii"), strict_mode=True)
    except ValueError as error:
        raise Invalid(f"files: content of {file.path[:200]!r} is not base64: {error}") from error


def _created(request: Request, id: RepoId) -> Response:
    answer: CreatedRepo = {"url": f"{endpoint_of(request)}/{id.path}", "name": id.full_name, "id": id.full_name}
    return json_reply(answer)


calls = [
    Call("POST", "/api/repos/create", create, "Create a repository", body=CreateBody, answer=CreatedRepo),
    Call("DELETE", "/api/repos/delete", delete, "Delete a repository", body=DeleteBody, answer=dict[str, str]),
    Call("POST", "/api/repos/move", move, "Rename or transfer a repository", body=MoveBody, answer=dict[str, str]),
    Call(
        "POST",
        f"{API}/duplicate",
        duplicate,
        "Copy a repository under a new name",
        body=DuplicateBody,
        answer=CreatedRepo,
    ),
    Call("PUT", f"{API}/settings", update_settings, "Change settings", body=SettingsBody, answer=SettingsEcho),
]
