"""A stored file as an answer: whole, in ranges, or not at all because the client has it (RFC 9110 §13 and §14).

Shared by LFS downloads and the Hub API's resolve route. There is no Last-Modified here: content is named by its hash,
so the strong ETag decides everything, and a date in If-Range never matches.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from starlette.requests import Request
from starlette.responses import Response

from zoco.adapters.blobs.port import Segment
from zoco.formats.byte_ranges import ByteRange, parse_ranges
from zoco.hub.lfs.content import segments_of
from zoco.hub.lfs.objects import LfsObject
from zoco.hub.xet.xorbs import Xet
from zoco.surfaces.streaming import answer_segments


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`etag` without quotes. `read(start, end)` gives the bytes [start, end) in segments, whole or parts of files."""

    size: int
    etag: str
    content_type: str
    read: Callable[[int, int], Iterator[Segment]]
    data: bytes | None = None
    """the bytes themselves, where they are small enough to be at hand: sent without a thread"""


def in_memory(data: bytes, etag: str, content_type: str) -> StoredFile:
    return StoredFile(len(data), etag, content_type, lambda start, end: iter((data[start:end],)), data=data)


def in_lfs(xet: Xet, found: LfsObject, etag: str, content_type: str) -> StoredFile:
    return StoredFile(found.size, etag, content_type, lambda start, end: segments_of(xet, found, start, end))


def answer_file(request: Request, file: StoredFile, headers: Mapping[str, str] | None = None) -> Response:
    """For GET and HEAD. `headers` go on every answer, 304 included. Raises BadRange."""
    own = {"ETag": f'"{file.etag}"', "Accept-Ranges": "bytes", **(headers or {})}
    if (match := request.headers.get("if-match")) and not _names(match, file.etag, weak=False):
        return Response(status_code=412, headers=own)
    if (none := request.headers.get("if-none-match")) and _names(none, file.etag, weak=True):
        return Response(status_code=304, headers=own)
    own["Content-Type"] = file.content_type
    if request.method == "HEAD":
        return Response(b"", headers=own | {"Content-Length": str(file.size)})
    ranges = _asked_ranges(request, file)
    if ranges is None:
        return _whole(file, own)
    return _ranges(file, ranges, own)


def answer_ranges(file: StoredFile, ranges: list[ByteRange], headers: Mapping[str, str]) -> Response:
    """These ranges and nothing else, whatever the request's conditions say."""
    own = {"ETag": f'"{file.etag}"', "Accept-Ranges": "bytes", "Content-Type": file.content_type, **headers}
    return _ranges(file, ranges, own)


def _ranges(file: StoredFile, ranges: list[ByteRange], headers: dict[str, str]) -> Response:
    return _part(file, ranges[0], headers) if len(ranges) == 1 else _parts(file, ranges, headers)


def _asked_ranges(request: Request, file: StoredFile) -> list[ByteRange] | None:
    header = request.headers.get("range")
    if not header:
        return None
    condition = request.headers.get("if-range")
    if condition and condition.strip() != f'"{file.etag}"':
        return None
    return parse_ranges(header, file.size)


def _names(header: str, etag: str, *, weak: bool) -> bool:
    """Whether an If-Match or If-None-Match list names `etag`."""
    if header.strip() == "*":
        return True
    tags = (tag.strip() for tag in header.split(","))
    return any((tag.removeprefix("W/") if weak else tag) == f'"{etag}"' for tag in tags)


def _whole(file: StoredFile, headers: dict[str, str]) -> Response:
    headers["Content-Length"] = str(file.size)
    if file.size == 0 or file.data is not None:
        return Response(file.data or b"", headers=headers)
    return answer_segments(_lazily(file, ByteRange(0, file.size)), 200, headers)


def _part(file: StoredFile, part: ByteRange, headers: dict[str, str]) -> Response:
    headers |= {"Content-Length": str(part.size), "Content-Range": part.content_range(file.size)}
    if file.data is not None:
        return Response(file.data[part.start : part.end], 206, headers)
    return answer_segments(_lazily(file, part), 206, headers)


def _lazily(file: StoredFile, part: ByteRange) -> Iterator[Segment]:
    """Opening may ask a distant store: that too belongs in the thread that reads."""
    yield from file.read(part.start, part.end)


def _parts(file: StoredFile, ranges: list[ByteRange], headers: dict[str, str]) -> Response:
    """multipart/byteranges (RFC 9110 §14.6)."""
    boundary = secrets.token_hex(16)
    heads = [
        f"--{boundary}\r\nContent-Type: {file.content_type}\r\n"
        f"Content-Range: {part.content_range(file.size)}\r\n\r\n".encode("latin-1")
        for part in ranges
    ]
    end = f"--{boundary}--\r\n".encode("ascii")
    size = sum(len(head) + part.size + 2 for head, part in zip(heads, ranges, strict=True)) + len(end)
    headers |= {"Content-Length": str(size), "Content-Type": f"multipart/byteranges; boundary={boundary}"}

    def pieces() -> Iterator[Segment]:
        for head, part in zip(heads, ranges, strict=True):
            yield from chain((head,), file.read(part.start, part.end), (b"\r\n",))
        yield end

    return answer_segments(pieces(), 206, headers)
