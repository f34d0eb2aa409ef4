"""SQL of the lists: rows of repositories that the index found, and what only SQL knows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_, func, literal, or_, select

from zoco.adapters.db.engine import Read
from zoco.adapters.db.tables import namespace, org, pack, ref, repo, user
from zoco.core.access import Actor, Gated, Visibility
from zoco.core.ids import Oid, RepoId, RepoType, name_key
from zoco.core.text import is_storable
from zoco.hub.catalog.query import FULL_NAME_LENGTH_MAX
from zoco.hub.catalog.readable import readable_by


@dataclass(frozen=True, slots=True)
class ListedRow:
    key: int
    public_id: str
    id: RepoId
    visibility: Visibility
    gated: Gated
    disabled: bool
    sdk: str | None
    created_at_ms: int
    updated_at_ms: int
    likes: int
    downloads: int
    downloads_all_time: int
    lfs_size: int
    head: Oid | None
    trending_score: int


_WITH_NAMESPACE = repo.join(namespace, namespace.c.id == repo.c.namespace_id)
_FROM = _WITH_NAMESPACE.outerjoin(
    ref, and_(ref.c.repo_id == repo.c.id, ref.c.name == literal("refs/heads/") + repo.c.default_branch)
)


def rows_of(read: Read, repo_keys: Sequence[int]) -> dict[int, ListedRow]:
    """Of repositories that are open already, or were found readable."""
    found = read.execute(_rows().where(repo.c.id.in_(repo_keys)))
    return {row.key: row for row in map(_row, found)}


def packs_size(read: Read, repo_keys: Sequence[int]) -> dict[int, int]:
    """Bytes of the live packs: what git itself takes, next to the LFS objects."""
    query = (
        select(pack.c.repo_id, func.sum(pack.c.size))
        .where(pack.c.repo_id.in_(repo_keys), pack.c.retired_at.is_(None))
        .group_by(pack.c.repo_id)
    )
    return {key: int(size) for key, size in read.execute(query)}


def used_by_namespace(read: Read, name: str) -> int:
    """Bytes of all repositories of a namespace: LFS objects and live packs."""
    mine = select(namespace.c.id).where(namespace.c.name_key == name_key(name)).scalar_subquery()
    lfs = select(func.coalesce(func.sum(repo.c.used_storage), 0)).where(repo.c.namespace_id == mine)
    packs = (
        select(func.coalesce(func.sum(pack.c.size), 0))
        .join(repo, repo.c.id == pack.c.repo_id)
        .where(repo.c.namespace_id == mine, pack.c.retired_at.is_(None))
    )
    return int(read.execute(lfs).scalar_one()) + int(read.execute(packs).scalar_one())


def ids_of(read: Read, keys: Sequence[int], actor: Actor | None) -> list[RepoId]:
    """In the order asked; those that are gone, or closed to the caller, are left out."""
    query = _ids().add_columns(repo.c.id).where(repo.c.id.in_(keys), readable_by(actor))
    found = {row.id: _id(row) for row in read.execute(query)}
    return [found[key] for key in keys if key in found]


@dataclass(frozen=True, slots=True)
class FoundAccount:
    public_id: str
    name: str
    full_name: str
    is_org: bool


def accounts_named(read: Read, text: str, limit: int) -> list[FoundAccount]:
    """Users and organisations whose name, or full name, holds `text`."""
    if not is_storable(text) or len(text) > FULL_NAME_LENGTH_MAX:
        return []
    full_name = func.coalesce(user.c.full_name, org.c.full_name, "")
    word = text.lower()
    query = (
        select(namespace.c.public_id, namespace.c.name, full_name, namespace.c.kind)
        .select_from(namespace.outerjoin(user, user.c.id == namespace.c.id).outerjoin(org, org.c.id == namespace.c.id))
        .where(
            namespace.c.kind.in_(("user", "org")),
            user.c.disabled_at.is_(None),
            or_(
                namespace.c.name_key.contains(word, autoescape=True),
                func.lower(full_name).contains(word, autoescape=True),
            ),
        )
        .order_by(func.length(namespace.c.name), namespace.c.name_key)
        .limit(limit)
    )
    return [FoundAccount(row[0], row[1], row[2], row[3] == "org") for row in read.execute(query)]


def _rows() -> Select[Any]:
    return select(
        repo.c.id,
        repo.c.public_id,
        repo.c.type,
        namespace.c.name.label("namespace"),
        repo.c.name,
        repo.c.visibility,
        repo.c.gated,
        repo.c.disabled,
        repo.c.sdk,
        repo.c.created_at,
        repo.c.updated_at,
        repo.c.likes,
        repo.c.downloads,
        repo.c.downloads_all_time,
        repo.c.used_storage,
        ref.c.peeled,
        repo.c.trending,
    ).select_from(_FROM)


def _row(found: Row[Any]) -> ListedRow:
    return ListedRow(
        key=found.id,
        public_id=found.public_id,
        id=_id(found),
        visibility=Visibility(found.visibility),
        gated=Gated(found.gated),
        disabled=found.disabled,
        sdk=found.sdk,
        created_at_ms=found.created_at,
        updated_at_ms=found.updated_at,
        likes=found.likes,
        downloads=found.downloads,
        downloads_all_time=found.downloads_all_time,
        lfs_size=found.used_storage,
        head=Oid(found.peeled) if found.peeled else None,
        trending_score=found.trending,
    )


def _ids() -> Select[Any]:
    return select(repo.c.type, namespace.c.name.label("namespace"), repo.c.name).select_from(_WITH_NAMESPACE)


def _id(found: Row[Any]) -> RepoId:
    return RepoId(RepoType(found.type), found.namespace, found.name)
