"""Cards that older rules read are read again, whatever else happens to their repositories."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import func, select, update
from tests.small_hub import SmallHub, repo_id

from zoco.adapters.db.tables import card, card_text, change
from zoco.core.access import Actor
from zoco.core.errors import Unavailable
from zoco.core.ids import RepoType
from zoco.formats.cards.tags import Tag, TagKind
from zoco.hub.cards.card import RULES, Card
from zoco.hub.cards.reread import CardRereader
from zoco.hub.cards.service import card_of
from zoco.hub.cards.store import Stale
from zoco.hub.cards.texts import CardText
from zoco.hub.catalog.fulltext import full_text
from zoco.hub.catalog.lists import list_repos
from zoco.hub.catalog.query import Query
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.open import open_for_admin, open_for_reading

README = "---\ntags: [es]\nlicense: mit\n---\n"


def made_old(hub: SmallHub, *paths: str, tags: list[list[str]] | None = None) -> None:
    keys = [open_for_reading(hub.storage, repo_id(path), None).key for path in paths]
    values: Mapping[str, object] = {"rules": 0} | ({} if tags is None else {"tags": tags})
    with hub.db.write() as write:
        write.execute(update(card).where(card.c.repo_id.in_(keys)).values(values))


def the_card(hub: SmallHub, path: str) -> Card:
    with hub.db.read() as read:
        found = card_of(read, open_for_reading(hub.storage, repo_id(path), None).key)
    assert found
    return found


def rules(hub: SmallHub) -> list[int]:
    with hub.db.read() as read:
        return list(read.execute(select(card.c.rules).order_by(card.c.repo_id)).scalars())


def changes_noted(hub: SmallHub) -> int:
    with hub.db.read() as read:
        return read.execute(select(func.count()).select_from(change)).scalar_one()


def printed(card: Card) -> list[str]:
    return [tag.printed(RepoType.MODEL) for tag in card.tags]


@pytest.fixture
def ana(hub: SmallHub) -> Actor:
    return hub.user("ana")


def test_an_old_card_is_read_again_and_found_by_what_it_says_now(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "ana/iris", {"README.md": README})
    hub.repo(ana, "datasets/ana/flowers", {"README.md": README})
    made_old(hub, "ana/iris", "datasets/ana/flowers", tags=[["other", "es"]])
    done = CardRereader(hub.storage).run()
    assert (done.read, done.changed, done.failed) == (2, 2, 0)
    assert printed(the_card(hub, "ana/iris")) == ["es", "license:mit"]
    found = list_repos(hub.catalogue, None, Query(type=RepoType.MODEL, tags=(Tag(TagKind.LANGUAGE, "es"),)))
    assert [info.id.full_name for info in found.items] == ["ana/iris"]
    assert rules(hub) == [RULES, RULES]


def test_a_second_run_finds_nothing_to_do(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "ana/iris", {"README.md": README})
    made_old(hub, "ana/iris")
    rereader = CardRereader(hub.storage)
    assert rereader.run().read == 1
    assert rereader.run().read == 0
    assert CardRereader(hub.storage).run().read == 0


def test_a_card_that_says_the_same_changes_no_list(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "ana/iris", {"README.md": README, "config.json": '{"model_type": "bert", "architectures": ["B"]}'})
    made_old(hub, "ana/iris")
    before = changes_noted(hub)
    done = CardRereader(hub.storage).run()
    assert (done.read, done.changed) == (1, 0)
    assert rules(hub) == [RULES]
    assert changes_noted(hub) == before


def test_a_broken_repository_stops_nobody_and_is_tried_again_by_the_next_run(hub: SmallHub, ana: Actor) -> None:
    broken = hub.repo(ana, "ana/broken", {"README.md": README})
    for name in ("one", "two"):
        hub.repo(ana, f"ana/{name}", {"README.md": README})
    made_old(hub, "ana/broken", "ana/one", "ana/two", tags=[])
    hub.storage.cache.drop(broken.key)
    with hub.db.write() as write:
        write.execute(update(card).where(card.c.repo_id == broken.key).values(commit_oid="1" * 40))
    rereader = CardRereader(hub.storage)
    done = rereader.run(batch=1)
    assert (done.read, done.changed, done.failed) == (2, 2, 1)
    assert printed(the_card(hub, "ana/two")) == ["es", "license:mit"]
    assert rereader.run().failed == 1
    assert rules(hub) == [0, RULES, RULES]


def test_a_push_in_between_wins(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "ana/iris", {"README.md": README})
    made_old(hub, "ana/iris", tags=[])

    class WithAPush(CardRereader):
        def _card(self, stale: Stale) -> tuple[Card, CardText] | None:
            found = super()._card(stale)
            hub.commit(ana, "ana/iris", {"README.md": "---\ntags: [new]\n---\n"})
            return found

    assert WithAPush(hub.storage).run().changed == 0
    assert printed(the_card(hub, "ana/iris")) == ["new"]


def test_a_repository_that_is_deleted_in_between_is_no_fault(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "ana/iris", {"README.md": README})
    made_old(hub, "ana/iris", tags=[])

    class WithADeletion(CardRereader):
        def _card(self, stale: Stale) -> tuple[Card, CardText] | None:
            found = super()._card(stale)
            delete_repo(hub.storage, open_for_admin(hub.storage, repo_id("ana/iris"), ana), ana)
            return found

    done = WithADeletion(hub.storage).run()
    assert (done.changed, done.failed) == (0, 0)


def test_whatever_a_card_makes_the_rules_do_the_loop_goes_on(hub: SmallHub, ana: Actor) -> None:
    for name in ("one", "two"):
        hub.repo(ana, f"ana/{name}", {"README.md": README})
    made_old(hub, "ana/one", "ana/two", tags=[])
    first = open_for_reading(hub.storage, repo_id("ana/one"), None).key

    class Stumbling(CardRereader):
        def _card(self, stale: Stale) -> tuple[Card, CardText] | None:
            if stale.repo_key == first:
                raise RecursionError
            return super()._card(stale)

    done = Stumbling(hub.storage).run()
    assert (done.read, done.failed) == (1, 1)


def test_a_store_that_is_away_ends_the_run(hub: SmallHub, ana: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.repo(ana, "ana/iris", {"README.md": README})
    made_old(hub, "ana/iris", tags=[])

    def away(*_: object) -> int:
        raise Unavailable("The store is away.")

    class WithoutStore(CardRereader):
        def _card(self, stale: Stale) -> tuple[Card, CardText] | None:
            raise Unavailable("The store is away.")

    monkeypatch.setattr(type(hub.storage.blobs), "size", away)
    with pytest.raises(Unavailable):
        WithoutStore(hub.storage).run()
    assert rules(hub) == [0]


def test_a_run_ends_in_time_and_the_next_goes_on_where_it_was(hub: SmallHub, ana: Actor) -> None:
    names = [f"ana/m{n}" for n in range(5)]
    for name in names:
        hub.repo(ana, name, {"README.md": README})
    made_old(hub, *names, tags=[])
    rereader = CardRereader(hub.storage, clock=lambda: 0.0)
    assert rereader.run(run_s=0, batch=2).read == 2
    assert rules(hub) == [RULES, RULES, 0, 0, 0]
    assert rereader.run(run_s=0, batch=2).read == 2
    assert rereader.run(run_s=1, batch=2).read == 1
    assert rules(hub) == [RULES] * 5


def test_cards_from_before_the_search_inside_texts_get_their_text(hub: SmallHub, ana: Actor) -> None:
    for name in ("same", "other"):
        hub.repo(ana, f"ana/{name}", {"README.md": "# Quokkas"})
    with hub.db.write() as write:
        write.execute(card_text.delete())
    assert full_text(hub.db, None, "quokkas").total == 0
    made_old(hub, "ana/same")
    made_old(hub, "ana/other", tags=[["other", "old"]])
    done = CardRereader(hub.storage).run()
    assert (done.read, done.changed) == (2, 1)
    assert {one.id.name for one in full_text(hub.db, None, "quokkas").items} == {"same", "other"}
