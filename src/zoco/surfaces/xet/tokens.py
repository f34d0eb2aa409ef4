"""What a Xet client holds: an address of the store, and a token for one repository.

The address carries the generation (`hub/xet/instance.py`); the server itself ignores it, so that what is under way
when it changes goes on. A token names the repository's row, whose credentials asked, and whether it may write; who
comes with it is checked again wherever a repository is read or changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from zoco.adapters.clock import now_ms
from zoco.core.access import Actor
from zoco.core.errors import Denied, InvalidCredentials, NotAuthenticated
from zoco.core.repos import ContentsRepo, WritableRepo
from zoco.formats.signed import Fact, read_signed, sign
from zoco.hub.accounts.authenticate import actor_again
from zoco.hub.repos.open import reopen_for_contents, reopen_for_writing
from zoco.hub.xet.instance import cas_segment
from zoco.surfaces.context import endpoint_of
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_thread

_PREFIX = "xet_"
_PURPOSE = "xet token"


@dataclass(frozen=True, slots=True)
class Connection:
    """What the token endpoints answer. `expires_at_s` is in unix seconds."""

    cas_url: str
    token: str
    expires_at_s: int

    def headers(self) -> dict[str, str]:
        return {
            "X-Xet-Cas-Url": self.cas_url,
            "X-Xet-Access-Token": self.token,
            "X-Xet-Token-Expiration": str(self.expires_at_s),
        }


@dataclass(frozen=True, slots=True)
class Holder:
    """What a token says: read, not yet checked again."""

    repo_key: int
    user_id: int | None
    token_id: int | None
    can_write: bool


async def cas_url(request: Request) -> str:
    return f"{endpoint_of(request)}/xet/{await in_thread(cas_segment, hub_of(request).db)}"


async def connection(request: Request, repo: ContentsRepo, actor: Actor | None, *, can_write: bool) -> Connection:
    hub = hub_of(request)
    expires_at_s = now_ms() // 1000 + hub.settings.xet_token_lifetime_s
    facts: dict[str, Fact] = {"r": repo.key, "w": int(can_write)}
    if actor:
        facts |= {"u": actor.user_id, "t": actor.token_id}
    token = _PREFIX + sign(hub.signing_key, _PURPOSE, facts, expires_at_s)
    return Connection(await cas_url(request), token, expires_at_s)


def holder_of(request: Request, *, writes: bool) -> Holder:
    """Raises NotAuthenticated (the client then asks for a fresh token), Denied for a read token that would write."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not value.startswith(_PREFIX):
        raise NotAuthenticated("A Xet token is needed here: ask the repository's xet-read-token or xet-write-token.")
    facts = read_signed(hub_of(request).signing_key, _PURPOSE, value.removeprefix(_PREFIX), now_ms() // 1000)
    repo_key, can_write, user_id, token_id = facts["r"], facts["w"], facts.get("u"), facts.get("t")
    assert isinstance(repo_key, int), "signed by us"
    assert user_id is None or isinstance(user_id, int), "signed by us"
    assert token_id is None or isinstance(token_id, int), "signed by us"
    if writes and not can_write:
        raise Denied("This Xet token may only read: ask the repository's xet-write-token.")
    return Holder(repo_key, user_id, token_id, bool(can_write))


def repo_for_reading(hub: Hub, holder: Holder) -> tuple[ContentsRepo, Actor | None]:
    """Raises InvalidCredentials, RepoNotFound, GatedRepo: what held when the token was given may hold no more."""
    actor = _actor(hub, holder)
    return reopen_for_contents(hub.storage, holder.repo_key, actor), actor


def repo_for_writing(hub: Hub, holder: Holder) -> tuple[WritableRepo, Actor]:
    actor = _actor(hub, holder)
    if actor is None:
        raise InvalidCredentials
    return reopen_for_writing(hub.storage, holder.repo_key, actor), actor


def _actor(hub: Hub, holder: Holder) -> Actor | None:
    return actor_again(hub.db, holder.user_id, holder.token_id) if holder.user_id is not None else None
