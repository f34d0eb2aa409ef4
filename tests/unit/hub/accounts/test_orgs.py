from __future__ import annotations

import threading

import pytest
from tests.unit.hub.accounts.people import again, repository, signed_in, token, user

from zoco.adapters.db.engine import Database
from zoco.core.access import Role, TokenRole, Visibility
from zoco.core.errors import Conflict, Denied, HubError, Invalid, NotFound
from zoco.hub.accounts.authenticate import actor_from_token
from zoco.hub.accounts.orgs import (
    RepoCounts,
    count_repos,
    create_org,
    delete_org,
    get_org,
    list_members,
    list_orgs,
    orgs_of,
    remove_member,
    set_member,
    update_org,
)


def test_whoever_creates_an_organisation_is_its_administrator(db: Database) -> None:
    ana = signed_in(db)
    made = create_org(db, ana, "Acme", "Acme Inc.", Visibility.PRIVATE)
    assert get_org(db, "ACME") == made
    assert (made.full_name, made.default_visibility) == ("Acme Inc.", Visibility.PRIVATE)
    assert orgs_of(db, ana.user_id) == [(made, Role.ADMIN)]
    assert again(db, ana).role_in("acme") is Role.ADMIN


def test_the_operator_names_members(db: Database) -> None:
    user(db)
    create_org(db, None, "acme")
    assert list_members(db, "acme") == []
    set_member(db, None, "acme", "ANA", Role.READ)
    assert [(m.name, m.role) for m in list_members(db, "acme")] == [("ana", Role.READ)]


@pytest.mark.parametrize("role", [Role.READ, Role.CONTRIBUTOR, Role.WRITE, None])
def test_only_administrators_change_members_and_settings(db: Database, role: Role | None) -> None:
    boss, other = signed_in(db, "boss"), signed_in(db, "other")
    user(db, "third")
    create_org(db, boss, "acme")
    if role:
        set_member(db, boss, "acme", "other", role)
    for attempt in (
        lambda: set_member(db, other, "acme", "third", Role.READ),
        lambda: set_member(db, other, "acme", "other", Role.ADMIN),
        lambda: remove_member(db, other, "acme", "boss"),
        lambda: update_org(db, other, "acme", full_name="Mine"),
        lambda: delete_org(db, other, "acme"),
    ):
        with pytest.raises(Denied):
            attempt()


def test_a_role_that_was_taken_away_counts_at_once(db: Database) -> None:
    """The actor of a long request may carry the roles of its beginning."""
    boss, other = signed_in(db, "boss"), signed_in(db, "other")
    create_org(db, boss, "acme")
    set_member(db, boss, "acme", "other", Role.ADMIN)
    other = again(db, other)
    set_member(db, boss, "acme", "other", Role.READ)
    with pytest.raises(Denied):
        set_member(db, other, "acme", "other", Role.ADMIN)


def test_an_administrator_of_the_hub_may_help_out(db: Database) -> None:
    create_org(db, signed_in(db, "boss"), "acme")
    root = signed_in(db, "root", is_admin=True)
    set_member(db, root, "acme", "root", Role.ADMIN)
    remove_member(db, root, "acme", "boss")
    assert [m.name for m in list_members(db, "acme")] == ["root"]


def test_a_read_token_changes_nothing(db: Database) -> None:
    boss = signed_in(db, "boss")
    create_org(db, boss, "acme")
    by_token = actor_from_token(db, token(db, boss.user_id, TokenRole.READ))
    with pytest.raises(Denied, match="token"):
        update_org(db, by_token, "acme", full_name="x")
    with pytest.raises(Denied, match="token"):
        remove_member(db, by_token, "acme", "boss")
    with pytest.raises(Denied, match="token"):
        create_org(db, by_token, "other")


