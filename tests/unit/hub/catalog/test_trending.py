"""Trending: likes before downloads, new before old, nothing for nothing; the log it writes to is kept short."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from sqlalchemy import event, insert, select, update
from tests.moving_clock import MovingClock, clock
from tests.small_hub import SmallHub

from zoco.adapters.clock import now_ms
from zoco.adapters.db.changes import Change
from zoco.adapters.db.tables import change, download_day, like, repo
from zoco.hub.catalog import log_tidy, trending
from zoco.hub.catalog.log_tidy import KEPT_MS, trim_log
from zoco.hub.catalog.trending import DAY_MS, refresh_trending
from zoco.hub.catalog.trending_store import DAYS, SCORE_MAX
from zoco.hub.community.likes import unlike
from zoco.hub.repos.delete import delete_repo

__all__ = ["clock"]


def today() -> int:
    return now_ms() // DAY_MS


def download(hub: SmallHub, key: int, by_age: Mapping[int, int]) -> None:
    """Downloads by the age of their day."""
    with hub.db.write() as write:
        rows = [{"repo_id": key, "day": today() - age, "count": count} for age, count in by_age.items()]
        write.execute(insert(download_day), rows)


def like_at(hub: SmallHub, key: int, user: int, age: int) -> None:
    with hub.db.write() as write:
        at = (today() - age) * DAY_MS + random.Random(user).randrange(DAY_MS)
        write.execute(insert(like).values(user_id=user, repo_id=key, created_at=at))


def scores(hub: SmallHub) -> dict[int, int]:
    with hub.db.read() as read:
        return {row[0]: row[1] for row in read.execute(select(repo.c.id, repo.c.trending))}


def changed(hub: SmallHub) -> list[tuple[int, int]]:
    """Repositories in the log, which is emptied of them."""
    with hub.db.write() as write:
        found = [(row[0], row[1]) for row in write.execute(select(change.c.repo_id, change.c.kind))]
        write.execute(change.delete())
    return sorted(found)


@contextmanager
def rows_read(hub: SmallHub) -> Iterator[list[str]]:
    """Statements that write."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE"):
            seen.append(statement)

    event.listen(hub.db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(hub.db.engine, "before_cursor_execute", note)


def test_a_like_weighs_as_much_as_a_hundred_downloads_and_half_after_four_days(hub: SmallHub) -> None:
    ana, bob = hub.user("ana"), hub.user("bob")
    liked, pulled, old, once, quiet = (hub.repo(ana, f"ana/{name}").key for name in "abcde")
    like_at(hub, liked, ana.user_id, 0)
    like_at(hub, old, ana.user_id, 4)
    like_at(hub, old, bob.user_id, DAYS)
    download(hub, pulled, {0: 100})
    download(hub, once, {0: 1, DAYS: 1000})
    assert refresh_trending(hub.db) == 4
    assert scores(hub) == {liked: 10, pulled: 10, old: 5, once: 1, quiet: 0}


def test_the_sums_of_the_database_are_those_of_the_formula(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trending, "READ_AT_ONCE", 3)
    monkeypatch.setattr(trending, "ROWS_AT_ONCE", 2)
    chance = random.Random(7)
    users = [hub.user(f"user{number}") for number in range(5)]
    keys = [hub.repo(users[0], f"user0/r{number}").key for number in range(11)]
    points = dict.fromkeys(keys, 0)

    def weight(age: int) -> int:
        return round(1000 * 2 ** (-max(0, age) / 4)) if age < 28 else 0

    for key in chance.sample(keys, 8):
        by_age = {age: chance.choice((1, 7, 100, 2_000_000_000)) for age in chance.sample(range(-1, 40), 6)}
        download(hub, key, by_age)
        points[key] += sum(count * weight(age) for age, count in by_age.items())
        for user in chance.sample(users, 3):
            age = chance.randrange(35)
            like_at(hub, key, user.user_id, age)
            points[key] += 100 * weight(age)
    refresh_trending(hub.db)
    assert scores(hub) == {key: min(SCORE_MAX, -(-sum_ // 10_000)) for key, sum_ in points.items()}
    assert 0 < sum(score == SCORE_MAX for score in scores(hub).values()) < len(keys)


def test_only_what_moved_is_written_and_noted(hub: SmallHub, clock: MovingClock) -> None:
    clock.pass_ms(DAY_MS - now_ms() % DAY_MS)  # no midnight during the test
    ana = hub.user("ana")
    keys = [hub.repo(ana, f"ana/r{number}").key for number in range(4)]
    download(hub, keys[0], {0: 500})
    like_at(hub, keys[1], ana.user_id, 0)
    changed(hub)
    refresh_trending(hub.db)
    assert changed(hub) == [(keys[0], Change.NUMBERS), (keys[1], Change.NUMBERS)]
    with rows_read(hub) as updates:
        assert refresh_trending(hub.db) == 0
    assert (updates, changed(hub)) == ([], [])
    like_at(hub, keys[2], ana.user_id, 0)
    assert refresh_trending(hub.db) == 1
    assert changed(hub) == [(keys[2], Change.NUMBERS)]
    clock.pass_hours(24 * DAYS)
    assert refresh_trending(hub.db) == 3
    assert set(scores(hub).values()) == {0}


def test_an_unlike_and_a_deletion_are_no_activity(hub: SmallHub) -> None:
    ana = hub.user("ana")
    kept, gone = hub.repo(ana, "ana/kept"), hub.repo(ana, "ana/gone")
    like_at(hub, kept.key, ana.user_id, 0)
    like_at(hub, gone.key, ana.user_id, 0)
    refresh_trending(hub.db)
    unlike(hub.db, kept, ana)
    delete_repo(hub.storage, gone, ana)
    assert refresh_trending(hub.db) == 1
    assert scores(hub) == {kept.key: 0}


def test_the_log_keeps_three_days_and_always_its_newest_row(
    hub: SmallHub, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tidy, "ROWS_AT_ONCE", 3)
    ana = hub.user("ana")
    for number in range(8):
        hub.repo(ana, f"ana/r{number}")
    before = kept(hub)
    assert trim_log(hub.db) == 0
    with hub.db.write() as write:  # another node's clock was ahead
        write.execute(update(change).where(change.c.seq == before[5]).values(at=now_ms() + KEPT_MS))
    clock.pass_ms(KEPT_MS + 1)
    assert trim_log(hub.db) == 5
    assert kept(hub) == before[5:]
    clock.pass_ms(KEPT_MS)
    assert trim_log(hub.db) == len(before) - 6
    assert trim_log(hub.db) == 0
    assert kept(hub) == before[-1:]


def kept(hub: SmallHub) -> list[int]:
    with hub.db.read() as read:
        return list(read.scalars(select(change.c.seq).order_by(change.c.seq)))
