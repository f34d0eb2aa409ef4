"""The job that collects a repository after something may have become unreachable: when it runs, and when again."""

from __future__ import annotations

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database, Write
from zoco.core.garbage import Kind
from zoco.hub.repos.collect import look, take
from zoco.hub.repos.storage import RepoStorage
from zoco.jobs.queue import enqueue

PRUNE = "prune"
TRIES_MAX = 3
AGAIN_MS = 600_000


def plan(write: Write, repo_key: int, run_at_ms: int) -> None:
    """Once, while a run waits."""
    enqueue(
        write,
        PRUNE,
        {"repo_key": repo_key},
        repo_key=repo_key,
        run_at_ms=run_at_ms,
        idempotency_key=f"{PRUNE}:{repo_key}",
    )


def prune(storage: RepoStorage, repo_key: int) -> int:
    """How many git objects went. A repository that moves all the while is tried again later."""
    grace_ms = storage.limits.gc_grace_ms
    for _ in range(TRIES_MAX):
        now = now_ms()
        found = look(storage, repo_key, now, grace_ms, also_objects=True)
        if found is None:
            return 0
        gone = take(storage, found, now, grace_ms)
        if gone is not None:
            if found.waits:
                _plan(storage.db, repo_key, now + grace_ms)
            return sum(one.count for one in gone if one.kind is Kind.GIT_OBJECTS)
    _plan(storage.db, repo_key, now_ms() + AGAIN_MS)
    return 0


def _plan(db: Database, repo_key: int, run_at_ms: int) -> None:
    with db.write() as write:
        plan(write, repo_key, run_at_ms)
