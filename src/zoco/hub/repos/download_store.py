"""SQL of the downloads: a count for each day and repository, and their sums on the repository's row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import bindparam, delete, func, select, update

from zoco.adapters.db import changes
from zoco.adapters.db.changes import Change
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import download_day, repo
from zoco.adapters.db.upsert import insert

BATCH = 500


def add(write: Write, counts: Mapping[int, int], day: int) -> None:
    """Repositories that are gone are passed over. In the order of keys, so that two writers never wait in a ring."""
    for keys in _batches(sorted(counts)):
        there = list(write.scalars(select(repo.c.id).where(repo.c.id.in_(keys)).order_by(repo.c.id).with_for_update()))
        if not there:
            continue
        rows = [{"repo_id": key, "day": day, "count": counts[key]} for key in there]
        upsert = insert(write, download_day)
        more = {"count": download_day.c.count + upsert.excluded.count}
        write.execute(upsert.values(rows).on_conflict_do_update(index_elements=["repo_id", "day"], set_=more))
        added = update(repo).where(repo.c.id == bindparam("key"))
        new = {
            "downloads": repo.c.downloads + bindparam("number"),
            "downloads_all_time": repo.c.downloads_all_time + bindparam("number"),
        }
        changes.note(write, there, Change.NUMBERS)
        write.execute(added.values(new), [{"key": key, "number": counts[key]} for key in there])


def refresh(write: Write, first_day: int) -> None:
    """`repo.downloads` is the sum since `first_day`; days before the month before it are forgotten."""
    recent = (
        select(func.coalesce(func.sum(download_day.c.count), 0))
        .where(download_day.c.repo_id == repo.c.id, download_day.c.day >= first_day)
        .scalar_subquery()
    )
    lowered = update(repo).where(repo.c.downloads != recent).values(downloads=recent).returning(repo.c.id)
    changes.note(write, write.scalars(lowered), Change.NUMBERS)
    write.execute(delete(download_day).where(download_day.c.day < first_day - 30))


def counts_since(read: Read, keys: Collection[int], first_day: int) -> list[tuple[int, int, int]]:
    """Repository, day, count."""
    wanted = select(download_day.c.repo_id, download_day.c.day, download_day.c.count)
    chosen = wanted.where(download_day.c.repo_id.in_(keys), download_day.c.day >= first_day)
    return [(key, day, count) for key, day, count in read.execute(chosen)]


def _batches(keys: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), BATCH):
        yield list(keys[start : start + BATCH])
