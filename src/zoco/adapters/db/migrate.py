"""Is the database's schema the one this version of Zoco knows, and how does it become so?

An embedded database is migrated when the server starts, after a copy of it was put aside; a PostgreSQL one only by
`zoco migrate`, because other nodes may be running.
"""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import inspect, text

from zoco.adapters.db import full_text
from zoco.adapters.db.engine import Database, Read, Write
from zoco.settings import Settings

VERSION_TABLE = "schema_version"
MIGRATIONS = Path(__file__).with_name("migrations")
LOCK_TIMEOUT_S = 30
_ADVISORY_LOCK = 0x7A6F636F  # "zoco": two `zoco migrate` at once wait for each other


class SchemaProblem(ValueError):
    """The server must not start on this database: says what to do."""


@dataclass(frozen=True, slots=True)
class Schema:
    current: str | None
    """None: an empty database"""
    pending: tuple[str, ...]

    @property
    def is_current(self) -> bool:
        return not self.pending


def schema_of(db: Database) -> Schema:
    """Raises SchemaProblem for a schema newer than this version, or tables that are not Zoco's."""
    with db.read() as read:
        return _schema(read)


def require_current(db: Database) -> None:
    """Raises SchemaProblem naming the cure."""
    schema = schema_of(db)
    if not schema.is_current:
        raise SchemaProblem(
            f"The database's schema is {schema.current or 'empty'} and this version of Zoco needs {_known()[-1]}: "
            "make a backup, then run `zoco migrate`"
        )


def prepare(db: Database, settings: Settings) -> None:
    """Before a server or command works: an embedded database becomes current, another one must be.

    Raises SchemaProblem.
    """
    if db.is_sqlite:
        migrate(db, backups=settings.data / "backups")
    else:
        require_current(db)


def migrate(db: Database, *, backups: Path | None = None) -> tuple[str, ...]:
    """Applies what is pending, all or nothing, and says what that was. Raises SchemaProblem.

    `backups` is the folder for a copy of an embedded database that holds something.
    """
    if schema_of(db).is_current:
        return ()
    if db.is_sqlite and full_text.is_missing():
        raise SchemaProblem(f"This Python's SQLite has no full-text search (FTS5): {full_text.CURE}")
    with db.write() as write:
        if not db.is_sqlite:
            write.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'"))
            write.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        schema = _schema(write)  # another process may have been faster
        if schema.is_current:
            return ()
        # File work inside the one write transaction, against the rule: no write may fall between copy and change.
        if db.is_sqlite and schema.current and backups and (file := db.engine.url.database):
            back_up(Path(file), backups / f"zoco-{schema.current}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.db")
        _upgrade(write)
    return schema.pending


def back_up(file: Path, to: Path) -> None:
    """A consistent copy of an SQLite database that may be in use; whole or not at all."""
    to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = to.with_name(f"{to.name}.part")
    draft.unlink(missing_ok=True)
    source, target = sqlite3.connect(file), sqlite3.connect(draft)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
    draft.chmod(0o600)
    for path in (draft, to.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if path == draft:
            draft.replace(to)


def _schema(read: Read) -> Schema:
    tables = inspect(read).get_table_names()
    if VERSION_TABLE not in tables:
        if tables:
            raise SchemaProblem(
                f"The database holds other tables ({', '.join(sorted(tables)[:3])}…): give Zoco its own"
            )
        return Schema(None, _known())
    current = read.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - a constant
    if current is None:
        return Schema(None, _known())
    if current not in _known():
        raise SchemaProblem(
            f"The database was made by a newer Zoco (schema {current}, this version knows {_known()[-1]}): "
            "start that version, or restore a backup from before its migration"
        )
    return Schema(current, _known()[_known().index(current) + 1 :])


@cache
def _known() -> tuple[str, ...]:
    """Numbers of the steps, read from the file names: Alembic itself takes a quarter of a second to import."""
    return tuple(sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")))


def _upgrade(write: Write) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = write
    command.upgrade(config, "head")