def test_the_last_administrator_stays(db: Database) -> None:
    boss = signed_in(db, "boss")
    user(db, "ana")
    create_org(db, boss, "acme")
    for attempt in (
        lambda: remove_member(db, boss, "acme", "boss"),
        lambda: set_member(db, boss, "acme", "boss", Role.WRITE),
        lambda: remove_member(db, None, "acme", "boss"),
    ):
        with pytest.raises(Conflict, match="last administrator"):
            attempt()
    set_member(db, boss, "acme", "ana", Role.ADMIN)
    remove_member(db, boss, "acme", "boss")
    assert [m.name for m in list_members(db, "acme")] == ["ana"]


def test_two_administrators_who_leave_at_once_do_not_both_leave(db: Database) -> None:
    one, two = signed_in(db, "one"), signed_in(db, "two")
    create_org(db, one, "acme")
    set_member(db, one, "acme", "two", Role.ADMIN)
    ready = threading.Barrier(2)
    refused: list[HubError] = []

    def leave(name: str) -> None:
        ready.wait()
        try:
            remove_member(db, one if name == "one" else two, "acme", name)
        except Conflict as error:
            refused.append(error)

    threads = [threading.Thread(target=leave, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert len(list_members(db, "acme")) == 1


def test_everybody_may_leave(db: Database) -> None:
    boss, ana = signed_in(db, "boss"), signed_in(db)
    create_org(db, boss, "acme")
    set_member(db, boss, "acme", "ana", Role.READ)
    remove_member(db, ana, "acme", "ana")
    assert [m.name for m in list_members(db, "acme")] == ["boss"]
    for who in ("ana", "nobody"):
        with pytest.raises(NotFound, match="not a member"):
            remove_member(db, boss, "acme", who)


def test_who_and_what_does_not_exist_is_said(db: Database) -> None:
    with pytest.raises(NotFound, match="no organisation"):
        set_member(db, None, "acme", "ana", Role.READ)
    create_org(db, None, "acme")
    with pytest.raises(NotFound, match="no user"):
        set_member(db, None, "acme", "ana", Role.READ)
    user(db)
    with pytest.raises(NotFound, match="no organisation"):
        get_org(db, "ana")
    for wrong in ("a b", "", "settings", "x\0"):
        with pytest.raises(Invalid, match="organisation's name"):
            create_org(db, None, wrong)


def test_an_organisation_goes_only_when_it_is_empty(db: Database) -> None:
    boss = signed_in(db, "boss")
    made = create_org(db, boss, "acme")
    key, _ = repository(db, made.id, "iris")
    with pytest.raises(Conflict, match="still owns 1 repositories: delete or move them first"):
        delete_org(db, boss, "acme")
    with db.write() as write:
        write.exec_driver_sql(f"DELETE FROM repo WHERE id = {key}")
    delete_org(db, boss, "acme")
    assert list_orgs(db) == []
    assert again(db, boss).role_in("acme") is None
    assert user(db, "acme").name == "acme"


def test_only_members_see_private_repositories_counted(db: Database) -> None:
    boss, stranger = signed_in(db, "boss"), signed_in(db, "stranger")
    made = create_org(db, boss, "acme")
    repository(db, made.id, "open")
    repository(db, made.id, "hidden", visibility=Visibility.PRIVATE)
    repository(db, made.id, "data", type="dataset", visibility=Visibility.PRIVATE)
    assert count_repos(db, "acme", again(db, boss)) == RepoCounts(models=2, datasets=1)
    assert count_repos(db, "acme", stranger) == count_repos(db, "acme", None) == RepoCounts(models=1)
    assert count_repos(db, "nobody", None) == RepoCounts()


def test_settings_change_only_what_is_given(db: Database) -> None:
    boss = signed_in(db, "boss")
    create_org(db, boss, "acme", "Acme")
    changed = update_org(db, boss, "acme", details="What we do", default_visibility=Visibility.PRIVATE)
    assert (changed.full_name, changed.details, changed.default_visibility) == ("Acme", "What we do", "private")
    with pytest.raises(Invalid):
        update_org(db, boss, "acme", details="x" * 2001)
