"""A file of a repository at a revision: its bytes, in ranges if asked, and the headers clients cache by.

Everything that can go wrong is checked in this order: repository, gate, revision, entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from zoco.core.ids import Oid
from zoco.core.repos import ContentsRepo
from zoco.hub.repos.open import open_for_contents
from zoco.hub.repos.read import File, open_file
from zoco.hub.repos.revisions import resolve_revision
from zoco.surfaces.bytes import StoredFile, answer_file, in_memory, in_store
from zoco.surfaces.hub_api.asked import Asked, asked, flag, path_of, revision_of
from zoco.surfaces.hub_api.calls import FILES, Call, Query
from zoco.surfaces.hub_api.downloads import note_file
from zoco.surfaces.threads import in_thread

SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""A page from a repository is somebody else's: whatever it holds must not run in the name of this site."""


@dataclass(frozen=True, slots=True)
class _Found:
    repo: ContentsRepo
    commit: Oid
    file: File


async def resolve_file(request: Request) -> Response:
    """A large file's content, where `raw_file` gives its LFS pointer."""
    of = await asked(request)
    found = await in_thread(_find, of, revision_of(request), path_of(request), False, request.method == "HEAD")
    note_file(request, of, found.repo, found.file.entry.path, is_lfs=found.file.lfs_key is not None)
    headers = _headers(request, found)
    if found.file.lfs_key and request.method == "GET" and (address := await _elsewhere(of, found)):
        return Response(status_code=302, headers={**headers, "Location": address, "ETag": f'"{found.file.etag}"'})
    return answer_file(request, _stored(of, found.file), headers)


async def raw_file(request: Request) -> Response:
    of = await asked(request)
    found = await in_thread(_find, of, revision_of(request), path_of(request), True, request.method == "HEAD")
    return answer_file(request, _stored(of, found.file), _headers(request, found))


def _find(of: Asked, revision: str, path: str, raw: bool, facts_only: bool) -> _Found:
    repo = open_for_contents(of.hub.storage, of.id, of.actor)
    commit = resolve_revision(of.hub.storage, repo, revision)
    return _Found(repo, commit, open_file(of.hub.storage, repo, commit, path, raw=raw, facts_only=facts_only))


def _stored(of: Asked, file: File) -> StoredFile:
    if file.lfs_key:
        return in_store(of.hub.blobs, file.lfs_key, file.size, file.etag, file.content_type)
    if file.data is None:  # HEAD: the facts are the answer
        return StoredFile(file.size, file.etag, file.content_type, lambda _start, _end: iter(()))
    return in_memory(file.data, file.etag, file.content_type)


async def _elsewhere(of: Asked, found: _Found) -> str | None:
    """A signed address at the object store, or None when this server gives the bytes itself."""
    assert found.file.lfs_key
    return await in_thread(
        of.hub.blobs.signed_url,
        found.file.lfs_key,
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
    if found.file.lfs_key and found.file.entry.lfs:
        headers["X-Linked-Etag"] = f'"{found.file.entry.lfs.sha256}"'
        headers["X-Linked-Size"] = str(found.file.entry.lfs.size)
    return headers


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
