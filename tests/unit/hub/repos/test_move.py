"""Renaming and handing over: one name at a time, and old names that go on leading there."""

from __future__ import annotations

import pytest
from tests.small_hub import SmallHub, hub, repo_id, with_role

from zoco.core.access import Role
from zoco.core.errors import AlreadyExists, Denied, Invalid, Moved, RepoNotFound
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.move import move_repo
from zoco.hub.repos.open import open_for_admin, open_for_reading

__all__ = ["hub"]


def leads_to(hub: SmallHub, path: str) -> str:
    with pytest.raises(Moved) as told:
        open_for_reading(hub.storage, repo_id(path), None)
    return told.value.to.path


def test_every_older_name_leads_to_the_newest(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/a")
    for old, new in (("ana/a", "ana/b"), ("ana/b", "ana/c")):
        assert move_repo(hub.storage, open_for_admin(hub.storage, repo_id(old), ana), ana, repo_id(new)) == repo_id(new)
    assert leads_to(hub, "ana/a") == leads_to(hub, "ana/B") == "ana/c"


def test_going_back_to_an_older_name_works(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/a")
    for old, new in (("ana/a", "ana/b"), ("ana/b", "ana/a")):
        move_repo(hub.storage, open_for_admin(hub.storage, repo_id(old), ana), ana, repo_id(new))
    assert open_for_reading(hub.storage, repo_id("ana/a"), None).id == repo_id("ana/a")
    assert leads_to(hub, "ana/b") == "ana/a"


def test_only_the_case_of_a_name_may_change(hub: SmallHub) -> None:
    ana = hub.user("ana")
    move_repo(hub.storage, hub.repo(ana, "ana/iris"), ana, repo_id("ana/Iris"))
    assert open_for_reading(hub.storage, repo_id("ana/iris"), None).id == repo_id("ana/Iris")


def test_a_repository_is_handed_to_an_organisation_where_one_may_create(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.org("Lab", {"ana": Role.CONTRIBUTOR})
    opened = hub.repo(ana, "ana/iris")
    with pytest.raises(Denied):
        move_repo(hub.storage, opened, ana, repo_id("lab/iris"))
    member = with_role(ana, lab=Role.CONTRIBUTOR)
    assert move_repo(hub.storage, opened, member, repo_id("lab/iris")) == repo_id("Lab/iris")
    assert leads_to(hub, "ana/iris") == "Lab/iris"


def test_a_taken_name_is_refused_in_the_words_clients_know(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/taken")
    with pytest.raises(AlreadyExists, match="A model repository called ana/taken already exists"):
        move_repo(hub.storage, hub.repo(ana, "ana/iris"), ana, repo_id("ana/taken"))
    assert open_for_reading(hub.storage, repo_id("ana/iris"), None)


def test_type_and_bad_names_are_refused(hub: SmallHub) -> None:
    ana = hub.user("ana")
    opened = hub.repo(ana, "ana/iris")
    for to in ("datasets/ana/iris", "ana/a--b", "ana/tree"):
        with pytest.raises(Invalid):
            move_repo(hub.storage, opened, ana, repo_id(to))


def test_what_was_deleted_meanwhile_is_not_found(hub: SmallHub) -> None:
    ana = hub.user("ana")
    opened = hub.repo(ana, "ana/iris")
    delete_repo(hub.storage, opened, ana)
    with pytest.raises(RepoNotFound):
        move_repo(hub.storage, opened, ana, repo_id("ana/other"))


def test_a_moved_repository_keeps_its_content(hub: SmallHub) -> None:
    from zoco.hub.catalog.describe import repo_info

    ana = hub.user("ana")
    opened = hub.repo(ana, "ana/iris", {"README.md": "---\nlicense: mit\n---\n"})
    before = repo_info(hub.catalogue, opened, ana)
    move_repo(hub.storage, opened, ana, repo_id("ana/moved"))
    after = repo_info(hub.catalogue, open_for_reading(hub.storage, repo_id("ana/moved"), ana), ana)
    assert (after.head, after.tags, after.public_id) == (before.head, before.tags, before.public_id)
