"""SQL of packs. A push adds its pack in `storage.apply_updates`, not here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, select, update

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import pack, ref, repo
from zoco.core.ids import Oid


class PackRow(NamedTuple):
    uuid: str
    checksum: str
    size: int
    objects: int


class RepoState(NamedTuple):
    version: int
    prune_epoch: int
    tips: tuple[Oid, ...]
    packs: tuple[PackRow, ...]


def state_of(read: Read, repo_key: int) -> RepoState | None:
    """None when the repository is gone."""
    row = read.execute(select(repo.c.version, repo.c.prune_epoch).where(repo.c.id == repo_key)).first()
    if row is None:
        return None
    tips = tuple(Oid(oid) for oid in read.scalars(select(ref.c.oid).where(ref.c.repo_id == repo_key).distinct()))
    return RepoState(row.version, row.prune_epoch, tips, tuple(live_packs(read, repo_key)))


def live_packs(read: Read, repo_key: int) -> list[PackRow]:
    query = select(pack.c.uuid, pack.c.checksum, pack.c.size, pack.c.objects)
    return [PackRow(*row) for row in read.execute(query.where(pack.c.repo_id == repo_key, pack.c.retired_at.is_(None)))]


def lock_state(write: Write, repo_key: int) -> tuple[int, int] | None:
    """(version, prune epoch), which nobody else changes until this transaction ends."""
    query = select(repo.c.version, repo.c.prune_epoch).where(repo.c.id == repo_key).with_for_update()
    row = write.execute(query).first()
    return (row.version, row.prune_epoch) if row else None


def raise_version(write: Write, repo_key: int, *, pruned: bool) -> None:
    write.execute(
        update(repo)
        .where(repo.c.id == repo_key)
        .values(version=repo.c.version + 1, prune_epoch=repo.c.prune_epoch + (1 if pruned else 0))
    )


def insert_pack(write: Write, repo_key: int, row: PackRow, now: int) -> None:
    write.execute(pack.insert().values(repo_id=repo_key, created_at=now, **row._asdict()))


def retire(write: Write, uuids: Sequence[str], now: int) -> int:
    """How many were live until now."""
    of = update(pack).where(pack.c.uuid.in_(uuids), pack.c.retired_at.is_(None))
    return write.execute(of.values(retired_at=now)).rowcount


def live_among(read: Read, uuids: Sequence[str]) -> set[str]:
    return set(read.scalars(select(pack.c.uuid).where(pack.c.uuid.in_(uuids), pack.c.retired_at.is_(None))))


def known_among(read: Read, uuids: Sequence[str]) -> set[str]:
    return set(read.scalars(select(pack.c.uuid).where(pack.c.uuid.in_(uuids))))


def forget_retired(write: Write, uuids: Sequence[str]) -> None:
    """After their bytes were deleted."""
    write.execute(delete(pack).where(pack.c.uuid.in_(uuids), pack.c.retired_at.is_not(None)))
