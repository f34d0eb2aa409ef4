"""The SQL of LFS objects, of which repository has which, and of what pointer blobs say.

An object row and its first link are born in one transaction; garbage collection takes the row before its bytes. Both
lock the object's row first (a no-op on SQLite, which has one writer), so that a link never points at a row that is
being collected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy import delete, exists, func, literal, select, update

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import doomed_object, lfs_link, lfs_object, repo
from zoco.adapters.db.upsert import insert
from zoco.core.ids import Sha256

T = TypeVar("T")

BATCH = 500
"""Values in one IN (…): SQLite takes at most 32,766 parameters, and small statements keep transactions short."""


@dataclass(frozen=True, slots=True)
class LfsObject:
    """A stored object: `key` names its bytes in the blob store, or `xet_hash` the Xet file they rest in (then `key`
    is empty)."""

    sha256: Sha256
    size: int
    key: str
    xet_hash: str | None = None


@dataclass(frozen=True, slots=True)
class PointerInfo:
    """What a pointer blob says, and how long it is itself."""

    sha256: Sha256
    size: int
    pointer_size: int


def linked(read: Read, repo_key: int, shas: Iterable[Sha256]) -> dict[Sha256, LfsObject]:
    """Those of `shas` that this repository has: never what others have."""
    query = (
        select(lfs_object.c.sha256, lfs_object.c.size, lfs_object.c.key, lfs_object.c.xet_hash)
        .join(lfs_link, lfs_link.c.sha256 == lfs_object.c.sha256)
        .where(lfs_link.c.repo_id == repo_key)
    )
    found: dict[Sha256, LfsObject] = {}
    for some in batches(shas):
        for row in read.execute(query.where(lfs_object.c.sha256.in_(some))):
            found[Sha256(row.sha256)] = LfsObject(Sha256(row.sha256), row.size, row.key, row.xet_hash)
    return found


def has_object(read: Read, sha256: Sha256) -> bool:
    return read.execute(select(lfs_object.c.sha256).where(lfs_object.c.sha256 == sha256)).first() is not None


def hold_object(write: Write, sha256: Sha256) -> LfsObject | None:
    """The object, which no other transaction can collect until this one ends."""
    row = write.execute(
        select(lfs_object.c.size, lfs_object.c.key, lfs_object.c.xet_hash)
        .where(lfs_object.c.sha256 == sha256)
        .with_for_update(read=True, key_share=True)
    ).first()
    return LfsObject(sha256, row.size, row.key, row.xet_hash) if row else None


def insert_object(write: Write, new: LfsObject, now_ms: int) -> LfsObject:
    """The object's row: `new`, or the one that another upload wrote first."""
    values = {"sha256": new.sha256, "size": new.size, "key": new.key, "xet_hash": new.xet_hash, "created_at": now_ms}
    while True:  # again, when the other's row is collected between the two statements
        write.execute(insert(write, lfs_object).values(values).on_conflict_do_nothing())
        if held := hold_object(write, new.sha256):
            return held


def link(write: Write, repo_key: int, of: LfsObject, user_id: int | None, now_ms: int) -> bool:
    """False when the repository has it already."""
    values = {
        "repo_id": repo_key,
        "sha256": of.sha256,
        "size": of.size,
        "user_id": user_id,
        "created_at": now_ms,
        "touched_at": now_ms,
    }
    new = insert(write, lfs_link).values(values).on_conflict_do_nothing().returning(lfs_link.c.sha256)
    if write.execute(new).first() is not None:  # psycopg tells no row count here
        return True
    touch(write, repo_key, [of.sha256], now_ms)
    return False


def touched(read: Read, repo_key: int, shas: Iterable[Sha256]) -> dict[Sha256, int]:
    """When somebody was last told that they are here: of those of `shas` that this repository has."""
    query = select(lfs_link.c.sha256, lfs_link.c.touched_at).where(lfs_link.c.repo_id == repo_key)
    found: dict[Sha256, int] = {}
    for some in batches(shas):
        for row in read.execute(query.where(lfs_link.c.sha256.in_(some))):
            found[Sha256(row.sha256)] = row.touched_at
    return found


def touch(write: Write, repo_key: int, shas: Iterable[Sha256], now_ms: int) -> set[Sha256]:
    """Those that are still there."""
    kept: set[Sha256] = set()
    for some in batches(shas):
        mine = (lfs_link.c.repo_id == repo_key) & lfs_link.c.sha256.in_(some)
        marked = update(lfs_link).where(mine).values(touched_at=now_ms).returning(lfs_link.c.sha256)
        kept |= {Sha256(sha) for sha in write.execute(marked).scalars()}
    return kept


