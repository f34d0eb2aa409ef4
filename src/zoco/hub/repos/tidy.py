"""After a ref moved: join packs when there are many, and plan a prune when something may have become unreachable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoco.adapters.clock import now_ms
from zoco.core.events import RefUpdated
from zoco.formats.git.objects import Kind
from zoco.hub.repos import prune
from zoco.hub.repos.consolidate import consolidate
from zoco.hub.repos.storage import RepoStorage, reader_of_key
from zoco.jobs.outbox import event_of


def after_update(storage: RepoStorage, payload: Mapping[str, Any]) -> None:
    """Handler of RefUpdated. Any: JSON."""
    event = event_of(payload)
    assert isinstance(event, RefUpdated)
    consolidate(storage, event.repo_key)
    if event.old and not _still_reachable(storage, event):
        with storage.db.write() as write:
            prune.plan(write, event.repo_key, now_ms() + storage.limits.gc_grace_ms)


def _still_reachable(storage: RepoStorage, event: RefUpdated) -> bool:
    """False when in doubt: a prune that finds nothing costs little."""
    if event.new is None or event.old is None:
        return False
    with reader_of_key(storage, event.repo_key) as git:
        if git is None or not git.has(event.old):  # pruned already
            return True
        # an annotated tag is an object of its own, that goes with its ref
        are_commits = all(git.has(oid) and git.header(oid)[0] is Kind.COMMIT for oid in (event.old, event.new))
        return are_commits and git.is_ancestor(event.old, event.new)
