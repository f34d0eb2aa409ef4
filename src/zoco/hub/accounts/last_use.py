"""When tokens and sessions were last used: kept in memory, and written in one batch now and then.

Each process flushes its own (`flush`, every minute and at the end); what a crash loses is a minute of last uses.
"""

from __future__ import annotations

import threading
from weakref import WeakKeyDictionary

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.hub.accounts.store import sessions, tokens

_lock = threading.Lock()
_tokens: WeakKeyDictionary[Database, dict[int, int]] = WeakKeyDictionary()
_sessions: WeakKeyDictionary[Database, dict[int, int]] = WeakKeyDictionary()


def token_used(db: Database, token_id: int) -> None:
    with _lock:
        _tokens.setdefault(db, {})[token_id] = now_ms()


def session_seen(db: Database, session_id: int) -> None:
    with _lock:
        _sessions.setdefault(db, {})[session_id] = now_ms()


def flush(db: Database) -> None:
    """Raises Unavailable; nothing is forgotten then."""
    with _lock:
        used, seen = _tokens.pop(db, {}), _sessions.pop(db, {})
    if not used and not seen:
        return
    try:
        with db.write() as write:
            tokens.mark_used(write, used)
            sessions.slide(write, seen)
    except BaseException:
        with _lock:
            for kept, lost in ((_tokens.setdefault(db, {}), used), (_sessions.setdefault(db, {}), seen)):
                kept.update({one: at for one, at in lost.items() if one not in kept})
        raise
