"""How long is the log of changes kept? As long as a process may sleep and still catch up; then it reads all anew."""

from __future__ import annotations

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.hub.catalog import log_store

KEPT_MS = 3 * 86_400_000
ROWS_AT_ONCE = 5000
"""In one transaction: other writers get their turn in between."""


def trim_log(db: Database) -> int:
    """How many rows went."""
    before, gone = now_ms() - KEPT_MS, 0
    while True:
        with db.write() as write:
            last = log_store.trim(write, before, ROWS_AT_ONCE)
        gone += last
        if last < ROWS_AT_ONCE:
            return gone
