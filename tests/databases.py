"""A migrated database for tests: each test runs on SQLite and on a real PostgreSQL.

Use in a conftest.py: `from tests.databases import db, migrated` (and `postgres_server` from the top conftest).
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zoco.adapters.db.engine import Database, open_postgresql, open_sqlite
from zoco.adapters.db.migrate import migrate

if TYPE_CHECKING:
    from tests.services import PostgresServer

POSTGRES = pytest.param("postgresql", marks=pytest.mark.postgres)


@dataclass
class Migrated:
    """Migrating takes a second: it is done once for each kind, and copied."""

    folder: Path
    _postgres_template: str = ""

    def sqlite(self, file: Path) -> Database:
        template = self.folder / "template.db"
        if not template.exists():
            made = open_sqlite(template)
            migrate(made)
            made.close()
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(template, file)
        return open_sqlite(file)

    def postgresql(self, server: PostgresServer) -> str:
        """The address of a migrated database."""
        import psycopg

        if not self._postgres_template:
            url = server.fresh_database()
            made = open_postgresql(url)
            migrate(made)
            made.close()
            self._postgres_template = url.rsplit("/", 1)[1]
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._postgres_template}"')
        return server.url(name)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Migrated:
    return Migrated(tmp_path_factory.mktemp("migrated"))


@pytest.fixture(params=["sqlite", POSTGRES])
def db(request: pytest.FixtureRequest, tmp_path: Path, migrated: Migrated) -> Iterator[Database]:
    if request.param == "sqlite":
        opened = migrated.sqlite(tmp_path / "zoco.db")
    else:
        opened = open_postgresql(migrated.postgresql(request.getfixturevalue("postgres_server")))
    yield opened
    opened.close()
