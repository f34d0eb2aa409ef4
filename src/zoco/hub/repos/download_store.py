"""SQL of the downloads: a count for each day and repository, and their sums on the repository's row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import ScalarSelect, bindparam, delete, func, select, tuple_, update

from zoco.adapters.db import changes
from zoco.adapters.db.changes import Change
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import download_day, repo
from zoco.adapters.db.upsert import insert

BATCH = 500
FORGOTTEN = 5000


def add(write: Write, counts: Mapping[int, int], day: int) -> None:
    """Repositories that are gone are passed over. In the order of keys, so that two writers never wait in a ring."""
    for keys in batches(sorted(counts)):
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


def outdated(read: Read, first_day: int) -> list[int]:
    """Repositories whose `downloads` are not the sum since `first_day`, in the order of their keys."""
    recent = _since(first_day)
    return list(read.scalars(select(repo.c.id).where(repo.c.downloads != recent).order_by(repo.c.id)))


def refresh(write: Write, repo_keys: Sequence[int], first_day: int) -> None:
    """Summed in the same statement: what is counted meanwhile is not lost."""
    changes.note(write, repo_keys, Change.NUMBERS)
    write.execute(update(repo).where(repo.c.id.in_(repo_keys)).values(downloads=_since(first_day)))


def forget(write: Write, before_day: int) -> bool:
    """Deletes some of the days before; False when there were none left."""
    old = select(download_day.c.repo_id, download_day.c.day).where(download_day.c.day < before_day).limit(FORGOTTEN)
    place = tuple_(download_day.c.repo_id, download_day.c.day)
    return write.execute(delete(download_day).where(place.in_(old))).rowcount == FORGOTTEN


def _since(first_day: int) -> ScalarSelect[int]:
    return (
        select(func.coalesce(func.sum(download_day.c.count), 0))
        .where(download_day.c.repo_id == repo.c.id, download_day.c.day >= first_day)
        .scalar_subquery()
    )


def counts_since(read: Read, keys: Collection[int], first_day: int) -> list[tuple[int, int, int]]:
    """Repository, day, count."""
    wanted = select(download_day.c.repo_id, download_day.c.day, download_day.c.count)
    chosen = wanted.where(download_day.c.repo_id.in_(keys), download_day.c.day >= first_day)
    return [(key, day, count) for key, day, count in read.execute(chosen)]


def batches(keys: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), BATCH):
        yield list(keys[start : start + BATCH])
