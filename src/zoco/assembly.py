"""Puts the rooms together for one process: storage for every process, jobs and their schedule for the worker."""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from zoco.adapters import logs
from zoco.adapters.blobs.open import open_blobs
from zoco.adapters.db.engine import Database
from zoco.adapters.db.migrate import prepare
from zoco.adapters.db.open import open_database
from zoco.adapters.git.cache import GitCache
from zoco.core.events import RepoDeleted
from zoco.hub.accounts import last_use
from zoco.hub.accounts import sweep as accounts_sweep
from zoco.hub.cards.reread import CardRereader
from zoco.hub.cards.subscriber import CardSubscriber
from zoco.hub.catalog.current_index import CATALOGUE
from zoco.hub.catalog.log_tidy import trim_log
from zoco.hub.catalog.reindex import Reindexer
from zoco.hub.catalog.trending import refresh_trending
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.repos import downloads, garbage, tidy
from zoco.hub.repos.prune import PRUNE, prune
from zoco.hub.repos.storage import Limits, RepoStorage
from zoco.hub.xet.xorbs import Xet
from zoco.jobs.outbox import event_of
from zoco.jobs.schedule import Periodic
from zoco.jobs.worker import Handler, Worker
from zoco.settings import Settings, as_environment

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400
HOUR_MS = 3_600_000


def open_storage(settings: Settings, db: Database) -> RepoStorage:
    blobs = open_blobs(settings)
    limits = Limits(
        regular_file_size_max_bytes=settings.regular_file_size_max_bytes,
        commit_size_max_bytes=settings.commit_size_max_bytes,
        push_size_max_bytes=settings.push_size_max_bytes,
        packs_before_consolidation=settings.packs_before_consolidation,
        gc_grace_ms=settings.gc_grace_hours * HOUR_MS,
    )
    cache = GitCache(settings.data / "cache", blobs, settings.cache_size_max_bytes)
    xet = Xet(db, blobs)
    return RepoStorage(db, blobs, cache, limits, xet, subscribers=(CardSubscriber(xet),))


@contextmanager
def opened(settings: Settings) -> Iterator[RepoStorage]:
    """For a command. Raises ValueError as `open_worker` does."""
    db = open_database(settings)
    try:
        prepare(db, settings)
        yield open_storage(settings, db)
    finally:
        db.close()


@contextmanager
def open_worker(settings: Settings) -> Iterator[Worker]:
    """Raises ValueError (a schema that is not current, a store that cannot be opened)."""
    db = open_database(settings)
    try:
        prepare(db, settings)
        storage = open_storage(settings, db)
        tasks = [*schedule(storage, gc_rules(settings)), _keep_index(settings, db)]
        yield Worker(db, handlers(storage), tasks)
    finally:
        db.close()


def handlers(storage: RepoStorage) -> Mapping[str, Handler]:
    """By the names that `jobs/outbox.py` and the rooms enqueue."""
    return {
        "tidy": lambda payload: tidy.after_update(storage, payload),
        PRUNE: lambda payload: _do(prune(storage, payload["repo_key"])),
        "forget_copy": lambda payload: _forget_copy(storage, payload),
    }


def gc_rules(settings: Settings, grace_hours: float | None = None) -> garbage.Rules:
    usual = settings.gc_grace_hours * HOUR_MS
    grace = usual if grace_hours is None else round(grace_hours * HOUR_MS)
    return garbage.Rules(grace, usual, LfsLimits.of(settings))


def schedule(storage: RepoStorage, rules: garbage.Rules) -> list[Periodic]:
    def collect() -> None:
        counts: Counter[str] = Counter()
        for one in garbage.run_often(storage, rules, lambda gone: counts.update({gone.kind: gone.count})):
            logs.error("repo_not_collected", repo=one.repo, why=one.why)
        logs.info("collected_garbage", **{kind.replace(" ", "_"): count for kind, count in counts.items()})

    def look_for_strays() -> None:
        garbage.note_strays(storage, rules, lambda gone: logs.info("stray_found", key=gone.what, size_bytes=gone.size))

    rereader = CardRereader(storage)
    return [
        Periodic("sweep_accounts", HOUR_S, lambda: accounts_sweep.sweep(storage.db)),
        Periodic("sweep_objects", HOUR_S, collect),
        Periodic("sweep_strays", DAY_S, look_for_strays),
        Periodic("trim_cache", 10 * MINUTE_S, lambda: _do(storage.cache.trim()), on_each_node=True),
        Periodic("download_windows", DAY_S, lambda: downloads.refresh_windows(storage.db)),
        Periodic("cards_of_older_rules", 10 * MINUTE_S, lambda: _do(rereader.run())),
        Periodic("trending", HOUR_S, lambda: _do(refresh_trending(storage.db))),
        Periodic("trim_log", DAY_S, lambda: _do(trim_log(storage.db))),
    ]


def _keep_index(settings: Settings, db: Database) -> Periodic:
    command = [sys.executable, "-m", "zoco.cli.main", "reindex", "--if-due", "--end-with-parent"]
    reindexer = Reindexer(db, settings.data / CATALOGUE, command, as_environment(settings))
    return Periodic("reindex", MINUTE_S, reindexer.run, on_each_node=True)


def discard_leftovers(settings: Settings) -> None:
    """What uploads and pushes of a killed server left in scratch. Only while no server runs on this folder; a worker
    may, so its workshops are left a day."""
    for left in (settings.data / "scratch").glob("*"):
        if left.name.startswith("repack-") and left.stat().st_mtime > time.time() - DAY_S:
            continue
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def flush_counts(db: Database) -> None:
    """What a web worker keeps in memory: it calls this each minute, and when it ends. Raises Unavailable."""
    last_use.flush(db)
    downloads.flush(db)


def _forget_copy(storage: RepoStorage, payload: Mapping[str, object]) -> None:
    event = event_of(payload)
    assert isinstance(event, RepoDeleted)
    storage.cache.drop(event.repo_key)


def _do(_outcome: object) -> None:
    """A handler answers nothing."""
