"""A copy has what its source has, and lives on when the source is gone."""

from __future__ import annotations

import pytest
from tests.small_hub import SmallHub, hub, repo_id

from zoco.core.access import Visibility
from zoco.core.errors import AlreadyExists, Denied
from zoco.hub.catalog.describe import repo_info
from zoco.hub.catalog.query import Want
from zoco.hub.lfs.objects import find
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.duplicate import duplicate_repo
from zoco.hub.repos.open import open_for_contents
from zoco.hub.repos.refs import create_branch, create_tag, list_refs
from zoco.hub.repos.storage import reader

__all__ = ["hub"]


def test_branches_tags_card_and_files_are_copied_and_independent(hub: SmallHub) -> None:
    ana, otto = hub.user("ana"), hub.user("otto")
    source = hub.repo(ana, "ana/iris", {"README.md": "---\nlicense: mit\n---\n", "a.txt": "one"})
    create_branch(hub.storage, source, ana, "next")
    create_tag(hub.storage, source, ana, "v1", revision="main", message="first")
    hub.commit(ana, "ana/iris", {"a.txt": "two"})
    source_now = open_for_contents(hub.storage, repo_id("ana/iris"), otto)
    copy = duplicate_repo(hub.storage, source_now, otto, repo_id("otto/mine"))
    hub.commit(otto, "otto/mine", {"b.txt": "mine"})
    delete_repo(hub.storage, source, ana)
    opened = open_for_contents(hub.storage, copy.id, None)
    refs = list_refs(hub.storage, opened)
    assert [one.name for one in refs.branches] == ["main", "next"]
    assert [one.name for one in refs.tags] == ["v1"]
    info = repo_info(hub.catalogue, opened, None, want=frozenset({Want.SIBLINGS}))
    assert [one.path for one in info.siblings or ()] == [".gitattributes", "README.md", "a.txt", "b.txt"]
    assert info.license == "mit"
    with reader(hub.storage, opened) as git:
        assert git.has(refs.tags[0].target)


def test_lfs_objects_come_along(hub: SmallHub) -> None:
    ana, otto = hub.user("ana"), hub.user("otto")
    source = hub.repo(ana, "ana/iris")
    pointer = hub.lfs_object(ana, source, b"weights" * 100)
    copy = duplicate_repo(hub.storage, source, otto, repo_id("otto/iris"))
    has = find(hub.db, copy, pointer.sha256)
    assert has
    assert has.size == pointer.size
    used = repo_info(hub.catalogue, copy, otto, want=frozenset({Want.USED_STORAGE})).used_storage
    assert used
    assert used >= pointer.size


def test_a_copy_of_something_private_is_private_unless_asked_otherwise(hub: SmallHub) -> None:
    ana = hub.user("ana")
    source = hub.repo(ana, "ana/secret", private=True)
    assert duplicate_repo(hub.storage, source, ana, repo_id("ana/copy")).visibility is Visibility.PRIVATE
    asked = duplicate_repo(hub.storage, source, ana, repo_id("ana/open"), visibility=Visibility.PUBLIC)
    assert asked.visibility is Visibility.PUBLIC


def test_names_and_rights_are_those_of_creating(hub: SmallHub) -> None:
    ana, otto = hub.user("ana"), hub.user("otto")
    source = hub.repo(ana, "ana/iris")
    with pytest.raises(Denied):
        duplicate_repo(hub.storage, source, otto, repo_id("ana/other"))
    with pytest.raises(AlreadyExists) as told:
        duplicate_repo(hub.storage, source, ana, repo_id("ana/IRIS"))
    assert told.value.repo == repo_id("ana/iris")
