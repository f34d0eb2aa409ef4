"""What a repository's settings change, and what they leave alone."""

from __future__ import annotations

import pytest
from tests.small_hub import SmallHub, hub, repo_id

from zoco.core.access import Gated, Visibility
from zoco.core.errors import Invalid, RepoNotFound
from zoco.hub.catalog.describe import repo_info
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.open import open_for_admin, open_for_reading
from zoco.hub.repos.refs import create_branch
from zoco.hub.repos.settings import RepoSettings, change_settings, settings_of

__all__ = ["hub"]


def test_only_what_is_asked_changes_and_the_answer_echoes_all(hub: SmallHub) -> None:
    ana = hub.user("ana")
    opened = hub.repo(ana, "ana/iris")
    assert change_settings(hub.storage, opened, ana) == RepoSettings(Visibility.PUBLIC, Gated.OPEN, "main", {})
    changed = change_settings(
        hub.storage, opened, ana, visibility=Visibility.PRIVATE, gated=Gated.AUTO, facts={"discussions_disabled": True}
    )
    assert changed == RepoSettings(Visibility.PRIVATE, Gated.AUTO, "main", {"discussions_disabled": True})
    again = open_for_admin(hub.storage, repo_id("ana/iris"), ana)
    assert settings_of(hub.storage, again) == changed
    forgotten = change_settings(hub.storage, again, ana, facts={"discussions_disabled": None, "sort": "reactions"})
    assert forgotten.facts == {"sort": "reactions"}


def test_a_private_repository_vanishes_for_others_at_once(hub: SmallHub) -> None:
    ana = hub.user("ana")
    change_settings(hub.storage, hub.repo(ana, "ana/iris"), ana, visibility=Visibility.PRIVATE)
    with pytest.raises(RepoNotFound):
        open_for_reading(hub.storage, repo_id("ana/iris"), None)


def test_another_default_branch_brings_its_own_card(hub: SmallHub) -> None:
    ana = hub.user("ana")
    opened = hub.repo(ana, "ana/iris", {"README.md": "---\ntags: [one]\n---\n"})
    create_branch(hub.storage, opened, ana, "next")
    hub.commit(ana, "ana/iris", {"README.md": "---\ntags: [two]\n---\n"})
    opened = open_for_admin(hub.storage, repo_id("ana/iris"), ana)
    assert repo_info(hub.catalogue, opened, ana).tags == ("two",)
    assert change_settings(hub.storage, opened, ana, default_branch="next").default_branch == "next"
    opened = open_for_admin(hub.storage, repo_id("ana/iris"), ana)
    assert opened.default_branch == "next"
    assert repo_info(hub.catalogue, opened, ana).tags == ("one",)


def test_a_default_branch_must_exist(hub: SmallHub) -> None:
    ana = hub.user("ana")
    opened = hub.repo(ana, "ana/iris")
    with pytest.raises(Invalid, match="no branch 'nothing'"):
        change_settings(hub.storage, opened, ana, default_branch="nothing")


def test_facts_are_small(hub: SmallHub) -> None:
    ana = hub.user("ana")
    opened = hub.repo(ana, "ana/iris")
    for facts in ({"a": "x" * 2000}, {"a": ["list"]}, {str(n): n for n in range(100)}):
        with pytest.raises(Invalid):
            change_settings(hub.storage, opened, ana, facts=facts)


def test_a_deleted_repository_has_no_settings(hub: SmallHub) -> None:
    ana = hub.user("ana")
    opened = hub.repo(ana, "ana/iris")
    delete_repo(hub.storage, opened, ana)
    with pytest.raises(RepoNotFound):
        change_settings(hub.storage, opened, ana, gated=Gated.AUTO)
