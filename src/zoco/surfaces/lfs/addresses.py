"""The addresses a batch hands out: short-lived, and usable without any header.

What is signed names the repository's row, the object, and whose credentials asked. The one who comes with the address
is checked again: a deleted token, a removed member or a deleted repository ends its use at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from starlette.requests import Request

from zoco.adapters.clock import now_ms
from zoco.core.access import Actor
from zoco.core.errors import NotAuthenticated, NotFound
from zoco.core.ids import Sha256
from zoco.core.repos import ReadableRepo
from zoco.formats.signed import Fact, read_signed, sign
from zoco.hub.accounts.authenticate import actor_again
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.lfs.begin import address_lifetime_s
from zoco.surfaces.context import endpoint_of
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_thread


class Use(StrEnum):
    UPLOAD = "lfs upload"
    PART = "lfs part"
    COMPLETE = "lfs complete"
    DOWNLOAD = "lfs download"
    VERIFY = "lfs verify"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a signed address lets its holder do, and in whose name. `upload` where the bytes come in parts, or straight
    to the store."""

    repo_key: int
    sha256: Sha256
    size: int
    actor: Actor | None
    upload: str | None = None
    part: int | None = None

    @property
    def user_id(self) -> int | None:
        return self.actor.user_id if self.actor else None


def signed_address(
    request: Request,
    use: Use,
    repo: ReadableRepo,
    sha256: Sha256,
    size: int,
    actor: Actor | None,
    *,
    upload: str | None = None,
    part: int | None = None,
) -> str:
    hub = hub_of(request)
    facts: dict[str, Fact] = {"r": repo.key, "o": sha256, "s": size}
    if actor:
        facts |= {"u": actor.user_id, "t": actor.token_id}
    if upload:
        facts |= {"m": upload, "n": part}
    token = sign(hub.signing_key, use, facts, now_ms() // 1000 + lifetime_s(hub, use, size))
    place = _place(use, sha256, upload, part)
    page = f"{repo.id.type.prefix}{quote(repo.id.namespace)}/{quote(repo.id.name)}"
    return f"{endpoint_of(request)}/{page}.git/info/lfs/{place}?sig={token}"


def lifetime_s(hub: Hub, use: Use, size: int) -> int:
    """An upload's addresses are used one after the other, and the last when it is all sent."""
    limits = LfsLimits.of(hub.settings)
    return limits.address_lifetime_s if use is Use.DOWNLOAD else address_lifetime_s(limits, size)


async def ticket_of(request: Request, use: Use) -> Ticket:
    """Raises NotAuthenticated when the address is not signed for this use, or no longer good."""
    hub = hub_of(request)
    facts = read_signed(hub.signing_key, use, request.query_params.get("sig", ""), now_ms() // 1000)
    repo_key, sha256, size = facts["r"], facts["o"], facts["s"]
    assert isinstance(repo_key, int) and isinstance(sha256, str) and isinstance(size, int), "signed by us"
    upload, part = facts.get("m"), facts.get("n")
    assert (upload is None or isinstance(upload, str)) and (part is None or isinstance(part, int)), "signed by us"
    named = {"sha256": sha256, "upload": upload, "part": str(part)}
    if any(str(named[name]) != asked for name, asked in request.path_params.items() if name in named):
        raise NotAuthenticated("The signature is for another object: ask the server for a new address.")
    return Ticket(repo_key, Sha256(sha256), size, await _actor(request, facts), upload, part)


def check_same(repo: ReadableRepo, ticket: Ticket) -> None:
    """The address was signed for a repository, not for whatever has its name now."""
    if repo.key != ticket.repo_key:
        raise NotFound("This address was made for a repository that is gone: ask the server for a new one.")


def _place(use: Use, sha256: Sha256, upload: str | None, part: int | None) -> str:
    match use:
        case Use.VERIFY:
            return "verify"
        case Use.COMPLETE:
            return f"uploads/{upload}"
        case Use.PART:
            return f"uploads/{upload}/{part}"
        case Use.UPLOAD | Use.DOWNLOAD:
            return f"objects/{sha256}"


async def _actor(request: Request, facts: dict[str, Fact]) -> Actor | None:
    user_id, token_id = facts.get("u"), facts.get("t")
    if user_id is None:
        return None
    assert isinstance(user_id, int) and (token_id is None or isinstance(token_id, int)), "signed by us"
    return await in_thread(actor_again, hub_of(request).db, user_id, token_id)
