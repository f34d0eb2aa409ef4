"""Likes: one for each person, counted with the repository, listed only where they may be seen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.small_hub import SmallHub, limited, repo_id

from zoco.core.access import Access, Visibility
from zoco.core.errors import Denied, Invalid, NotFound, RepoNotFound
from zoco.hub.community.likes import is_liked, like, likers, likes_of_user, unlike
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.open import open_for_admin, open_for_reading
from zoco.hub.repos.settings import change_settings


def test_liking_is_idempotent_and_counted(hub: SmallHub) -> None:
    ana, otto = hub.user("ana"), hub.user("otto")
    repo = hub.repo(ana, "ana/iris")
    assert [like(hub.db, repo, otto), like(hub.db, repo, otto), like(hub.db, repo, ana)] == [1, 1, 2]
    assert is_liked(hub.db, repo, otto)
    assert not is_liked(hub.db, repo, None)
    assert [unlike(hub.db, repo, otto), unlike(hub.db, repo, otto)] == [1, 1]
    assert not is_liked(hub.db, repo, otto)
    assert open_for_reading(hub.storage, repo.id, None).likes == 1


def test_racing_likes_are_all_counted_once(hub: SmallHub) -> None:
    repo = hub.repo(hub.user("ana"), "ana/iris")
    people = [hub.user(f"u{n}") for n in range(4)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda who: like(hub.db, repo, who), people * 3))
    assert open_for_reading(hub.storage, repo.id, None).likes == 4
    assert len(likers(hub.db, repo).items) == 4


def test_likers_come_in_pages(hub: SmallHub) -> None:
    repo = hub.repo(hub.user("ana"), "ana/iris")
    for number in range(5):
        like(hub.db, repo, hub.user(f"u{number}"))
    seen: list[str] = []
    cursor = None
    while True:
        page = likers(hub.db, repo, cursor=cursor, limit=2)
        seen += [one.name for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == [f"u{n}" for n in range(5)]
    for bad in ("x", "W10", "é", "W251bGwsMV0"):
        with pytest.raises(Invalid, match="cursor"):
            likers(hub.db, repo, cursor=bad)


def test_what_somebody_likes_shows_only_what_the_asker_may_read(hub: SmallHub) -> None:
    ana, otto = hub.user("ana"), hub.user("otto")
    for number in range(4):
        like(hub.db, hub.repo(ana, f"ana/m{number}"), otto)
    for number in (1, 2):
        repo = open_for_admin(hub.storage, repo_id(f"ana/m{number}"), ana)
        change_settings(hub.storage, repo, ana, visibility=Visibility.PRIVATE)
    assert [one.repo.name for one in likes_of_user(hub.db, None, "OTTO").items] == ["m3", "m0"]
    assert [one.repo.name for one in likes_of_user(hub.db, ana, "otto").items] == ["m3", "m2", "m1", "m0"]
    first = likes_of_user(hub.db, None, "otto", limit=1)
    assert [one.repo.name for one in first.items] == ["m3"]
    second = likes_of_user(hub.db, None, "otto", limit=1, cursor=first.next_cursor)
    assert [one.repo.name for one in second.items] == ["m0"]
    with pytest.raises(NotFound):
        likes_of_user(hub.db, None, "nobody")


def test_a_read_token_likes_nothing_and_what_is_gone_cannot_be_liked(hub: SmallHub) -> None:
    ana = hub.user("ana")
    repo = hub.repo(ana, "ana/iris")
    with pytest.raises(Denied, match="write token"):
        like(hub.db, repo, limited(ana, Access.READ))
    delete_repo(hub.storage, repo, ana)
    with pytest.raises(RepoNotFound):
        like(hub.db, repo, ana)
