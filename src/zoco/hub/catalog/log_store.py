"""SQL of the log of changes (adapters/db/changes.py writes it): what is new in it, and what is long past."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import delete, func, select

from zoco.adapters.db.changes import Change
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import change


class LogEnds(NamedTuple):
    """0 where nothing was ever logged."""

    oldest: int
    newest: int


def newest(read: Read) -> int:
    """Of the log. Asked before every answer: the cheapest form there is."""
    return int(read.exec_driver_sql("SELECT max(seq) FROM change").scalar() or 0)


def log_ends(read: Read) -> LogEnds:
    row = read.execute(select(func.min(change.c.seq), func.max(change.c.seq))).one()
    return LogEnds(int(row[0] or 0), int(row[1] or 0))


def changed_since(read: Read, seq: int, numbers_seq: int) -> dict[int, Change]:
    """Repositories, each with the most that happened to it; numbers that changed up to `numbers_seq` are known."""
    query = (
        select(change.c.repo_id, func.min(change.c.kind), func.max(change.c.seq))
        .where(change.c.seq > seq)
        .group_by(change.c.repo_id)
    )
    found = ((key, Change(kind), last) for key, kind, last in read.execute(query))
    return {key: kind for key, kind, last in found if kind is Change.DOCUMENT or last > numbers_seq}


def count_changed(read: Read, kind: Change, seq: int) -> int:
    """Repositories to which this happened after `seq`."""
    query = select(func.count(change.c.repo_id.distinct())).where(change.c.seq > seq, change.c.kind == int(kind))
    return int(read.execute(query).scalar_one())


def trim(write: Write, before_ms: int, limit: int) -> int:
    """Deletes at most `limit` rows, the first of the log; how many.

    What is left has no hole, so that a reader sees by its oldest row whether it missed some: the first row that is
    young enough, and the newest whatever its age, end what may go.
    """
    young = select(func.min(change.c.seq)).where(change.c.at >= before_ms).scalar_subquery()
    newest = select(func.max(change.c.seq)).scalar_subquery()
    old = select(change.c.seq).where(change.c.seq < func.coalesce(young, newest)).order_by(change.c.seq).limit(limit)
    return write.execute(delete(change).where(change.c.seq.in_(old))).rowcount
