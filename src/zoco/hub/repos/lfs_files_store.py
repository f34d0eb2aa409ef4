"""SQL that reads which LFS objects a repository has, who sent them and when."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, or_, select

from zoco.adapters.db.engine import Read
from zoco.adapters.db.tables import lfs_link, lfs_object, namespace, user
from zoco.core.ids import Sha256


class LinkRow(NamedTuple):
    """The sender's fields are None when the account is gone."""

    sha256: Sha256
    size: int
    created_at_ms: int
    public_id: str | None
    name: str | None
    full_name: str | None
    xet_hash: str | None


def links(read: Read, repo_key: int, after: tuple[int, str] | None, limit: int) -> list[LinkRow]:
    """The newest first."""
    query = (
        select(
            lfs_link.c.sha256,
            lfs_link.c.size,
            lfs_link.c.created_at,
            namespace.c.public_id,
            namespace.c.name,
            user.c.full_name,
            lfs_object.c.xet_hash,
        )
        .select_from(
            lfs_link.join(lfs_object, lfs_object.c.sha256 == lfs_link.c.sha256)
            .outerjoin(namespace, namespace.c.id == lfs_link.c.user_id)
            .outerjoin(user, user.c.id == lfs_link.c.user_id)
        )
        .where(lfs_link.c.repo_id == repo_key)
        .order_by(lfs_link.c.created_at.desc(), lfs_link.c.sha256)
        .limit(limit)
    )
    if after:
        at, sha = after
        older = or_(lfs_link.c.created_at < at, and_(lfs_link.c.created_at == at, lfs_link.c.sha256 > sha))
        query = query.where(older)
    return [LinkRow(Sha256(row[0]), *row[1:]) for row in read.execute(query)]
