"""Who likes which repository? A like is one row; its repository keeps the count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, delete, insert, or_, select, update

from zoco.adapters.clock import now_ms
from zoco.adapters.db import changes
from zoco.adapters.db.changes import Change
from zoco.adapters.db.engine import Database, Read, Write
from zoco.adapters.db.tables import like as like_table
from zoco.adapters.db.tables import namespace, repo, user
from zoco.core.access import Access, Actor, RepoFacts, Visibility, access_to
from zoco.core.errors import Denied, NotFound, RepoNotFound
from zoco.core.ids import RepoId, RepoType, name_key
from zoco.core.pages import Page, cursor_after, values_of_cursor
from zoco.core.repos import ReadableRepo
from zoco.core.text import is_storable

PAGE_SIZE_MAX = 1000


@dataclass(frozen=True, slots=True)
class Liker:
    public_id: str
    name: str
    full_name: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Liked:
    repo: RepoId
    at_ms: int


def like(db: Database, repo_: ReadableRepo, actor: Actor) -> int:
    """How many like it now. Liking twice is liking once. Raises Denied for a read token."""
    _demand_write(actor)
    with db.write() as write:
        _hold(write, repo_)
        if _is_there(write, repo_, actor):
            return _counted(write, repo_, 0)
        values = {"user_id": actor.user_id, "repo_id": repo_.key, "created_at": now_ms()}
        write.execute(insert(like_table).values(values))
        return _counted(write, repo_, 1)


def unlike(db: Database, repo_: ReadableRepo, actor: Actor) -> int:
    """How many like it now."""
    _demand_write(actor)
    mine = and_(like_table.c.user_id == actor.user_id, like_table.c.repo_id == repo_.key)
    with db.write() as write:
        _hold(write, repo_)
        return _counted(write, repo_, -write.execute(delete(like_table).where(mine)).rowcount)


def is_liked(db: Database, repo_: ReadableRepo, actor: Actor | None) -> bool:
    if actor is None:
        return False
    with db.read() as read:
        return _is_there(read, repo_, actor)


def likers(db: Database, repo_: ReadableRepo, *, cursor: str | None = None, limit: int = 100) -> Page[Liker]:
    """Newest first."""
    size = max(1, min(limit, PAGE_SIZE_MAX))
    query = (
        select(like_table.c.created_at, like_table.c.user_id, namespace.c.public_id, namespace.c.name, user.c.full_name)
        .join(namespace, namespace.c.id == like_table.c.user_id)
        .join(user, user.c.id == like_table.c.user_id)
        .where(like_table.c.repo_id == repo_.key)
        .order_by(like_table.c.created_at.desc(), like_table.c.user_id.desc())
        .limit(size + 1)
    )
    if cursor:
        query = query.where(_after(cursor, like_table.c.user_id))
    with db.read() as read:
        rows = read.execute(query).all()
    found = tuple(Liker(row.public_id, row.name, row.full_name, row.created_at) for row in rows[:size])
    return Page(found, _next(rows, size))


def likes_of_user(
    db: Database, actor: Actor | None, name: str, *, cursor: str | None = None, limit: int = 100
) -> Page[Liked]:
    """What a user likes, newest first: only repositories the caller may read. Raises NotFound for no such user."""
    size = max(1, min(limit, PAGE_SIZE_MAX))
    found: list[Liked] = []
    with db.read() as read:
        known = select(user.c.id).join(namespace, namespace.c.id == user.c.id)
        by_name = known.where(namespace.c.name_key == name_key(name))
        user_id = read.execute(by_name).scalar() if is_storable(name) else None
        if user_id is None:
            raise NotFound(f"There is no user called '{name}'")
        position = cursor
        while True:
            rows = read.execute(_liked_by(user_id, position, size)).all()
            for at, row in enumerate(rows[:size]):
                id_ = RepoId(RepoType(row.type), row.namespace, row.name)
                facts = RepoFacts(row.type, row.namespace, row.name, Visibility(row.visibility), row.creator_id)
                if access_to(facts, actor) >= Access.READ:
                    found.append(Liked(id_, row.created_at))
                if len(found) == size:
                    is_last = at + 1 == len(rows)
                    return Page(tuple(found), None if is_last else cursor_after(row.created_at, row.repo_id))
            position = _next(rows, size)
            if position is None:
                return Page(tuple(found))


def _liked_by(user_id: int, cursor: str | None, size: int) -> Select[Any]:
    query = (
        select(
            like_table.c.created_at,
            like_table.c.repo_id,
            repo.c.type,
            namespace.c.name.label("namespace"),
            repo.c.name,
            repo.c.visibility,
            repo.c.creator_id,
        )
        .join(repo, repo.c.id == like_table.c.repo_id)
        .join(namespace, namespace.c.id == repo.c.namespace_id)
        .where(like_table.c.user_id == user_id)
        .order_by(like_table.c.created_at.desc(), like_table.c.repo_id.desc())
        .limit(size + 1)
    )
    return query.where(_after(cursor, like_table.c.repo_id)) if cursor else query


def _after(cursor: str, tie: Any) -> Any:  # Any: a column, a condition
    at, key = values_of_cursor(cursor, (int, int))
    older = like_table.c.created_at < at
    return or_(older, and_(like_table.c.created_at == at, tie < key))


def _next(rows: Sequence[Any], size: int) -> str | None:
    """`rows` begin with the time and the key that breaks ties."""
    return cursor_after(rows[size - 1][0], rows[size - 1][1]) if len(rows) > size else None


def _is_there(read: Read, repo_: ReadableRepo, actor: Actor) -> bool:
    mine = and_(like_table.c.user_id == actor.user_id, like_table.c.repo_id == repo_.key)
    return read.execute(select(like_table.c.repo_id).where(mine)).first() is not None


def _hold(write: Write, repo_: ReadableRepo) -> None:
    """Locks the repository's row, so that its count and its likes agree. Raises RepoNotFound when it is gone."""
    if write.execute(select(repo.c.id).where(repo.c.id == repo_.key).with_for_update()).first() is None:
        raise RepoNotFound(repo_.id)


def _counted(write: Write, repo_: ReadableRepo, change: int) -> int:
    if change:
        changes.note(write, [repo_.key], Change.NUMBERS)
        write.execute(update(repo).where(repo.c.id == repo_.key).values(likes=repo.c.likes + change))
    return int(write.execute(select(repo.c.likes).where(repo.c.id == repo_.key)).scalar_one())


def _demand_write(actor: Actor) -> None:
    can_act = actor.limit >= Access.WRITE and (actor.grants is None or actor.grants.can_manage_account)
    if not can_act:
        raise Denied("A write token is needed to like a repository: this token may not act for its owner.")
