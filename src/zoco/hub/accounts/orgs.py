"""Organisations: create, change, delete; and who belongs to them in which role."""

from __future__ import annotations

from dataclasses import dataclass

from zoco.adapters.db.engine import Database, Read, Write
from zoco.core.access import Access, Actor, Role, Visibility
from zoco.core.errors import Conflict, Denied, Invalid, NotFound
from zoco.core.ids import problem_with_namespace
from zoco.hub.accounts import audit
from zoco.hub.accounts.store import names, users
from zoco.hub.accounts.store import orgs as store
from zoco.hub.accounts.store.orgs import MemberInfo, OrgInfo
from zoco.hub.accounts.users import checked_full_name, checked_text

__all__ = [
    "MemberInfo",
    "OrgInfo",
    "create_org",
    "delete_org",
    "find_org",
    "get_org",
    "list_members",
    "list_orgs",
    "orgs_of",
    "remove_member",
    "set_member",
    "update_org",
]

DETAILS_LENGTH_MAX = 2000


def create_org(
    db: Database,
    actor: Actor | None,
    name: str,
    full_name: str = "",
    default_visibility: Visibility = Visibility.PUBLIC,
) -> OrgInfo:
    """The creator becomes its administrator; the operator (`actor` None) names members later.

    Raises Invalid, AlreadyExists, Denied (a token that may not change the account).
    """
    if problem := problem_with_namespace(name):
        raise Invalid(f"This cannot be an organisation's name: {problem}.")
    full_name = checked_full_name(full_name)
    _check_credentials(actor)
    with db.write() as write:
        org_id = names.add(write, name, names.Kind.ORG)
        store.add(write, org_id, full_name, "", default_visibility)
        if actor:
            store.set_member(write, org_id, actor.user_id, Role.ADMIN)
        audit.record(write, actor, "org.create", name)
        return _existing(write, name)


def get_org(db: Database, name: str) -> OrgInfo:
    """Raises NotFound."""
    with db.read() as read:
        return _existing(read, name)


def find_org(db: Database, name: str) -> OrgInfo | None:
    with db.read() as read:
        return store.by_name(read, name)


def list_orgs(db: Database) -> list[OrgInfo]:
    with db.read() as read:
        return store.every(read)


def orgs_of(db: Database, user_id: int) -> list[tuple[OrgInfo, Role]]:
    """By name."""
    with db.read() as read:
        return store.of_user(read, user_id)


def list_members(db: Database, name: str) -> list[MemberInfo]:
    """By name. Raises NotFound."""
    with db.read() as read:
        return store.members(read, _existing(read, name).id)


def update_org(
    db: Database,
    actor: Actor | None,
    name: str,
    *,
    full_name: str | None = None,
    details: str | None = None,
    default_visibility: Visibility | None = None,
) -> OrgInfo:
    """None leaves a field as it is. Raises NotFound, Denied, Invalid."""
    values: dict[str, object] = {}
    if full_name is not None:
        values["full_name"] = checked_full_name(full_name)
    if details is not None:
        values["details"] = checked_text(details, "The description", DETAILS_LENGTH_MAX)
    if default_visibility is not None:
        values["default_visibility"] = default_visibility.value
    with db.write() as write:
        org = _existing(write, name)
        _check_admin(write, actor, org)
        if values:
            store.change(write, org.id, values)
            audit.record(write, actor, "org.change", org.name, details={"fields": sorted(values)})
        return _existing(write, name)


def set_member(db: Database, actor: Actor | None, name: str, user: str, role: Role) -> None:
    """Adds a member, or changes their role. Raises NotFound, Denied, Conflict (its last administrator)."""
    with db.write() as write:
        org = _existing(write, name)
        store.lock(write, org.id)
        _check_admin(write, actor, org)
        found = users.by_name(write, user)
        if found is None:
            raise NotFound(f"There is no user called '{user}'.")
        was = store.role_of(write, org.id, found.id)
        if was is Role.ADMIN and role is not Role.ADMIN:
            _keep_an_admin(write, org, found.id, found.name)
        store.set_member(write, org.id, found.id, role)
        audit.record(
            write, actor, "org.member", org.name, details={"user": found.name, "role": role.value, "was": was}
        )  # fmt: skip


def remove_member(db: Database, actor: Actor | None, name: str, user: str) -> None:
    """An administrator removes anybody, everybody themselves. Raises NotFound, Denied, Conflict (the last one)."""
    with db.write() as write:
        org = _existing(write, name)
        store.lock(write, org.id)
        found = users.by_name(write, user)
        if actor is None or found is None or found.id != actor.user_id:
            _check_admin(write, actor, org)
        else:
            _check_credentials(actor)
        role = store.role_of(write, org.id, found.id) if found else None
        if found is None or role is None:
            raise NotFound(f"'{user}' is not a member of {org.name}.")
        if role is Role.ADMIN:
            _keep_an_admin(write, org, found.id, found.name)
        store.remove_member(write, org.id, found.id)
        audit.record(write, actor, "org.member_removed", org.name, details={"user": found.name})


def delete_org(db: Database, actor: Actor | None, name: str) -> None:
    """Only one without repositories: they are never deleted by the way. Raises NotFound, Denied, Conflict."""
    with db.write() as write:
        org = _existing(write, name)
        _check_admin(write, actor, org)
        if repos := names.count_repos(write, org.id):
            raise Conflict(f"{org.name} still owns {repos} repositories: delete or move them first.")
        names.remove(write, org.id)
        audit.record(write, actor, "org.delete", org.name)


@dataclass(frozen=True, slots=True)
class RepoCounts:
    """Repositories of a namespace, by type, that the caller may know of."""

    models: int = 0
    datasets: int = 0
    spaces: int = 0


def count_repos(db: Database, namespace: str, actor: Actor | None) -> RepoCounts:
    """Numbers of a user's or organisation's overview; private ones count for members only."""
    with db.read() as read:
        found = names.find(read, namespace)
        if found is None:
            return RepoCounts()
        sees_private = actor is not None and actor.role_in(found.name) is not None
        counts = names.count_repos_by_type(read, found.id, sees_private=sees_private)
    return RepoCounts(counts.get("model", 0), counts.get("dataset", 0), counts.get("space", 0))


def _existing(read: Read, name: str) -> OrgInfo:
    found = store.by_name(read, name)
    if found is None:
        raise NotFound(f"There is no organisation called '{name}'.")
    return found


def _check_admin(read: Read, actor: Actor | None, org: OrgInfo) -> None:
    """By the role now, not by the one the actor came in with."""
    if actor is None:
        return
    _check_credentials(actor)
    if not actor.is_admin and store.role_of(read, org.id, actor.user_id) is not Role.ADMIN:
        raise Denied(f"Only administrators of {org.name} may do this.")


def _check_credentials(actor: Actor | None) -> None:
    if actor is None:
        return
    if actor.limit < Access.ADMIN or (actor.grants is not None and not actor.grants.can_manage_account):
        raise Denied("This token may not change accounts and organisations: use one with the role `write`.")


def _keep_an_admin(write: Write, org: OrgInfo, user_id: int, user: str) -> None:
    if not store.count_admins(write, org.id, besides=user_id):
        raise Conflict(f"{user} is the last administrator of {org.name}: name another one first.")
