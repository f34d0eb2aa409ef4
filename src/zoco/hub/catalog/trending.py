"""What is liked and downloaded these days? A score for each repository, computed again each hour.

    score = ⌈ 10 · Σ likes · w(age)  +  1/10 · Σ downloads · w(age) ⌉        w(age) = 2^(−age / 4), age in whole days

over the last 28 days, at most 2^22 − 1. A like weighs as much as a hundred downloads: anybody's script can download a
hundred times. What happened four days ago counts half. Days are those of UTC, so between midnights only what is new
moves a score, and an hour's run writes little. A like or download is seen by the next run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.hub.catalog import trending_store
from zoco.hub.catalog.trending_store import Score

DAY_MS = 86_400_000
READ_AT_ONCE = 50_000
ROWS_AT_ONCE = 500
"""In one transaction: other writers get their turn in between."""


def refresh_trending(db: Database) -> int:
    """How many scores changed. What a run that is killed has written stays; the next one does the rest."""
    today, after, changed = now_ms() // DAY_MS, 0, 0
    while True:
        with db.read() as read:
            new = trending_store.new_scores(read, after, READ_AT_ONCE, today)
        for batch in _batches(new):
            with db.write() as write:
                trending_store.save(write, batch)
        changed += len(new)
        if len(new) < READ_AT_ONCE:
            return changed
        after = new[-1].repo_key


def _batches(scores: Sequence[Score]) -> Iterator[Sequence[Score]]:
    for start in range(0, len(scores), ROWS_AT_ONCE):
        yield scores[start : start + ROWS_AT_ONCE]
