"""What a caller is told about themselves: facts for `/api/whoami-v2`."""

from __future__ import annotations

from dataclasses import dataclass

from zoco.adapters.db.engine import Database, Read
from zoco.core.access import Access, Actor, Role
from zoco.core.errors import InvalidCredentials
from zoco.core.ids import RepoType
from zoco.hub.accounts import grants
from zoco.hub.accounts.store import names, orgs, tokens, users
from zoco.hub.accounts.store.orgs import OrgInfo
from zoco.hub.accounts.store.tokens import TokenInfo
from zoco.hub.accounts.store.users import UserInfo


@dataclass(frozen=True, slots=True)
class Scoped:
    """One thing a fine-grained token names. `type`: user, org, model, dataset or space."""

    public_id: str
    type: str
    name: str
    access: Access

    @property
    def permissions(self) -> tuple[str, ...]:
        return grants.permissions_of(self.access)


@dataclass(frozen=True, slots=True)
class FineGrained:
    scoped: tuple[Scoped, ...]
    everywhere: Access
    can_manage_account: bool

    @property
    def global_permissions(self) -> tuple[str, ...]:
        account = (grants.MANAGE_ACCOUNT,) if self.can_manage_account else ()
        return grants.permissions_of(self.everywhere) + account


@dataclass(frozen=True, slots=True)
class WhoAmI:
    user: UserInfo
    orgs: tuple[tuple[OrgInfo, Role], ...]
    token: TokenInfo | None
    """None: a browser's session, or the account's password"""
    fine_grained: FineGrained | None


def whoami(db: Database, actor: Actor) -> WhoAmI:
    """Raises InvalidCredentials when the account or token went away just now."""
    with db.read() as read:
        user = users.by_id(read, actor.user_id)
        token = tokens.by_id(read, actor.token_id) if actor.token_id is not None else None
        if user is None or (actor.token_id is not None and token is None):
            raise InvalidCredentials
        fine = None
        if token and token.grants is not None:
            fine = _fine_grained(token.grants, _names_of(read, token.grants), _repos_of(read, token.grants))
        return WhoAmI(user, tuple(orgs.of_user(read, actor.user_id)), token, fine)


def _names_of(read: Read, json: grants.Json) -> list[names.Named]:
    return list(names.names_by_public_id(read, json.get("namespaces") or {}).values())


def _repos_of(read: Read, json: grants.Json) -> list[tokens.NamedRepo]:
    return tokens.repos_by_public_id(read, list(json.get("repos") or {}))


def _fine_grained(json: grants.Json, spaces: list[names.Named], repos: list[tokens.NamedRepo]) -> FineGrained:
    scoped = [
        Scoped(found.public_id, found.kind.value, found.name, grants.level(json["namespaces"][found.public_id]))
        for found in spaces
    ] + [
        Scoped(
            found.public_id,
            RepoType(found.type).value,
            f"{found.namespace}/{found.name}",
            grants.level(json["repos"][found.public_id]),
        )
        for found in repos
    ]
    return FineGrained(tuple(scoped), grants.level(json.get("everywhere")), bool(json.get("account")))
