"""The bytes of xorbs, by the signed addresses of a reconstruction: GET /xet/fetch/{hash}?sig=…

An address opens exactly the byte ranges it was made for: the rest of a xorb may be somebody else's file.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from zoco.adapters.clock import now_ms
from zoco.core.errors import Denied, NotAuthenticated, NotFound
from zoco.formats.byte_ranges import ByteRange, parse_ranges
from zoco.formats.signed import read_signed, sign
from zoco.hub.xet.reconstruction import Fetch
from zoco.hub.xet.stored import stored_segments
from zoco.hub.xet.xorbs import Xorb
from zoco.surfaces.bytes import StoredFile, answer_ranges
from zoco.surfaces.context import endpoint_of
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_thread
from zoco.surfaces.xet.asked import hash_of

_PURPOSE = "xet fetch"
BINARY = "application/octet-stream"

RANGES_IN_ONE_URL = 32
"""A URL names its ranges: many would make it longer than servers and proxies take."""


def fetch_urls(request: Request, xorb: Xorb, fetches: Sequence[Fetch]) -> list[tuple[str, Sequence[Fetch]]]:
    """Addresses, and the ranges that each opens: an object store's own opens one, ours several."""
    hub = hub_of(request)
    lifetime_s = hub.settings.signed_url_lifetime_s
    straight: list[tuple[str, Sequence[Fetch]]] = [
        (url, [one])
        for one in fetches
        if (url := hub.blobs.signed_range(xorb.key, one.byte_start, one.byte_end, lifetime_s=lifetime_s))
    ]
    groups = [fetches[at : at + RANGES_IN_ONE_URL] for at in range(0, len(fetches), RANGES_IN_ONE_URL)]
    return straight or [(_our_url(request, xorb, some, lifetime_s), some) for some in groups]


def _our_url(request: Request, xorb: Xorb, fetches: Sequence[Fetch], lifetime_s: int) -> str:
    ranges = ",".join(f"{one.byte_start}-{one.byte_end}" for one in fetches)
    facts = {"x": xorb.hash, "r": ranges}
    signature = sign(hub_of(request).signing_key, _PURPOSE, facts, now_ms() // 1000 + lifetime_s)
    return f"{endpoint_of(request)}/xet/fetch/{xorb.hash}?sig={signature}"


async def get_ranges(request: Request) -> Response:
    """403 whenever the address does not fit: clients then ask for a new reconstruction."""
    hub, hash = hub_of(request), hash_of(request)
    try:
        facts = read_signed(hub.signing_key, _PURPOSE, request.query_params.get("sig", ""), now_ms() // 1000)
    except NotAuthenticated as error:
        raise Denied(error.message) from error
    if facts["x"] != hash:
        raise Denied("The signature is for another xorb: ask for a new reconstruction.")
    found = await in_thread(hub.storage.xet.xorb, hash)
    if found is None:
        raise NotFound("This xorb is gone: ask for a new reconstruction.")
    size = found.chunks.stored_size
    file = StoredFile(size, found.hash, BINARY, partial(stored_segments, hub.storage.xet, found))
    return answer_ranges(file, _within(request.headers.get("range"), size, str(facts["r"])), _HEADERS)


_HEADERS = {"Cache-Control": "private, no-transform"}


def _within(header: str | None, size: int, signed: str) -> list[ByteRange]:
    """The asked ranges. Raises Denied when one of them is not inside a signed one."""
    asked = parse_ranges(header, size) if header else None
    if not asked:
        raise Denied("Ask for the byte ranges that the reconstruction gave, with a Range header.")
    opened = [tuple(map(int, one.split("-"))) for one in signed.split(",")]
    if not all(any(start <= one.start and one.end <= end for start, end in opened) for one in asked):
        raise Denied("This address is for other byte ranges: ask for a new reconstruction.")
    return asked
