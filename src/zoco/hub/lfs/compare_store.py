"""SQL of which links garbage collection must compare with the history of their repositories, and of what it takes."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import lfs_compared, lfs_link, repo
from zoco.adapters.db.upsert import insert
from zoco.core.ids import Sha256
from zoco.hub.lfs.store import batches


def repos_to_compare(read: Read, touched_before_ms: int, after: int, limit: int) -> list[int]:
    """Repositories with old links that moved since they were compared, or whose links became old since: by their key
    and from `after` on. Those without links cost a look into an index, in one query for all."""
    of_repo = lfs_link.c.repo_id == repo.c.id
    old = exists().where(of_repo, lfs_link.c.touched_at <= touched_before_ms)
    newly_old = exists().where(
        of_repo, lfs_link.c.touched_at <= touched_before_ms, lfs_link.c.touched_at > lfs_compared.c.at
    )
    moved = or_(lfs_compared.c.repo_id.is_(None), lfs_compared.c.version != repo.c.version)
    query = (
        select(repo.c.id)
        .select_from(repo.outerjoin(lfs_compared, lfs_compared.c.repo_id == repo.c.id))
        .where(repo.c.id > after, or_(and_(moved, old), newly_old))
        .order_by(repo.c.id)
        .limit(limit)
    )
    return list(read.execute(query).scalars())


def old_links(read: Read, repo_key: int, touched_before_ms: int) -> set[bytes]:
    """Hashes as bytes: there may be a million."""
    rows = read.execute(select(lfs_link.c.sha256).where(_old(repo_key, touched_before_ms)))
    return {bytes.fromhex(sha) for sha in rows.scalars()}


def unlink_old(write: Write, repo_key: int, shas: Iterable[Sha256], touched_before_ms: int) -> dict[Sha256, int]:
    """Sizes of those that nobody was told of meanwhile: they are unlinked."""
    gone: dict[Sha256, int] = {}
    for some in batches(sorted(shas)):
        held = (
            select(lfs_link.c.sha256, lfs_link.c.size)
            .where(_old(repo_key, touched_before_ms), lfs_link.c.sha256.in_(some))
            .order_by(lfs_link.c.sha256)
            .with_for_update()
        )
        found = {Sha256(sha): size for sha, size in write.execute(held)}
        if found:
            write.execute(delete(lfs_link).where(lfs_link.c.repo_id == repo_key, lfs_link.c.sha256.in_(found)))
        gone |= found
    return gone


def remember(write: Write, repo_key: int, version: int, touched_before_ms: int) -> None:
    values = {"version": version, "at": touched_before_ms}
    new = insert(write, lfs_compared).values(repo_id=repo_key, **values)
    write.execute(new.on_conflict_do_update(index_elements=["repo_id"], set_=values))


def _old(repo_key: int, touched_before_ms: int) -> ColumnElement[bool]:
    return and_(
        lfs_link.c.repo_id == repo_key,
        lfs_link.c.touched_at <= touched_before_ms,
        lfs_link.c.created_at <= touched_before_ms,  # rows older than the other column
    )
