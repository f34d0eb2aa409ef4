"""A deleted repository is gone at once, for everybody; its bytes follow after the grace."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from tests.small_hub import SmallHub, hub, repo_id

from zoco.adapters.db.tables import card, doomed_object, job, pack, redirect, ref
from zoco.core.errors import RepoNotFound
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.move import move_repo
from zoco.hub.repos.open import open_for_admin, open_for_reading

__all__ = ["hub"]


def test_nothing_of_it_is_left_and_its_objects_are_doomed(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/old", {"README.md": "---\nlicense: mit\n---\n"})
    move_repo(hub.storage, open_for_admin(hub.storage, repo_id("ana/old"), ana), ana, repo_id("ana/iris"))
    opened = open_for_admin(hub.storage, repo_id("ana/iris"), ana)
    stored = set(hub.storage.blobs.keys("git/"))
    delete_repo(hub.storage, opened, ana)
    for path in ("ana/iris", "ana/old"):
        with pytest.raises(RepoNotFound):
            open_for_reading(hub.storage, repo_id(path), ana)
    with hub.db.read() as read:
        for table in (ref, pack, card, redirect):
            assert read.execute(select(func.count()).select_from(table)).scalar_one() == 0, table.name
        assert set(read.scalars(select(doomed_object.c.key))) == stored
        assert "RepoDeleted" in {payload["event"] for payload in read.scalars(select(job.c.payload))}


def test_deleting_twice_is_told(hub: SmallHub) -> None:
    ana = hub.user("ana")
    opened = hub.repo(ana, "ana/iris")
    delete_repo(hub.storage, opened, ana)
    with pytest.raises(RepoNotFound):
        delete_repo(hub.storage, opened, ana)


def test_its_name_is_free_again(hub: SmallHub) -> None:
    ana = hub.user("ana")
    first = hub.repo(ana, "ana/iris")
    delete_repo(hub.storage, first, ana)
    assert hub.repo(ana, "ana/iris").key != first.key
