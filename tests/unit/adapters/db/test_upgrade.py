"""A database made by the first release, with a row in every table, becomes this version's and loses nothing."""

from __future__ import annotations

import importlib
from collections.abc import Container, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table, select
from sqlalchemy.types import JSON

from zoco.adapters.db.engine import Database, Write, open_postgresql, open_sqlite
from zoco.adapters.db.migrate import MIGRATIONS, migrate, schema_of
from zoco.adapters.db.tables import card, doomed_object, lfs_link, lfs_object, xet_file

first: ModuleType = importlib.import_module("zoco.adapters.db.migrations.versions.0001_first")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """At 0001."""
    if request.param == "sqlite":
        made = open_sqlite(tmp_path / "zoco.db")
    else:
        made = open_postgresql(request.getfixturevalue("postgres_server").fresh_database())
    request.addfinalizer(made.close)
    with made.write() as write:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = write
        command.upgrade(config, "0001")
    return made


def fill(write: Write, tables: MetaData) -> None:
    """One row in each table: every column has a value, every reference leads to the other's row."""
    rows: dict[str, dict[str, Any]] = {}
    for table in tables.sorted_tables:
        row = rows[table.name] = {column.name: value_for(column, rows) for column in table.columns}
        write.execute(table.insert().values(row))


def value_for(column: Column[Any], rows: Mapping[str, Mapping[str, Any]]) -> Any:
    for key in column.foreign_keys:
        target = key.column
        if target.table is not column.table:
            return rows[target.table.name][target.name]
    match column.type:
        case Boolean():
            return True
        case Integer():
            return 1
        case JSON():
            return {"a": [1]}
        case String():
            return "x" * min(column.type.length or 10, 10)
    raise AssertionError(f"no value for {column}")


def contents(db: Database, tables: MetaData, without: Container[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    def names(table: Table) -> list[Column[Any]]:
        return list(table.columns)

    with db.read() as read:
        return {
            table.name: [tuple(row) for row in read.execute(select(*names(table)))]
            for table in tables.sorted_tables
            if table.name not in without
        }


def test_a_database_of_the_first_schema_keeps_its_rows(old: Database, tmp_path: Path) -> None:
    with old.write() as write:
        fill(write, first.metadata)
    before = contents(old, first.metadata)
    assert all(len(rows) == 1 for rows in before.values())
    assert migrate(old, backups=tmp_path / "backups")[0] == "0002"
    assert schema_of(old).is_current
    moved = before.pop("repo_tag")
    assert contents(old, first.metadata, without={"repo_tag"}) == before
    with old.read() as read:
        assert read.execute(select(lfs_object.c.xet_hash)).scalar_one() is None
        assert read.execute(select(lfs_link.c.touched_at)).scalar_one() == 0
        assert read.execute(select(doomed_object.c.is_stray)).scalar_one() is False
        assert read.execute(select(card.c.repo_id, card.c.tags)).one() == (moved[0][0], [["other", moved[0][1]]])
        assert read.execute(select(card.c.links, card.c.rules)).one() == ([], 0), "it will be read again"


def test_tags_of_old_cards_are_kept_with_what_their_words_tell(old: Database) -> None:
    tags = ["es", "license:mit", "\x1fdataset:ana/llamas", "task_categories:ner", "a:b", "base_model:finetune:ana/x"]
    with old.write() as write:
        fill(write, first.metadata)
        repo_tag = first.metadata.tables["repo_tag"]
        (key,) = write.scalars(select(repo_tag.c.repo_id))
        write.execute(repo_tag.delete())
        rows = [{"repo_id": key, "tag": tag, "position": at} for at, tag in enumerate(tags)]
        write.execute(repo_tag.insert(), rows)
    migrate(old)
    with old.read() as read:
        kept = read.execute(select(card.c.tags, card.c.links)).one()
    assert kept.tags == [
        ["other", "es"],
        ["license", "mit"],
        ["task", "ner"],
        ["other", "a:b"],
        ["base_model", "finetune:ana/x"],
    ]
    assert kept.links == ["dataset:ana/llamas"]


def test_old_rows_can_be_changed_to_what_the_new_schema_offers(old: Database) -> None:
    with old.write() as write:
        fill(write, first.metadata)
    migrate(old)
    with old.write() as write:
        write.execute(
            xet_file.insert().values(hash="f" * 64, sha256="a" * 64, size=1, terms=b"t", created_at=1, touched_at=1)
        )
        write.execute(lfs_object.update().values(key="", xet_hash="f" * 64))
        write.execute(lfs_link.update().values(touched_at=5))
    with old.read() as read:
        assert read.execute(select(lfs_object.c.xet_hash, lfs_object.c.key)).one() == ("f" * 64, "")
