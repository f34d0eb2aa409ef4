from __future__ import annotations

import pytest
from tests.unit.hub.accounts.people import repository, signed_in, user

from zoco.adapters.db.engine import Database
from zoco.core.errors import AlreadyExists, Denied, Invalid, NotFound
from zoco.core.ids import RepoId, RepoType
from zoco.hub.accounts.aliases import AliasInfo, add_alias, list_aliases, remove_alias
from zoco.hub.accounts.users import create_user

IRIS = RepoId(RepoType.MODEL, "Ana", "IRIS")
DATA = RepoId(RepoType.DATASET, "ana", "iris")


@pytest.fixture
def ana_id(db: Database) -> int:
    ana = user(db)
    repository(db, ana.id, "iris")
    repository(db, ana.id, "iris", type="dataset")
    return ana.id


@pytest.mark.usefixtures("ana_id")
def test_a_word_names_one_repository_of_each_type(db: Database) -> None:
    add_alias(db, None, "Iris", IRIS)
    add_alias(db, None, "iris", DATA)
    assert list_aliases(db) == [AliasInfo("Iris", "dataset", "ana/iris"), AliasInfo("Iris", "model", "ana/iris")]
    remove_alias(db, None, "IRIS", "model")
    with pytest.raises(NotFound, match="for a model"):
        remove_alias(db, None, "iris", "model")
    with pytest.raises(AlreadyExists, match="an alias"):
        create_user(db, "iris")
    remove_alias(db, None, "iris", "dataset")
    assert create_user(db, "iris").name == "iris", "the word is free again"


def test_given_again_it_points_anew(db: Database, ana_id: int) -> None:
    repository(db, ana_id, "rose")
    add_alias(db, None, "flower", IRIS)
    add_alias(db, None, "flower", RepoId(RepoType.MODEL, "ana", "rose"))
    assert [one.repo for one in list_aliases(db)] == ["ana/rose"]


@pytest.mark.usefixtures("ana_id")
def test_an_alias_cannot_be_what_is_taken_wrong_or_missing(db: Database) -> None:
    with pytest.raises(AlreadyExists, match="a user"):
        add_alias(db, None, "ana", IRIS)
    with pytest.raises(Invalid):
        add_alias(db, None, "models", IRIS)
    with pytest.raises(NotFound, match="no model called 'ana/rose'"):
        add_alias(db, None, "flower", RepoId(RepoType.MODEL, "ana", "rose"))
    with pytest.raises(NotFound):
        remove_alias(db, None, "ana", "model")
    assert list_aliases(db) == []


@pytest.mark.usefixtures("ana_id")
def test_only_administrators_give_aliases(db: Database) -> None:
    with pytest.raises(Denied):
        add_alias(db, signed_in(db, "otto"), "flower", IRIS)
    add_alias(db, signed_in(db, "root", is_admin=True), "flower", IRIS)


def test_an_alias_whose_repository_is_gone_can_be_given_again_or_removed(db: Database, ana_id: int) -> None:
    add_alias(db, None, "flower", IRIS)
    with db.write() as write:
        write.exec_driver_sql("DELETE FROM repo WHERE type = 'model'")
    assert list_aliases(db) == []
    add_alias(db, None, "flower", DATA)
    remove_alias(db, None, "flower", "dataset")
    assert create_user(db, "flower")
