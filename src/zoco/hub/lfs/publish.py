"""How do stored bytes become an object of a repository? In one transaction, after they are durable and proven."""

from __future__ import annotations

from zoco.adapters.db.engine import Write
from zoco.core.repos import WritableRepo
from zoco.hub.lfs import store
from zoco.hub.lfs.store import LfsObject
from zoco.jobs import doomed


def publish(write: Write, repo: WritableRepo, new: LfsObject, user_id: int | None, now_ms: int) -> None:
    """Bytes under a fresh key. Where the Hub has the same object already, they are not needed and go."""
    held = store.insert_object(write, new, now_ms)
    attach(write, repo, held, user_id, now_ms)
    if held.key != new.key:
        doomed.doom(write, [new.key], now_ms)


def attach(write: Write, repo: WritableRepo, held: LfsObject, user_id: int | None, now_ms: int) -> None:
    """An object whose row this transaction holds."""
    store.hold_repo(write, repo.key)
    if store.link(write, repo.key, held, user_id, now_ms):
        store.add_used_storage(write, repo.key, held.size)
