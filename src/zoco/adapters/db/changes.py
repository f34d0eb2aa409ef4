"""How does every process learn what changed in the lists? By a log that grows in the order of commits.

Whoever alters something that lists show notes it; the note becomes a row at the very end of the same transaction. The
catalogue of each process reads the rows it has not seen before it answers, so what was written is found in the next
request, by any process on any node.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from sqlalchemy import Connection, insert

from zoco.adapters.clock import now_ms
from zoco.adapters.db.tables import change

_NOTES = "zoco_changes"
_LOG_LOCK = 0x7A6F636F
"""PostgreSQL hands out sequence numbers before commits: without a lock, a reader that has seen 8 could miss 7 for ever.
Taken last and held only for the commit itself."""


class Change(IntEnum):
    DOCUMENT = 1
    """created, deleted, renamed, another card or visibility"""
    NUMBERS = 2
    """likes, downloads, times: nothing that decides which lists it is in"""


def note(write: Connection, repo_keys: Iterable[int], kind: Change = Change.DOCUMENT) -> None:
    """For any code inside a write transaction (`engine.Write`). Noting twice is noting once."""
    notes: dict[int, Change] = write.info.setdefault(_NOTES, {})
    for key in repo_keys:
        notes[key] = min(kind, notes.get(key, kind))


def begin(write: Connection) -> None:
    """`info` belongs to the pooled connection: what a transaction that failed noted is forgotten."""
    write.info.pop(_NOTES, None)


def append(write: Connection) -> None:
    """The last statement before the commit."""
    notes: dict[int, Change] = write.info.pop(_NOTES, {})
    if not notes:
        return
    if write.dialect.name == "postgresql":
        write.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOG_LOCK})")
    now = now_ms()
    write.execute(insert(change), [{"repo_id": key, "kind": int(notes[key]), "at": now} for key in sorted(notes)])
