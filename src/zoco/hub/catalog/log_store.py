"""SQL of the log of changes (adapters/db/changes.py): what is long past goes."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from zoco.adapters.db.engine import Write
from zoco.adapters.db.tables import change


def trim(write: Write, before_ms: int, limit: int) -> int:
    """Deletes at most `limit` rows, the first of the log; how many.

    What is left has no hole, so that a reader sees by its oldest row whether it missed some: the first row that is
    young enough, and the newest whatever its age, end what may go.
    """
    young = select(func.min(change.c.seq)).where(change.c.at >= before_ms).scalar_subquery()
    newest = select(func.max(change.c.seq)).scalar_subquery()
    old = select(change.c.seq).where(change.c.seq < func.coalesce(young, newest)).order_by(change.c.seq).limit(limit)
    return write.execute(delete(change).where(change.c.seq.in_(old))).rowcount
