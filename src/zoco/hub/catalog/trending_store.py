"""SQL of the trending scores: computed by sets, from the likes and downloads of the last days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Subquery,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    union_all,
    update,
)

from zoco.adapters.db import changes
from zoco.adapters.db.changes import Change
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import download_day, like, repo

DAY_MS = 86_400_000
DAYS = 28
HALF_AFTER_DAYS = 4
POINTS_OF_DAY = tuple(round(1000 * 2 ** (-age / HALF_AFTER_DAYS)) for age in range(DAYS))
"""What a download counts by its age in days; whole numbers, so that both databases agree to the last digit."""

DOWNLOADS_PER_LIKE = 100
POINTS_PER_SCORE = 10_000
SCORE_MAX = 2**22 - 1


class Score(NamedTuple):
    repo_key: int
    score: int


def new_scores(read: Read, after: int, limit: int, today: int) -> list[Score]:
    """The first repositories with a greater key than `after` whose score is another now, in the order of their keys.

    Repositories that have neither activity nor a score are not looked at.
    """
    summed = _points_of_repos(after, today)
    score = _capped((summed.c.points + (POINTS_PER_SCORE - 1)) // POINTS_PER_SCORE)
    moved = select(repo.c.id, score).join(summed, summed.c.repo_id == repo.c.id).where(repo.c.trending != score)
    return [Score(row[0], int(row[1])) for row in read.execute(moved.order_by(repo.c.id).limit(limit))]


def save(write: Write, scores: Sequence[Score]) -> None:
    changes.note(write, [one.repo_key for one in scores], Change.NUMBERS)
    new = update(repo).where(repo.c.id == bindparam("key")).values(trending=bindparam("score"))
    write.execute(new, [{"key": one.repo_key, "score": one.score} for one in scores])


def _points_of_repos(after: int, today: int) -> Subquery:
    """Of repositories with likes or downloads in the window, and of those that had some.

    One sum over all three: to ask each repository whether it has none is what planners do badly.
    """
    first = today - DAYS + 1
    liked_on = like.c.created_at // DAY_MS
    likes = select(like.c.repo_id, (DOWNLOADS_PER_LIKE * _points(liked_on, today)).label("points")).where(
        like.c.repo_id > after, like.c.created_at >= first * DAY_MS
    )
    downloads = select(
        download_day.c.repo_id, (cast(download_day.c.count, BigInteger) * _points(download_day.c.day, today))
    ).where(download_day.c.repo_id > after, download_day.c.day >= first)
    scored = select(repo.c.id, literal_column("0")).where(
        repo.c.trending != literal_column("0"),  # as the partial index says it: no parameter
        repo.c.id > after,
    )
    all_ = union_all(likes, downloads, scored).subquery()
    points = cast(func.sum(all_.c.points), BigInteger)  # PostgreSQL's sum of bigints is numeric
    return select(all_.c.repo_id, points.label("points")).group_by(all_.c.repo_id).subquery()


def _points(day: ColumnElement[int], today: int) -> ColumnElement[int]:
    """A day that is still to come where another node's clock runs ahead counts as today."""
    older = {today - age: points for age, points in enumerate(POINTS_OF_DAY) if age}
    return case(older, value=day, else_=POINTS_OF_DAY[0])


def _capped(score: ColumnElement[int]) -> ColumnElement[int]:
    return case((score > SCORE_MAX, SCORE_MAX), else_=score)
