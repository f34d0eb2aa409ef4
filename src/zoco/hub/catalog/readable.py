"""Which repositories may the caller see, as a condition of SQL?"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_

from zoco.adapters.db.tables import namespace, repo
from zoco.core.access import Access, Actor, Gated, Role, Visibility

Condition = ColumnElement[bool]


def readable_by(actor: Actor | None) -> Condition:
    """The SQL twin of `core.access.access_to(…) >= READ`; a test holds them together."""
    public: Condition = repo.c.visibility == Visibility.PUBLIC.value
    if actor is None or actor.limit < Access.READ:
        return public
    mine = list(actor.roles)
    if actor.grants is None or actor.grants.everywhere >= Access.READ:
        return or_(public, namespace.c.name_key.in_(mine))
    granted = [key for key in mine if actor.grants.namespaces.get(key, Access.NONE) >= Access.READ]
    single = []
    for name, access in actor.grants.repos.items():
        type_, space, repo_name = name.split("/", 2)
        if access >= Access.READ and space in actor.roles:
            single.append(and_(repo.c.type == type_, namespace.c.name_key == space, repo.c.name_key == repo_name))
    return or_(public, namespace.c.name_key.in_(granted), *single)


def with_open_files(actor: Actor | None) -> Condition:
    """Of those, the ones whose files no gate hides: the SQL twin of the gate in `hub/repos/open.py`.

    It asks who somebody is, not what their token may.
    """
    is_open: Condition = repo.c.gated == Gated.OPEN.value
    if actor is None:
        return is_open
    writers = [key for key, role in actor.roles.items() if role in (Role.WRITE, Role.ADMIN)]
    contributors = [key for key, role in actor.roles.items() if role is Role.CONTRIBUTOR]
    own = and_(namespace.c.name_key.in_(contributors), repo.c.creator_id == actor.user_id)
    return or_(is_open, namespace.c.name_key.in_(writers), own)
