"""Whose repositories may somebody create? Their own, and those of organisations that let them."""

from __future__ import annotations

from zoco.adapters.db.engine import Database
from zoco.core.access import Actor, Role, can_create_in
from zoco.hub.accounts.orgs import OrgInfo, orgs_of


def owners_of(db: Database, actor: Actor) -> tuple[str, ...]:
    """Names as they are written, the actor's own first."""
    return (actor.name, *(org.name for org, _ in orgs_of(db, actor.user_id) if can_create_in(org.name, actor)))


def memberships(db: Database, actor: Actor | None) -> tuple[tuple[OrgInfo, Role], ...]:
    return tuple(orgs_of(db, actor.user_id)) if actor else ()
