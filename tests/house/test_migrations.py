"""The numbered steps build exactly what `tables.py` says, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect
from tests.services import PostgresServer

from zoco.adapters.db.engine import Database, open_postgresql, open_sqlite
from zoco.adapters.db.migrate import VERSION_TABLE, migrate, schema_of
from zoco.adapters.db.tables import metadata


def test_the_migrations_build_the_tables_of_the_code_on_sqlite(tmp_path: Path) -> None:
    db, made = open_sqlite(tmp_path / "zoco.db"), open_sqlite(tmp_path / "made.db")
    check(db)
    check_what_alembic_does_not_see(db, made)
    db.close()
    made.close()


@pytest.mark.postgres
def test_the_migrations_build_the_tables_of_the_code_on_postgresql(postgres_server: PostgresServer) -> None:
    db, made = (open_postgresql(postgres_server.fresh_database()) for _ in range(2))
    check(db)
    check_what_alembic_does_not_see(db, made)
    db.close()
    made.close()


def check(db: Database) -> None:
    migrate(db)
    assert schema_of(db).is_current
    with db.read() as read:
        options = {"version_table": VERSION_TABLE, "compare_type": True, "include_object": is_compared}
        assert compare_metadata(MigrationContext.configure(read, opts=options), metadata) == []
        built = inspect(read)
        for table in metadata.sorted_tables:  # what Alembic does not compare
            foreign = {  # by their columns: SQLite's reflection has no name for one that came with its column
                (*key["constrained_columns"], key["referred_table"], key["options"].get("ondelete"))
                for key in built.get_foreign_keys(table.name)
            }
            wanted = {
                (*key.column_keys, key.referred_table.name, key.ondelete) for key in table.foreign_key_constraints
            }
            assert foreign == wanted, table.name
            assert built.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]


def is_compared(_object: object, name: str, type_: str, _is_reflected: bool, _other: object) -> bool:
    """Not SQLite's index of texts with the tables it keeps, nor PostgreSQL's: the other database has neither."""
    return not (type_ == "table" and name.startswith("card_text_index")) and name != "ix_card_text_words"


def check_what_alembic_does_not_see(db: Database, made: Database) -> None:
    """Indexes whole, with their kinds and conditions; triggers; virtual tables."""
    metadata.create_all(made.engine)
    seen = statements(db)
    assert {"ix_card_text_words"} <= seen.keys() or {"card_text_index", "card_text_changed"} <= seen.keys()
    assert seen == statements(made)


def statements(db: Database) -> dict[str, str]:
    with db.read() as read:
        if db.is_sqlite:
            made = "SELECT name, sql FROM sqlite_master WHERE type <> 'table' OR sql LIKE '%CREATE VIRTUAL TABLE%'"
        else:
            made = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        found = {name: sql for name, sql in read.exec_driver_sql(made) if sql}
    return {name: " ".join(sql.replace('"', "").split()) for name, sql in found.items() if VERSION_TABLE not in name}
