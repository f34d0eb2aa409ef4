"""Tidying: sessions, links, device codes and tokens whose time is over."""

from __future__ import annotations

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.hub.accounts.store import devices, sessions, tokens

DAY_MS = 86_400_000
TOKENS_KEPT_MS = 30 * DAY_MS


def sweep(db: Database) -> None:
    """None of them opens anything any more. Expired device codes stay a day: their program still hears why."""
    now = now_ms()
    with db.write() as write:
        sessions.delete_expired(write)
        sessions.delete_expired_links(write)
        devices.delete_expired(write, now - DAY_MS)
        tokens.delete_expired(write, now - TOKENS_KEPT_MS)
