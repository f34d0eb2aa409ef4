"""Who may open which repository, and what the others are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update
from tests.small_hub import SmallHub, hub, limited, repo_id, with_role

from zoco.adapters.db.tables import repo
from zoco.core.access import Access, Actor, Gated, Grants, Role, Visibility
from zoco.core.errors import Denied, Disabled, GatedRepo, HubError, Invalid, Moved, NotAuthenticated, RepoNotFound
from zoco.core.ids import RepoId, RepoType
from zoco.hub.repos.create import create_repo
from zoco.hub.repos.move import move_repo
from zoco.hub.repos.open import (
    open_for_admin,
    open_for_contents,
    open_for_reading,
    open_for_writing,
    resolve_alias,
)
from zoco.hub.repos.settings import change_settings

__all__ = ["hub"]

DOORS = [open_for_reading, open_for_contents, open_for_writing, open_for_admin]
Door = Callable[..., Any]


def refusal(door: Door, hub: SmallHub, path: str, actor: Actor | None) -> HubError:
    with pytest.raises(HubError) as told:
        door(hub.storage, repo_id(path), actor)
    return told.value


@pytest.mark.parametrize("door", DOORS)
def test_a_private_repository_and_a_missing_one_answer_alike(hub: SmallHub, door: Door) -> None:
    ana, otto = hub.user("ana"), hub.user("otto")
    hub.repo(ana, "ana/secret", private=True)
    for caller in (None, otto):
        private, missing = (refusal(door, hub, path, caller) for path in ("ana/secret", "ana/nothing"))
        assert type(private) is type(missing) is RepoNotFound
        assert private.message == missing.message
        assert private.signed_in == missing.signed_in == (caller is not None)


def test_names_are_matched_in_any_case_and_told_as_stored(hub: SmallHub) -> None:
    ana = hub.user("Ana")
    hub.repo(ana, "ana/Iris")
    assert open_for_reading(hub.storage, repo_id("ANA/iRIS"), None).id == repo_id("Ana/Iris")


def test_types_have_names_of_their_own(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/iris")
    assert isinstance(refusal(open_for_reading, hub, "datasets/ana/iris", ana), RepoNotFound)
    hub.repo(ana, "datasets/ana/iris")
    assert open_for_reading(hub.storage, repo_id("datasets/ana/iris"), None).id.type == "dataset"


@pytest.mark.parametrize(
    ("role", "may_write"), [(Role.READ, False), (Role.CONTRIBUTOR, False), (Role.WRITE, True), (Role.ADMIN, True)]
)
def test_a_members_role_opens_an_organisations_repositories(hub: SmallHub, role: Role, may_write: bool) -> None:
    ana, eva = hub.user("ana"), hub.user("eva")
    hub.org("lab", {"ana": Role.ADMIN, "eva": role})
    hub.repo(with_role(ana, lab=Role.ADMIN), "lab/model", private=True)
    eva = with_role(eva, lab=role)
    assert open_for_contents(hub.storage, repo_id("lab/model"), eva)
    for door in (open_for_writing, open_for_admin):
        if may_write:
            assert door(hub.storage, repo_id("lab/model"), eva).access is Access.ADMIN
        else:
            assert "role" in refusal(door, hub, "lab/model", eva).message


def test_a_contributor_administers_what_they_made(hub: SmallHub) -> None:
    eva = hub.user("eva")
    hub.org("lab", {"eva": Role.CONTRIBUTOR})
    eva = with_role(eva, lab=Role.CONTRIBUTOR)
    hub.repo(eva, "lab/mine", private=True)
    assert open_for_admin(hub.storage, repo_id("lab/mine"), eva).access is Access.ADMIN


def test_a_read_token_is_told_that_a_write_token_is_needed(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/iris")
    told = refusal(open_for_writing, hub, "ana/iris", limited(ana, Access.READ))
    assert isinstance(told, Denied)
    assert "write token" in told.message


def test_a_fine_grained_token_is_told_what_it_lacks(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/iris")
    grants = Grants(repos={"model/ana/iris": Access.READ})
    told = refusal(open_for_writing, hub, "ana/iris", Actor(ana.user_id, "ana", ana.roles, Access.ADMIN, grants))
    assert isinstance(told, Denied)
    assert "permission" in told.message


def test_a_fine_grained_token_sees_no_private_repository_it_was_not_given(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/given", private=True)
    hub.repo(ana, "ana/kept", private=True)
    token = Actor(ana.user_id, "ana", ana.roles, Access.ADMIN, Grants(repos={"model/ana/given": Access.READ}))
    assert open_for_contents(hub.storage, repo_id("ana/given"), token)
    assert isinstance(refusal(open_for_reading, hub, "ana/kept", token), RepoNotFound)


def test_nobody_writes_without_saying_who_they_are(hub: SmallHub) -> None:
    hub.repo(hub.user("ana"), "ana/iris")
    assert isinstance(refusal(open_for_writing, hub, "ana/iris", None), NotAuthenticated)


def test_a_stranger_may_read_a_public_repository_but_not_write(hub: SmallHub) -> None:
    hub.repo(hub.user("ana"), "ana/iris")
    otto = hub.user("otto")
    assert open_for_contents(hub.storage, repo_id("ana/iris"), otto).access is Access.READ
    assert type(refusal(open_for_writing, hub, "ana/iris", otto)) is Denied


def test_a_gate_hides_the_files_but_not_the_repository(hub: SmallHub) -> None:
    ana, otto = hub.user("ana"), hub.user("otto")
    change_settings(hub.storage, hub.repo(ana, "ana/iris"), ana, gated=Gated.MANUAL)
    for caller in (None, otto):
        assert open_for_reading(hub.storage, repo_id("ana/iris"), caller).gated is Gated.MANUAL
        told = refusal(open_for_contents, hub, "ana/iris", caller)
        assert isinstance(told, GatedRepo)
        assert told.signed_in == (caller is not None)
    assert open_for_contents(hub.storage, repo_id("ana/iris"), ana)


def test_the_owner_of_a_gated_repository_downloads_with_a_read_token(hub: SmallHub) -> None:
    """The gate once looked at what the token may, and shut owners out of their own files."""
    ana = hub.user("ana")
    change_settings(hub.storage, hub.repo(ana, "ana/iris"), ana, gated=Gated.AUTO)
    assert open_for_contents(hub.storage, repo_id("ana/iris"), limited(ana, Access.READ))
    grants = Grants(repos={"model/ana/iris": Access.READ})
    assert open_for_contents(hub.storage, repo_id("ana/iris"), Actor(ana.user_id, "ana", ana.roles, grants=grants))


def test_a_disabled_repository_says_so_only_to_those_who_could_read_it(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/bad", private=True)
    with hub.db.write() as write:
        write.execute(update(repo).values(disabled=True))
    assert isinstance(refusal(open_for_reading, hub, "ana/bad", ana), Disabled)
    assert isinstance(refusal(open_for_reading, hub, "ana/bad", None), RepoNotFound)


def test_an_old_name_leads_to_the_new_one_only_for_those_who_may_read_it(hub: SmallHub) -> None:
    ana, otto = hub.user("ana"), hub.user("otto")
    move_repo(hub.storage, hub.repo(ana, "ana/old", private=True), ana, repo_id("ana/new"))
    told = refusal(open_for_reading, hub, "ana/OLD", ana)
    assert isinstance(told, Moved)
    assert told.to == repo_id("ana/new")
    for caller in (None, otto):
        assert isinstance(refusal(open_for_reading, hub, "ana/old", caller), RepoNotFound)


def test_a_one_word_name_stands_for_a_repository_the_caller_may_read(hub: SmallHub) -> None:
    ana = hub.user("ana")
    opened = hub.repo(ana, "ana/gpt2")
    with hub.db.write() as write:
        from zoco.adapters.db.tables import redirect

        write.execute(redirect.insert().values(type="model", full_key="gpt2", kind="alias", repo_id=opened.key))
    assert resolve_alias(hub.storage, opened.id.type, "GPT2", None) == repo_id("ana/gpt2")
    change_settings(hub.storage, opened, ana, visibility=Visibility.PRIVATE)
    for word in ("gpt2", "nothing"):
        with pytest.raises(RepoNotFound):
            resolve_alias(hub.storage, opened.id.type, word, None)


@pytest.mark.parametrize("name", ["a\0b", "caf\udce9", "x" * 100_000, "%", "ñ", "a/b"])
def test_a_name_that_cannot_be_is_not_found(hub: SmallHub, name: str) -> None:
    """A NUL made PostgreSQL fail: hostile names must answer like any other missing one."""
    ana = hub.user("ana")
    for id_ in (RepoId(RepoType.MODEL, "ana", name), RepoId(RepoType.MODEL, name, "iris")):
        with pytest.raises(RepoNotFound):
            open_for_reading(hub.storage, id_, ana)
        with pytest.raises((Invalid, Denied)):
            create_repo(hub.storage, ana, id_)
    with pytest.raises(RepoNotFound):
        resolve_alias(hub.storage, RepoType.MODEL, name, ana)
