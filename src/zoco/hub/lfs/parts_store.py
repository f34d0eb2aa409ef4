"""The SQL of uploads that come in parts, until they are complete or given up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, delete, func, select, update

from zoco.adapters.blobs.parts import InParts
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import lfs_multipart
from zoco.core.ids import Sha256
from zoco.hub.lfs.store import batches


@dataclass(frozen=True, slots=True)
class PartUpload:
    """`asked_at_ms`: when its addresses were last given out, to the hour."""

    uuid: str
    repo_key: int
    sha256: Sha256
    blob: InParts
    asked_at_ms: int

    @property
    def size(self) -> int:
        return self.blob.size


def find(read: Read, uuid: str) -> PartUpload | None:
    row = read.execute(select(lfs_multipart).where(lfs_multipart.c.uuid == uuid)).first()
    return _upload(row) if row else None


def of_repo(read: Read, repo_key: int, shas: Iterable[Sha256]) -> list[PartUpload]:
    """The newest last."""
    query = select(lfs_multipart).where(lfs_multipart.c.repo_id == repo_key).order_by(lfs_multipart.c.created_at)
    found: list[PartUpload] = []
    for some in batches(shas):
        found += [_upload(row) for row in read.execute(query.where(lfs_multipart.c.sha256.in_(some)))]
    return found


def count(read: Read, repo_key: int) -> int:
    query = select(func.count()).select_from(lfs_multipart).where(lfs_multipart.c.repo_id == repo_key)
    return int(read.execute(query).scalar_one())


def insert_all(write: Write, new: Sequence[PartUpload]) -> None:
    values = [
        {
            "uuid": one.uuid,
            "repo_id": one.repo_key,
            "sha256": one.sha256,
            "size": one.size,
            "part_size": one.blob.part_size,
            "key": one.blob.key,
            "upload_id": one.blob.upload_id,
            "created_at": one.asked_at_ms,
        }
        for one in new
    ]
    write.execute(lfs_multipart.insert(), values)


def touch(write: Write, uuids: Iterable[str], now_ms: int) -> None:
    for some in batches(uuids):
        write.execute(update(lfs_multipart).where(lfs_multipart.c.uuid.in_(some)).values(created_at=now_ms))


def forget(write: Write, uuid: str) -> bool:
    """Whether it was still there. Who forgets it decides what becomes of its bytes."""
    gone = delete(lfs_multipart).where(lfs_multipart.c.uuid == uuid).returning(lfs_multipart.c.uuid)
    return write.execute(gone).first() is not None


def asked_before(read: Read, before_ms: int) -> list[PartUpload]:
    query = select(lfs_multipart).where(lfs_multipart.c.created_at < before_ms).order_by(lfs_multipart.c.created_at)
    return [_upload(row) for row in read.execute(query)]


def known_keys(read: Read, keys: Iterable[str]) -> set[str]:
    """Those of `keys` that an upload here will have."""
    found: set[str] = set()
    for some in batches(keys):
        found |= set(read.execute(select(lfs_multipart.c.key).where(lfs_multipart.c.key.in_(some))).scalars())
    return found


def _upload(row: Row[tuple[object, ...]]) -> PartUpload:
    blob = InParts(row.key, row.size, row.part_size, row.upload_id or "")
    return PartUpload(row.uuid, row.repo_id, Sha256(row.sha256), blob, row.created_at)
