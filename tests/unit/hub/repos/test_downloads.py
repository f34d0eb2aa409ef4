"""Downloads: counted in memory, written in batches, and forgotten after their window."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update
from tests.small_hub import SmallHub, hub

from zoco.adapters.db.tables import download_day, repo
from zoco.core.errors import Unavailable
from zoco.hub.repos import downloads
from zoco.hub.repos.downloads import count_download, flush, refresh_windows, today

__all__ = ["hub"]


@pytest.fixture(autouse=True)
def _nothing_counted_yet(hub: SmallHub) -> None:
    flush(hub.db)


def counts(hub: SmallHub, key: int) -> tuple[int, int]:
    with hub.db.read() as read:
        row = read.execute(select(repo.c.downloads, repo.c.downloads_all_time).where(repo.c.id == key)).one()
    return row[0], row[1]


def test_counts_reach_the_repository_in_one_batch(hub: SmallHub) -> None:
    ana = hub.user("ana")
    one, two = hub.repo(ana, "ana/one"), hub.repo(ana, "ana/two")
    for key in (one.key, two.key, one.key, 12345):
        count_download(key)
    assert counts(hub, one.key) == (0, 0)
    flush(hub.db)
    count_download(one.key)
    flush(hub.db)
    assert flush(hub.db) == 0
    assert counts(hub, one.key) == (3, 3)
    assert counts(hub, two.key) == (1, 1)
    with hub.db.read() as read:
        by_day = read.execute(select(download_day.c.repo_id, download_day.c.day, download_day.c.count)).all()
    assert sorted(by_day) == sorted([(one.key, today(), 3), (two.key, today(), 1)])


def test_old_days_leave_the_window_but_not_the_total(hub: SmallHub) -> None:
    one = hub.repo(hub.user("ana"), "ana/one")
    count_download(one.key)
    flush(hub.db)
    with hub.db.write() as write:
        write.execute(update(download_day).values(day=today() - 30))
    count_download(one.key)
    flush(hub.db)
    refresh_windows(hub.db)
    assert counts(hub, one.key) == (1, 2)


def test_the_days_of_two_months_are_kept_and_those_before_go_bit_by_bit(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads.download_store, "FORGOTTEN", 2)
    monkeypatch.setattr(downloads.download_store, "BATCH", 2)
    ana = hub.user("ana")
    keys = [hub.repo(ana, f"ana/r{number}").key for number in range(5)]
    with hub.db.write() as write:
        rows = [{"repo_id": key, "day": today() - age, "count": 1} for key in keys for age in (0, 29, 30, 59, 60, 90)]
        write.execute(insert(download_day), rows)
    refresh_windows(hub.db)
    assert {counts(hub, key)[0] for key in keys} == {2}
    with hub.db.read() as read:
        assert sorted(set(read.scalars(select(today() - download_day.c.day)))) == [0, 29, 30, 59]


def test_what_could_not_be_written_is_kept(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    one = hub.repo(hub.user("ana"), "ana/one")
    count_download(one.key)

    def away(*_: object) -> None:
        raise Unavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr(downloads.download_store, "add", away)
        with pytest.raises(Unavailable):
            flush(hub.db)
    count_download(one.key)
    flush(hub.db)
    assert counts(hub, one.key) == (2, 2)
