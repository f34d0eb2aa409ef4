"""The links of a card are text or links by what is there, for whoever looks."""

from __future__ import annotations

import pytest
from tests.small_hub import SmallHub, repo_id

from zoco.core.access import Actor, Visibility
from zoco.formats.cards.tags import TagKind
from zoco.hub.cards.links import link_of, live_links
from zoco.hub.cards.service import card_of
from zoco.hub.catalog.describe import repo_info
from zoco.hub.catalog.query import Want
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.move import move_repo
from zoco.hub.repos.open import open_for_reading
from zoco.hub.repos.settings import change_settings

README = "---\ndatasets: [ana/Llamas, nowhere/data]\nbase_model: ana/base\n---\n"


def links(hub: SmallHub, path: str, actor: Actor | None = None) -> dict[str, str]:
    with hub.db.read() as read:
        found = card_of(read, open_for_reading(hub.storage, repo_id(path), actor).key)
        assert found
        return {link: id_.path for link, id_ in live_links(read, found, actor).items()}


@pytest.fixture
def ana(hub: SmallHub) -> Actor:
    return hub.user("ana")


def test_a_link_lives_and_dies_with_what_it_points_to(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "ana/net", {"README.md": README})
    assert links(hub, "ana/net") == {}
    data = hub.repo(ana, "datasets/ana/llamas")
    hub.repo(ana, "ana/base")
    both = {"dataset:ana/llamas": "datasets/ana/llamas", "base_model:ana/base": "ana/base"}
    assert links(hub, "ana/net") == both
    change_settings(hub.storage, data, ana, visibility=Visibility.PRIVATE)
    assert links(hub, "ana/net") == {"base_model:ana/base": "ana/base"}
    assert links(hub, "ana/net", ana) == both
    delete_repo(hub.storage, data, ana)
    assert links(hub, "ana/net", ana) == {"base_model:ana/base": "ana/base"}


def test_a_link_follows_a_rename(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "spaces/ana/demo", {"README.md": "---\nsdk: static\nmodels: [ana/net]\n---\n"})
    move_repo(hub.storage, hub.repo(ana, "ana/net"), ana, repo_id("ana/network"))
    assert links(hub, "spaces/ana/demo") == {"model:ana/net": "ana/network"}
    demo = open_for_reading(hub.storage, repo_id("spaces/ana/demo"), None)
    info = repo_info(hub.catalogue, demo, None, want=frozenset({Want.LINKED}))
    assert info.models == ("ana/network",)


def test_a_tag_tells_its_link() -> None:
    assert link_of(TagKind.DATASET, "Ana/Llamas") == "dataset:ana/llamas"
    assert link_of(TagKind.BASE_MODEL, "ana/base") == "base_model:ana/base"
