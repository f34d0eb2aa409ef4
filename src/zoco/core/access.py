"""Who may do what to a repository: facts in, an answer out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from zoco.core.ids import name_key


class Access(IntEnum):
    """Ordered: each includes those before it."""

    NONE = 0
    READ = 1
    WRITE = 2
    """commit, push, branches and tags"""
    ADMIN = 3
    """settings, rename, delete"""


class Visibility(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"


class Gated(StrEnum):
    """How access to the files of a readable repository is given."""

    OPEN = "open"
    AUTO = "auto"
    MANUAL = "manual"


class Role(StrEnum):
    """A member's role in an organisation."""

    READ = "read"
    CONTRIBUTOR = "contributor"
    """reads everything, writes what they created themselves"""
    WRITE = "write"
    ADMIN = "admin"


class TokenRole(StrEnum):
    READ = "read"
    WRITE = "write"
    FINE_GRAINED = "fineGrained"


@dataclass(frozen=True, slots=True)
class Grants:
    """What a fine-grained token may, at most: never more than its owner may.

    `namespaces` holds name keys, `repos` keys of the form `type/namespace/name` in lower case. `everywhere` is the
    floor for repositories neither names (READ when the token may read all that its owner may).
    """

    everywhere: Access = Access.NONE
    namespaces: Mapping[str, Access] = field(default_factory=dict)
    repos: Mapping[str, Access] = field(default_factory=dict)
    can_manage_account: bool = False

    def limit(self, repo_type: str, namespace: str, name: str) -> Access:
        one = self.repos.get(f"{repo_type}/{name_key(namespace)}/{name_key(name)}", Access.NONE)
        return max(self.everywhere, one, self.namespaces.get(name_key(namespace), Access.NONE))


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who proved who they are, with what their credentials let them do.

    `roles` maps the name key of every namespace they belong to (their own as ADMIN) to the role there.
    `limit` is the most these credentials allow (a read token: READ; a session: ADMIN).
    """

    user_id: int
    name: str
    roles: Mapping[str, Role]
    limit: Access = Access.ADMIN
    grants: Grants | None = None
    is_admin: bool = False
    token_id: int | None = None

    def role_in(self, namespace: str) -> Role | None:
        return self.roles.get(name_key(namespace))


@dataclass(frozen=True, slots=True)
class RepoFacts:
    """What the rule below needs to know of a repository."""

    type: str
    namespace: str
    name: str
    visibility: Visibility
    creator_id: int | None


_BY_ROLE = {Role.READ: Access.READ, Role.CONTRIBUTOR: Access.READ, Role.WRITE: Access.ADMIN, Role.ADMIN: Access.ADMIN}


def access_to(repo: RepoFacts, actor: Actor | None) -> Access:
    """A private repository that answers NONE does not exist for the caller."""
    floor = Access.READ if repo.visibility is Visibility.PUBLIC else Access.NONE
    if actor is None:
        return floor
    return max(floor, min(_as_member(repo, actor), _credentials_limit(repo, actor)))


def can_create_in(namespace: str, actor: Actor) -> bool:
    """Contributors and above create repositories; a read token never does."""
    role = actor.role_in(namespace)
    if role is None or role is Role.READ or actor.limit < Access.WRITE:
        return False
    return actor.grants is None or actor.grants.namespaces.get(name_key(namespace), Access.NONE) >= Access.WRITE


def _as_member(repo: RepoFacts, actor: Actor) -> Access:
    role = actor.role_in(repo.namespace)
    if role is None:
        return Access.NONE
    if role is Role.CONTRIBUTOR and repo.creator_id == actor.user_id:
        return Access.ADMIN
    return _BY_ROLE[role]


def _credentials_limit(repo: RepoFacts, actor: Actor) -> Access:
    if actor.grants is None:
        return actor.limit
    return min(actor.limit, actor.grants.limit(repo.type, repo.namespace, repo.name))
