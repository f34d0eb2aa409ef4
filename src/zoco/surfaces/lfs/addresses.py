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
from zoco.core.errors import NotAuthenticated
from zoco.core.ids import Sha256, is_sha256
from zoco.core.repos import ReadableRepo
from zoco.formats.signed import Fact, read_signed, sign
from zoco.hub.accounts.authenticate import actor_again
from zoco.surfaces.context import endpoint_of
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_thread


class Use(StrEnum):
    UPLOAD = "lfs upload"
    DOWNLOAD = "lfs download"
    VERIFY = "lfs verify"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a signed address lets its holder do, and in whose name."""

    repo_key: int
    sha256: Sha256
    size: int
    actor: Actor | None


def signed_address(
    request: Request, use: Use, repo: ReadableRepo, sha256: Sha256, size: int, actor: Actor | None
) -> str:
    hub = hub_of(request)
    facts: dict[str, Fact] = {"r": repo.key, "o": sha256, "s": size}
    if actor:
        facts |= {"u": actor.user_id, "t": actor.token_id}
    token = sign(hub.signing_key, use, facts, now_ms() // 1000 + hub.settings.signed_url_lifetime_s)
    place = "verify" if use is Use.VERIFY else f"objects/{sha256}"
    page = f"{repo.id.type.prefix}{quote(repo.id.namespace)}/{quote(repo.id.name)}"
    return f"{endpoint_of(request)}/{page}.git/info/lfs/{place}?sig={token}"


async def ticket_of(request: Request, use: Use) -> Ticket:
    """Raises NotAuthenticated when the address is not signed for this use, or no longer good."""
    hub = hub_of(request)
    facts = read_signed(hub.signing_key, use, request.query_params.get("sig", ""), now_ms() // 1000)
    repo_key, sha256, size = facts["r"], facts["o"], facts["s"]
    assert isinstance(repo_key, int) and isinstance(sha256, str) and isinstance(size, int), "signed by us"
    if request.path_params.get("sha256", sha256) != sha256 or not is_sha256(sha256):
        raise NotAuthenticated("The signature is for another object: ask the server for a new address.")
    return Ticket(repo_key, Sha256(sha256), size, await _actor(request, facts))


async def _actor(request: Request, facts: dict[str, Fact]) -> Actor | None:
    user_id, token_id = facts.get("u"), facts.get("t")
    if user_id is None:
        return None
    assert isinstance(user_id, int) and (token_id is None or isinstance(token_id, int)), "signed by us"
    return await in_thread(actor_again, hub_of(request).db, user_id, token_id)