def copy_links(write: Write, source_key: int, target_key: int, user_id: int | None, now_ms: int) -> int:
    """To a repository that has none yet. How many bytes they stand for."""
    theirs = select(
        literal(target_key),
        lfs_link.c.sha256,
        lfs_link.c.size,
        literal(user_id, lfs_link.c.user_id.type),
        literal(now_ms),
        literal(now_ms),
    ).where(lfs_link.c.repo_id == source_key)
    columns = ["repo_id", "sha256", "size", "user_id", "created_at", "touched_at"]
    write.execute(lfs_link.insert().from_select(columns, theirs))
    total = select(func.coalesce(func.sum(lfs_link.c.size), 0)).where(lfs_link.c.repo_id == target_key)
    return int(write.execute(total).scalar_one())


def unlink(write: Write, repo_key: int, shas: Iterable[Sha256]) -> int:
    """Bytes that the repository no longer uses."""
    freed = 0
    for some in batches(shas):
        gone = (lfs_link.c.repo_id == repo_key) & lfs_link.c.sha256.in_(some)
        freed += write.execute(select(func.coalesce(func.sum(lfs_link.c.size), 0)).where(gone)).scalar_one()
        write.execute(delete(lfs_link).where(gone))
    return freed


def add_used_storage(write: Write, repo_key: int, size_bytes: int) -> None:
    """`repo.used_storage` is a sum over this room's links, so this room keeps it."""
    new = repo.c.used_storage + size_bytes
    write.execute(update(repo).where(repo.c.id == repo_key).values(used_storage=new))


def unlinked(read: Read, created_before_ms: int, limit: int) -> list[Sha256]:
    """Objects that no repository has."""
    has_link = exists().where(lfs_link.c.sha256 == lfs_object.c.sha256)
    query = select(lfs_object.c.sha256).where(~has_link, lfs_object.c.created_at < created_before_ms).limit(limit)
    return [Sha256(sha) for sha in read.execute(query).scalars()]


def doom(write: Write, shas: Sequence[Sha256], delete_at_ms: int) -> int:
    """Forget the objects that still have no link, and note their bytes for deletion. How many they were."""
    held = (
        write.execute(select(lfs_object.c.sha256).where(lfs_object.c.sha256.in_(shas)).with_for_update())
        .scalars()
        .all()
    )
    # a statement of its own: it sees the links of whoever held the rows until now
    has_link = exists().where(lfs_link.c.sha256 == lfs_object.c.sha256)
    free = write.execute(
        select(lfs_object.c.sha256, lfs_object.c.key).where(lfs_object.c.sha256.in_(held), ~has_link)
    ).all()
    if free:
        doom_keys(write, [row.key for row in free], delete_at_ms)
        write.execute(delete(lfs_object).where(lfs_object.c.sha256.in_([row.sha256 for row in free])))
    return len(free)


def doom_keys(write: Write, keys: Sequence[str], delete_at_ms: int) -> None:
    values = [{"key": key, "delete_at": delete_at_ms} for key in keys]
    write.execute(insert(write, doomed_object).values(values).on_conflict_do_nothing())


def forget_named(write: Write) -> None:
    """Strays that turned out to belong to a running upload are not doomed."""
    write.execute(delete(doomed_object).where(doomed_object.c.key.in_(select(lfs_object.c.key))))


def due(read: Read, prefix: str, now_ms: int, limit: int) -> list[str]:
    """Keys under `prefix` whose time has come and that no object names."""
    named = exists().where(lfs_object.c.key == doomed_object.c.key)
    query = (
        select(doomed_object.c.key)
        .where(doomed_object.c.key.startswith(prefix, autoescape=True), doomed_object.c.delete_at <= now_ms, ~named)
        .limit(limit)
    )
    return list(read.execute(query).scalars())


def forget_doomed(write: Write, keys: Sequence[str]) -> None:
    write.execute(delete(doomed_object).where(doomed_object.c.key.in_(keys)))


def strays(read: Read, keys: Sequence[str]) -> list[str]:
    """Those of the store's keys that neither an object nor the list of the doomed names."""
    known = set(read.execute(select(lfs_object.c.key).where(lfs_object.c.key.in_(keys))).scalars())
    known |= set(read.execute(select(doomed_object.c.key).where(doomed_object.c.key.in_(keys))).scalars())
    return [key for key in keys if key not in known]


def batches(items: Iterable[T], size: int = BATCH) -> Iterable[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
