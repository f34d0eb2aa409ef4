"""Xorbs that go straight to an S3 store: POST /v1/xorb-grants/…, a PUT to the store, POST /v1/xorb-commits/….

On other stores, and where clients cannot reach it, the first call is a 404, and clients send their xorbs here.
"""

from __future__ import annotations

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from zoco.adapters.clock import now_ms
from zoco.core.errors import Denied, Invalid, NotAuthenticated, NotFound, TooLarge
from zoco.formats.signed import Fact, read_signed, sign
from zoco.formats.xet.hashes import XetHash
from zoco.formats.xet.xorb import XORB_BODY_MAX
from zoco.hub.xet import grants
from zoco.hub.xet.grants import Grant
from zoco.surfaces.bodies import read_body
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_long_thread, in_thread
from zoco.surfaces.xet.asked import hash_of
from zoco.surfaces.xet.tokens import Holder, holder_of, repo_for_writing
from zoco.surfaces.xet.turns import Work, turn

_PURPOSE = "xet grant"
_BODY_SIZE_MAX = 4096


class Wanted(BaseModel):
    """The checksum is not needed: what was sent is read back and verified in full."""

    length: int = Field(gt=0)


async def grant_xorb(request: Request) -> Response:
    hub, holder = _offering(request), holder_of(request, writes=True)
    name = hash_of(request)
    try:
        wanted = Wanted.model_validate_json(await read_body(request, _BODY_SIZE_MAX))
    except ValidationError as error:
        raise Invalid("The body must be {'length': <bytes of the xorb>, 'checksum': …}.") from error
    if wanted.length > XORB_BODY_MAX:
        raise TooLarge(f"A xorb has at most {XORB_BODY_MAX} bytes; {wanted.length} are announced.")
    grant, url = await in_long_thread(_begin, hub, holder, name, wanted.length)
    return JSONResponse({"id": _id(hub, holder, grant), "method": "PUT", "url": url, "headers": {}}, 201)


async def commit_xorb(request: Request) -> Response:
    hub, holder = _offering(request), holder_of(request, writes=True)
    grant = _granted(hub, holder, str(request.path_params["grant"]), hash_of(request))
    await in_thread(repo_for_writing, hub, holder)
    async with turn(Work.XORBS, holder.user_id):
        was_inserted = await in_long_thread(grants.take, hub.storage.xet, grant)
    return JSONResponse({"was_inserted": was_inserted})


def _offering(request: Request) -> Hub:
    """Where xorbs come to the Hub itself, these calls do not exist, whoever asks."""
    hub = hub_of(request)
    if not grants.is_offered(hub.storage.xet):
        raise NotFound("This store has no such call.")
    return hub


def _begin(hub: Hub, holder: Holder, name: XetHash, size: int) -> tuple[Grant, str]:
    """Bytes go where we cannot count them: whose token it is must still be good."""
    repo_for_writing(hub, holder)
    return grants.begin(hub.storage.xet, name, size, lifetime_s=hub.settings.signed_url_lifetime_s)


def _id(hub: Hub, holder: Holder, grant: Grant) -> str:
    facts: dict[str, Fact] = {"h": grant.hash, "s": grant.size, "k": grant.key, "i": grant.upload_id}
    expires_at_s = now_ms() // 1000 + 2 * hub.settings.signed_url_lifetime_s
    return sign(hub.signing_key, _PURPOSE, facts | {"r": holder.repo_key}, expires_at_s)


def _granted(hub: Hub, holder: Holder, id: str, name: XetHash) -> Grant:
    """Raises NotFound for one that expired: the client asks for another. Denied for somebody else's."""
    try:
        facts = read_signed(hub.signing_key, _PURPOSE, id, now_ms() // 1000)
    except NotAuthenticated as error:
        raise NotFound("This grant is not good any more: ask for another.") from error
    if facts["r"] != holder.repo_key or facts["h"] != name:
        raise Denied("This grant was given for another xorb or repository.")
    key, size, upload_id = facts["k"], facts["s"], facts["i"]
    assert isinstance(key, str) and isinstance(size, int) and isinstance(upload_id, str), "signed by us"
    return Grant(name, size, key, upload_id)
