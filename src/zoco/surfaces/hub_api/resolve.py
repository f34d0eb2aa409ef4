"""A file of a repository at a revision: its bytes, in ranges if asked, and the headers clients cache by.

Everything that can go wrong is checked in this order: repository, gate, revision, entry.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.ids import Oid
from zoco.core.repos import ContentsRepo
from zoco.hub.cards.counting import counts_as_download
from zoco.hub.repos.open import open_for_contents
from zoco.hub.repos.read import File, open_file
from zoco.hub.repos.revisions import resolve_revision
from zoco.surfaces.bytes import StoredFile, answer_file, in_lfs, in_memory
from zoco.surfaces.context import endpoint_of
from zoco.surfaces.downloads import note_download
from zoco.surfaces.hub_api.asked import Asked, asked, flag, path_of, revision_of
from zoco.surfaces.hub_api.calls import FILES, Call, Query
from zoco.surfaces.threads import in_thread
from zoco.surfaces.xet.tokens import cas_url

XET_INFO = "application/vnd.xet-fileinfo+json"
"""@huggingface/hub accepts this instead of the bytes."""

SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""A page from a repository is somebody else's: whatever it holds must not run in the name of this site."""


class XetFileInfo(TypedDict):
    hash: str
    refreshUrl: str
    reconstructionUrl: str
    etag: str
    size: int


@dataclass(frozen=True, slots=True)
class _Found:
    repo: ContentsRepo
    commit: Oid
    file: File
    is_download: bool


@dataclass(frozen=True, slots=True)
class _XetPlace:
    """Where a client that speaks Xet gets the file instead, and with which token."""

    hash: str
    token_url: str
    reconstruction_url: str

    def headers(self) -> dict[str, str]:
        link = f'<{self.token_url}>; rel="xet-auth", <{self.reconstruction_url}>; rel="xet-reconstruction-info"'
        return {"X-Xet-Hash": self.hash, "Link": link}

    def json(self, file: File) -> bytes:
        answer: XetFileInfo = {
            "hash": self.hash,
            "refreshUrl": self.token_url,
            "reconstructionUrl": self.reconstruction_url,
            "etag": f'"{file.etag}"',
            "size": file.size,
        }
        return json.dumps(answer).encode()


async def resolve_file(request: Request) -> Response:
    """A large file's content, where `raw_file` gives its LFS pointer."""
    of = await asked(request)
    found = await in_thread(_find, of, revision_of(request), path_of(request), False, request.method == "HEAD")
    if found.is_download:
        note_download(request, of.actor, found.repo)
    headers = _headers(request, found)
    if (xet := await _xet_place(request, found)) is not None:
        headers |= xet.headers()
        if XET_INFO in request.headers.get("accept", "") and request.method == "GET":
            return Response(
                xet.json(found.file), media_type=XET_INFO, headers={**headers, "ETag": headers["X-Linked-Etag"]}
            )
    if request.method == "GET" and (address := await _elsewhere(of, found)):
        return Response(status_code=302, headers={**headers, "Location": address, "ETag": f'"{found.file.etag}"'})
    return answer_file(request, _stored(of, found.file), headers)


async def raw_file(request: Request) -> Response:
    of = await asked(request)
    found = await in_thread(_find, of, revision_of(request), path_of(request), True, request.method == "HEAD")
    return answer_file(request, _stored(of, found.file), _headers(request, found))


def _find(of: Asked, revision: str, path: str, raw: bool, facts_only: bool) -> _Found:
    repo = open_for_contents(of.hub.storage, of.id, of.actor)
    commit = resolve_revision(of.hub.storage, repo, revision)
    file = open_file(of.hub.storage, repo, commit, path, raw=raw, facts_only=facts_only)
    return _Found(repo, commit, file, not raw and counts_as_download(of.hub.storage.db, repo, file.entry.path))


def _stored(of: Asked, file: File) -> StoredFile:
    if file.lfs:
        return in_lfs(of.hub.storage.xet, file.lfs, file.etag, file.content_type)
    if file.data is None:  # HEAD: the facts are the answer
        return StoredFile(file.size, file.etag, file.content_type, lambda _start, _end: iter(()))
    return in_memory(file.data, file.etag, file.content_type)


async def _elsewhere(of: Asked, found: _Found) -> str | None:
    """A signed address at the object store, or None when this server gives the bytes itself."""
    if not (found.file.lfs and found.file.lfs.key):
        return None
    return await in_thread(
        of.hub.blobs.signed_url,
        found.file.lfs.key,
        lifetime_s=of.hub.settings.signed_url_lifetime_s,
        filename=_name_of(found.file),
        content_type=found.file.content_type,
    )


def _headers(request: Request, found: _Found) -> dict[str, str]:
    """Of every answer: clients read the commit and the linked file's hash from whichever comes first."""
    headers = {
        "X-Repo-Commit": found.commit,
        "Content-Disposition": content_disposition(_name_of(found.file), attached=flag(request, "download")),
        "Content-Security-Policy": SANDBOX,
        "Vary": "Authorization, Cookie",
    }
    if found.repo.is_private:
        headers["Cache-Control"] = "private, no-cache"
    if found.file.lfs and found.file.entry.lfs:
        headers["X-Linked-Etag"] = f'"{found.file.entry.lfs.sha256}"'
        headers["X-Linked-Size"] = str(found.file.entry.lfs.size)
    return headers


async def _xet_place(request: Request, found: _Found) -> _XetPlace | None:
    if not (found.file.lfs and found.file.lfs.xet_hash):
        return None
    repo, hash = found.repo.id, found.file.lfs.xet_hash
    name = f"{quote(repo.namespace)}/{quote(repo.name)}"
    token_url = f"{endpoint_of(request)}/api/{repo.type.plural}/{name}/xet-read-token/{found.commit}"
    return _XetPlace(hash, token_url, f"{await cas_url(request)}/v1/reconstructions/{hash}")


def content_disposition(name: str, *, attached: bool) -> str:
    """`filename*` for everyone who knows RFC 6266, an ASCII `filename` for the others."""
    kind = "attachment" if attached else "inline"
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%' else "_" for char in name)
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}; filename=\"{plain}\";"


def _name_of(file: File) -> str:
    return file.entry.path.rsplit("/", 1)[-1]


_DOWNLOAD = (Query("download", "ask the browser to save the file", type="boolean"),)

calls = [
    Call(
        "GET",
        f"{FILES}/resolve/{{rev:seg}}/{{path:rest}}",
        resolve_file,
        "A file's bytes (Range, If-None-Match and HEAD too). LFS files may redirect to the object store.",
        query=_DOWNLOAD,
        media_type="application/octet-stream",
    ),
    Call(
        "GET",
        "/api/resolve-cache/{T:types}/{ns:seg}/{name:seg}/{rev:seg}/{path:rest}",
        resolve_file,
        "The same under the address that the Hub's own resolve redirects to",
        query=_DOWNLOAD,
        media_type="application/octet-stream",
    ),
    Call(
        "GET",
        f"{FILES}/raw/{{rev:seg}}/{{path:rest}}",
        raw_file,
        "A file as git holds it: an LFS file is its pointer",
        query=_DOWNLOAD,
        media_type="text/plain",
    ),
]
