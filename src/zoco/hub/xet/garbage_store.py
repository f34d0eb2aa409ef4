"""SQL of the Xet files and xorbs that nothing counts on any more.

Whoever registers a file locks its xorbs, by their hash, then the file, and then makes the object that names it. Here
rows are locked in the same order, and what was true before is asked again after.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, exists, select, update

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import lfs_object, xet_file, xet_file_xorb, xet_xorb

# of the room above only that a row of it names a file
_FILE_IS_NAMED = exists().where(lfs_object.c.xet_hash == xet_file.c.hash)
_XORB_IS_NAMED = exists().where(xet_file_xorb.c.xorb_hash == xet_xorb.c.hash)


class Forgotten(NamedTuple):
    hash: str
    size: int


def unnamed_files(read: Read, touched_before_ms: int, after: str, limit: int) -> list[str]:
    """By their hash and from `after` on."""
    query = select(xet_file.c.hash).where(
        ~_FILE_IS_NAMED, xet_file.c.touched_at <= touched_before_ms, xet_file.c.hash > after
    )
    return list(read.execute(query.order_by(xet_file.c.hash).limit(limit)).scalars())


def forget_files(write: Write, hashes: Sequence[str], touched_before_ms: int) -> list[Forgotten]:
    """Those that are still unnamed: which xorbs they use is forgotten with them."""
    held = _hold(write, xet_file.c.hash, xet_file.c.hash.in_(hashes))
    free = select(xet_file.c.hash, xet_file.c.size).where(
        xet_file.c.hash.in_(held), ~_FILE_IS_NAMED, xet_file.c.touched_at <= touched_before_ms
    )
    gone = [Forgotten(*row) for row in write.execute(free)]
    write.execute(delete(xet_file).where(xet_file.c.hash.in_([one.hash for one in gone])))
    return gone


def unnamed_xorbs(read: Read, touched_before_ms: int, after: str, limit: int) -> list[str]:
    query = select(xet_xorb.c.hash).where(
        ~_XORB_IS_NAMED,
        xet_xorb.c.dead_at.is_(None),
        xet_xorb.c.touched_at <= touched_before_ms,
        xet_xorb.c.hash > after,
    )
    return list(read.execute(query.order_by(xet_xorb.c.hash).limit(limit)).scalars())


def mark_dead(write: Write, hashes: Sequence[str], touched_before_ms: int, now_ms: int) -> list[Forgotten]:
    """Those that are still unnamed and alive."""
    held = _hold(write, xet_xorb.c.hash, xet_xorb.c.hash.in_(hashes))
    free = select(xet_xorb.c.hash, xet_xorb.c.size).where(
        xet_xorb.c.hash.in_(held),
        ~_XORB_IS_NAMED,
        xet_xorb.c.dead_at.is_(None),
        xet_xorb.c.touched_at <= touched_before_ms,
    )
    gone = [Forgotten(*row) for row in write.execute(free)]
    these = xet_xorb.c.hash.in_([one.hash for one in gone])
    write.execute(update(xet_xorb).where(these).values(dead_at=now_ms))
    return gone


def dead_xorbs(read: Read, dead_before_ms: int, after: str, limit: int) -> list[str]:
    query = select(xet_xorb.c.hash).where(_is_over(dead_before_ms), xet_xorb.c.hash > after)
    return list(read.execute(query.order_by(xet_xorb.c.hash).limit(limit)).scalars())


def forget_xorbs(write: Write, hashes: Sequence[str], dead_before_ms: int) -> list[tuple[Forgotten, str]]:
    """Those that are still dead, with their keys in the store."""
    held = _hold(write, xet_xorb.c.hash, xet_xorb.c.hash.in_(hashes))
    columns = (xet_xorb.c.hash, xet_xorb.c.size, xet_xorb.c.key)
    free = select(*columns).where(xet_xorb.c.hash.in_(held), _is_over(dead_before_ms))
    gone = [(Forgotten(row.hash, row.size), row.key) for row in write.execute(free)]
    write.execute(delete(xet_xorb).where(xet_xorb.c.hash.in_([one.hash for one, _ in gone])))
    return gone


def has_dead_but_named(read: Read) -> bool:
    query = select(xet_xorb.c.hash).where(xet_xorb.c.dead_at.is_not(None), _XORB_IS_NAMED).limit(1)
    return read.execute(query).first() is not None


def revive_named(write: Write) -> None:
    """A file counts on it, so it is not dead, whoever forgot to say so."""
    write.execute(update(xet_xorb).where(xet_xorb.c.dead_at.is_not(None), _XORB_IS_NAMED).values(dead_at=None))


def named_keys(read: Read, keys: Sequence[str]) -> set[str]:
    return set(read.execute(select(xet_xorb.c.key).where(xet_xorb.c.key.in_(keys))).scalars())


def _is_over(dead_before_ms: int) -> ColumnElement[bool]:
    """Dead for long, and nobody was told of it since."""
    return (xet_xorb.c.dead_at <= dead_before_ms) & (xet_xorb.c.touched_at <= dead_before_ms) & ~_XORB_IS_NAMED


def _hold(write: Write, column: ColumnElement[str], these: ColumnElement[bool]) -> list[str]:
    """Rows that nobody else changes until the transaction ends. What is asked of them next is a statement of its own:
    it sees what whoever held them until now has done."""
    query: Any = select(column).where(these).order_by(column).with_for_update()
    return list(write.execute(query).scalars())
