"""Before an upload: which files go by LFS, which are ignored, which are there already."""

from __future__ import annotations

import binascii
from typing import Literal, NotRequired

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.errors import Invalid
from zoco.hub.repos.open import open_for_writing
from zoco.hub.repos.preupload import FileAnswer, FileProbe, Preupload, preupload
from zoco.surfaces.hub_api.asked import Asked, asked, revision_of
from zoco.surfaces.hub_api.bodies import Body, json_body
from zoco.surfaces.hub_api.calls import API, Call, Query
from zoco.surfaces.hub_api.commit import refuse_pull_request
from zoco.surfaces.hub_api.replies import json_reply
from zoco.surfaces.threads import in_thread


class ProbedFile(Body):
    path: str
    size: int = Field(ge=0)
    sample: str = ""


class PreuploadBody(Body):
    files: list[ProbedFile] = Field(max_length=10_000)
    gitIgnore: str | None = None  # noqa: N815 - wire spelling
    gitAttributes: str | None = None  # noqa: N815 - wire spelling


class PreuploadFile(TypedDict):
    path: str
    uploadMode: Literal["lfs", "regular"]
    shouldIgnore: bool
    oid: NotRequired[str]


class PreuploadAnswer(TypedDict):
    files: list[PreuploadFile]
    commitOid: NotRequired[str]


async def check_upload(request: Request) -> Response:
    of = await asked(request)
    body = await json_body(request, PreuploadBody, size_max=16_000_000)
    await refuse_pull_request(request, of)
    found = await in_thread(_preupload, of, revision_of(request), body)
    answer: PreuploadAnswer = {"files": [_file(file) for file in found.files]}
    if found.commit:
        answer["commitOid"] = found.commit
    return json_reply(answer)


def _preupload(of: Asked, revision: str, body: PreuploadBody) -> Preupload:
    repo = open_for_writing(of.hub.storage, of.id, of.actor)
    probes = [FileProbe(file.path, file.size, _sample(file)) for file in body.files]
    return preupload(
        of.hub.storage,
        repo,
        revision,
        probes,
        git_ignore=body.gitIgnore,
        git_attributes=body.gitAttributes,
    )


def _sample(file: ProbedFile) -> bytes:
    try:
        return binascii.a2b_base64(file.sample.encode("ascii"), strict_mode=True) if file.sample else b""
    except ValueError as error:
        raise Invalid(f"files: sample of {file.path[:200]!r} is not base64: {error}") from error


def _file(answer: FileAnswer) -> PreuploadFile:
    """`shouldIgnore` must be there: huggingface_hub reads it without asking."""
    file: PreuploadFile = {
        "path": answer.path,
        "uploadMode": answer.mode.value,
        "shouldIgnore": answer.should_ignore,
    }
    if answer.oid:
        file["oid"] = answer.oid
    return file


calls = [
    Call(
        "POST",
        f"{API}/preupload/{{rev:seg}}",
        check_upload,
        "Which files of an upload go by LFS, which are ignored, and what the branch holds at their paths",
        query=(Query("create_pr", "for a pull request (not offered yet)", type="boolean"),),
        body=PreuploadBody,
        answer=PreuploadAnswer,
    ),
]
