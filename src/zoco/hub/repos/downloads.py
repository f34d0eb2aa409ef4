"""How often was each repository downloaded? Counted in memory by each process, and written in batches.

A count that was not flushed when a process died is lost: downloads are a measure of interest, not of money.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from threading import Lock

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.hub.repos import download_store

DAY_MS = 86_400_000
WINDOW_DAYS = 30
BUFFER_MAX = 100_000
"""Repositories that wait for a flush; a crawl of everything does not grow without end."""

_counts: dict[int, int] = {}
_lock = Lock()


def count_download(repo_key: int) -> None:
    with _lock:
        if repo_key in _counts or len(_counts) < BUFFER_MAX:
            _counts[repo_key] = _counts.get(repo_key, 0) + 1


def flush(db: Database) -> int:
    """How many downloads were written. What could not be written is kept for the next time."""
    counts = _taken()
    if not counts:
        return 0
    try:
        with db.write() as write:
            download_store.add(write, counts, today())
    except BaseException:
        _put_back(counts)
        raise
    return sum(counts.values())


def refresh_windows(db: Database) -> None:
    """Once a day: what is older than the window leaves the count of the last 30 days, and is forgotten a month later.

    In short transactions: there are as many repositories as had downloads.
    """
    first_day = today() - WINDOW_DAYS + 1
    with db.read() as read:
        outdated = download_store.outdated(read, first_day)
    for some in download_store.batches(outdated):
        with db.write() as write:
            download_store.refresh(write, some, first_day)
    are_left = True
    while are_left:
        with db.write() as write:
            are_left = download_store.forget(write, first_day - WINDOW_DAYS)


def last_days(db: Database, keys: Collection[int], days: int = WINDOW_DAYS) -> dict[int, list[int]]:
    """Of each repository its downloads day by day, the oldest first. Those never downloaded are left out."""
    if not keys:
        return {}
    first_day = today() - days + 1
    with db.read() as read:
        rows = download_store.counts_since(read, keys, first_day)
    found: dict[int, list[int]] = {}
    for key, day, count in rows:
        if day - first_day < days:
            found.setdefault(key, [0] * days)[day - first_day] += count
    return found


def today() -> int:
    """Days since 1970."""
    return now_ms() // DAY_MS


def _taken() -> Mapping[int, int]:
    with _lock:
        counts = dict(_counts)
        _counts.clear()
    return counts


def _put_back(counts: Mapping[int, int]) -> None:
    with _lock:
        for key, number in counts.items():
            _counts[key] = _counts.get(key, 0) + number
