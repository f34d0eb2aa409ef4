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
    db = open_sqlite(tmp_path / "zoco.db")
    check(db)
    db.close()


@pytest.mark.postgres
def test_the_migrations_build_the_tables_of_the_code_on_postgresql(postgres_server: PostgresServer) -> None:
    db = open_postgresql(postgres_server.fresh_database())
    check(db)
    db.close()


def check(db: Database) -> None:
    migrate(db)
    assert schema_of(db).is_current
    with db.read() as read:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
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
