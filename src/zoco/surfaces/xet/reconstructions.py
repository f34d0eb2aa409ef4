"""How a client puts a file together: GET /v1/reconstructions/{file} and /v2/reconstructions/{file}."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from zoco.core.errors import BadRange, Invalid, NotFound
from zoco.formats.byte_ranges import parse_ranges
from zoco.formats.xet.hashes import XetHash
from zoco.hub.lfs.xet_files import has_file
from zoco.hub.xet.files import XetFile, find_file
from zoco.hub.xet.reconstruction import Fetch, Reconstruction, reconstruct
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_thread
from zoco.surfaces.xet.asked import hash_of
from zoco.surfaces.xet.fetch import fetch_urls
from zoco.surfaces.xet.tokens import Holder, holder_of, repo_for_reading

Json = dict[str, Any]  # Any: JSON of the wire


async def reconstruction_v1(request: Request) -> Response:
    found = await _found(request)
    fetch_info = {
        hash: [
            {"range": _chunks(fetch), "url": url, "url_range": _bytes(fetch)}
            for url, some in fetch_urls(request, xorb, fetches)
            for fetch in some
        ]
        for hash, (xorb, fetches) in found.fetches.items()
    }
    return JSONResponse({"offset_into_first_range": found.offset, "terms": _terms(found), "fetch_info": fetch_info})


async def reconstruction_v2(request: Request) -> Response:
    found = await _found(request)
    xorbs = {
        hash: [
            {"url": url, "ranges": [{"chunks": _chunks(fetch), "bytes": _bytes(fetch)} for fetch in some]}
            for url, some in fetch_urls(request, xorb, fetches)
        ]
        for hash, (xorb, fetches) in found.fetches.items()
    }
    return JSONResponse({"offset_into_first_range": found.offset, "terms": _terms(found), "xorbs": xorbs})


async def file_size(request: Request) -> Response:
    """HEAD /v1/files/{file}."""
    hub, holder = hub_of(request), holder_of(request, writes=False)
    file = await in_thread(_file, hub, holder, hash_of(request))
    return Response(headers={"Content-Length": str(file.size)})


async def _found(request: Request) -> Reconstruction:
    hub, holder = hub_of(request), holder_of(request, writes=False)
    return await in_thread(_reconstruction, hub, holder, hash_of(request), request.headers.get("range"))


def _reconstruction(hub: Hub, holder: Holder, hash: XetHash, header: str | None) -> Reconstruction:
    file = _file(hub, holder, hash)
    start, end = _range(header, file.size)
    return reconstruct(hub.storage.xet, file, start, end)


def _file(hub: Hub, holder: Holder, hash: XetHash) -> XetFile:
    """Through the token's repository: who has a file's hash does not have the file."""
    repo, _ = repo_for_reading(hub, holder)
    file = find_file(hub.storage.xet, hash) if has_file(hub.db, repo, hash) else None
    if file is None:
        raise NotFound(f"No file {hash} in {repo.id.full_name}.")
    return file


def _range(header: str | None, size: int) -> tuple[int, int]:
    """Raises BadRange, and Invalid for several."""
    ranges = parse_ranges(header, size) if header else None
    if ranges is None:
        return 0, size
    if len(ranges) != 1:
        raise Invalid("One range at a time: ask for several reconstructions.")
    if ranges[0].start >= size:
        raise BadRange(size)
    return ranges[0].start, ranges[0].end


def _terms(found: Reconstruction) -> list[Json]:
    return [
        {
            "hash": part.xorb.hash,
            "unpacked_length": _unpacked(part.xorb.chunks.raw_range(part.start, part.end)),
            "range": {"start": part.start, "end": part.end},
        }
        for part in found.terms
    ]


def _unpacked(raw: tuple[int, int]) -> int:
    return raw[1] - raw[0]


def _chunks(fetch: Fetch) -> Json:
    return {"start": fetch.start, "end": fetch.end}


def _bytes(fetch: Fetch) -> Json:
    """Both ends count, as in HTTP's own ranges."""
    return {"start": fetch.byte_start, "end": fetch.byte_end - 1}
