"""Names that cards hold: which repositories do they mean today, for whom?"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from sqlalchemy import event
from tests.small_hub import SmallHub, hub, limited, repo_id

from zoco.core.access import Access, Actor, Visibility
from zoco.core.ids import RepoType
from zoco.hub.accounts.aliases import add_alias, remove_alias
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.move import move_repo
from zoco.hub.repos.named import NAMES_MAX, names_of, resolve_names
from zoco.hub.repos.settings import change_settings

__all__ = ["hub"]


def resolved(
    hub: SmallHub, names: Iterable[str], actor: Actor | None = None, type: RepoType = RepoType.DATASET
) -> dict[str, str]:
    with hub.db.read() as read:
        return {name: id_.full_name for name, id_ in resolve_names(read, type, names, actor).items()}


@pytest.fixture
def ana(hub: SmallHub) -> Actor:
    return hub.user("ana")


def test_a_name_lives_as_long_as_its_repository(hub: SmallHub, ana: Actor) -> None:
    assert resolved(hub, ["ana/llamas"]) == {}
    made = hub.repo(ana, "datasets/ana/Llamas")
    assert resolved(hub, ["ana/llamas"]) == {"ana/llamas": "ana/Llamas"}
    delete_repo(hub.storage, made, ana)
    assert resolved(hub, ["ana/llamas"]) == {}


def test_a_private_repository_is_there_for_its_owner_alone(hub: SmallHub, ana: Actor) -> None:
    made = hub.repo(ana, "datasets/ana/llamas")
    change_settings(hub.storage, made, ana, visibility=Visibility.PRIVATE)
    bob = hub.user("bob")
    assert resolved(hub, ["ana/llamas"]) == resolved(hub, ["ana/llamas"], bob) == {}
    assert resolved(hub, ["ana/llamas"], limited(ana, Access.NONE)) == {}
    assert resolved(hub, ["ana/llamas"], ana) == {"ana/llamas": "ana/llamas"}


def test_a_name_of_before_and_an_alias_lead_to_where_it_is_now(hub: SmallHub, ana: Actor) -> None:
    made = hub.repo(ana, "datasets/ana/llamas")
    add_alias(hub.db, None, "llamas", repo_id("datasets/ana/llamas"))
    move_repo(hub.storage, made, ana, repo_id("datasets/ana/alpacas"))
    names = ["ana/llamas", "ana/alpacas", "llamas", "LLAMAS"]
    assert resolved(hub, names) == dict.fromkeys(names, "ana/alpacas")
    with hub.db.read() as read:
        assert set(names_of(read, made.key, repo_id("datasets/ana/Alpacas"))) == {"ana/alpacas", "ana/llamas", "llamas"}
    remove_alias(hub.db, None, "llamas", "dataset")
    assert "llamas" not in resolved(hub, names)


def test_who_takes_an_old_name_has_it(hub: SmallHub, ana: Actor) -> None:
    made = hub.repo(ana, "datasets/ana/llamas")
    move_repo(hub.storage, made, ana, repo_id("datasets/ana/alpacas"))
    hub.repo(ana, "datasets/ana/llamas")
    assert resolved(hub, ["ana/llamas"]) == {"ana/llamas": "ana/llamas"}


def test_a_renamed_repository_that_is_private_now_is_not_betrayed_by_its_old_name(hub: SmallHub, ana: Actor) -> None:
    made = hub.repo(ana, "datasets/ana/llamas", private=True)
    move_repo(hub.storage, made, ana, repo_id("datasets/ana/alpacas"))
    assert resolved(hub, ["ana/llamas"]) == {}
    assert resolved(hub, ["ana/llamas"], ana) == {"ana/llamas": "ana/alpacas"}


def test_each_type_has_names_of_its_own(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "ana/llamas")
    assert resolved(hub, ["ana/llamas"]) == {}
    assert resolved(hub, ["ana/llamas"], type=RepoType.MODEL) == {"ana/llamas": "ana/llamas"}


def test_owners_and_names_are_not_crossed(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "datasets/ana/one")
    hub.repo(hub.user("bob"), "datasets/bob/two")
    assert resolved(hub, ["ana/two", "bob/one", "ana/one"]) == {"ana/one": "ana/one"}


@pytest.mark.parametrize(
    "name", ["", "/", "a/b/c", "ana/", "/llamas", "x" * 300, "a\0b", "\ud800/x", "ana/%", "ana/llama_"]
)
def test_what_can_be_no_name_is_nobodys(hub: SmallHub, ana: Actor, name: str) -> None:
    hub.repo(ana, "datasets/ana/llamas")
    assert resolved(hub, [name, "ana/llamas"]) == {"ana/llamas": "ana/llamas"}


def test_a_hundred_names_cost_two_queries_and_more_are_not_looked_up(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "datasets/ana/llamas")
    seen: list[str] = []
    event.listen(hub.db.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    names = [f"owner{n}/data{n}" for n in range(NAMES_MAX - 1)]
    assert resolved(hub, [*names, "ana/llamas"]) == {"ana/llamas": "ana/llamas"}
    assert len([text for text in seen if text.startswith("SELECT")]) == 2
    assert resolved(hub, [*names, "one/more", "ana/llamas"]) == {}
