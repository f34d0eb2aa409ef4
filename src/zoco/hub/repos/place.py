"""May a repository be put under this name? The checks that creating, renaming and duplicating share."""

from __future__ import annotations

from zoco.adapters.db.engine import Read
from zoco.core.access import Access, Actor, can_create_in
from zoco.core.errors import AlreadyExists, Conflict, Denied, Invalid
from zoco.core.ids import RepoId, problem_with_repo_name
from zoco.core.repos import RepoRow
from zoco.hub.repos import store
from zoco.hub.repos.open import access_of
from zoco.hub.repos.store import Place


def demand_place(read: Read, actor: Actor, to: RepoId) -> Place:
    """The namespace as it is stored. Raises Invalid for a bad name and Denied where the actor creates nothing."""
    if problem := problem_with_repo_name(to.name):
        raise Invalid(f"Cannot name a {to.type} repo so: {problem}")
    place = store.find_place(read, to.namespace)
    if place is not None and place.kind in ("user", "org") and can_create_in(place.name, actor):
        return place
    if actor.role_in(to.namespace) is None:
        raise Denied(f'You don\'t have the rights to create a {to.type} under the namespace "{to.namespace}"')
    if actor.grants is not None:
        raise Denied(f"This token may not create repositories in {to.namespace}: add that in the token's settings.")
    if actor.limit < Access.WRITE:
        raise Denied(f"A write token is needed to create a {to.type} in {to.namespace}. This token may only read.")
    raise Denied(f"You may only read in {to.namespace}: creating needs the contributor, write or admin role there.")


def demand_free(read: Read, actor: Actor, to: RepoId, message: str, *, mine: int | None = None) -> None:
    """Raises AlreadyExists(message) when another repository than `mine` has the name.

    Whoever may create in a namespace may read what it holds; should that ever change, the answer names no repository.
    """
    found = store.find(read, to)
    if found is not None and found.key != mine:
        raise taken(found, actor, message)


def taken(found: RepoRow | None, actor: Actor, message: str) -> Conflict:
    """What to tell when the database refused the name; `found` is what has it now."""
    if found is None:
        return Conflict("The name or its owner changed in this very moment. Try again.")
    return AlreadyExists(message, found.id if access_of(found, actor) >= Access.READ else None)
