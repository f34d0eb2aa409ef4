"""The one door to SQL: read connections, and at most one write transaction at a time in the embedded database.

SQLite runs in WAL with synchronous=FULL. pysqlite's own transaction handling is switched off, because it would let a
read before the first write run outside the transaction; instead a read begins deferred and a write `IMMEDIATE`. Write
transactions of all processes queue on a file lock: SQLite's own busy handler starves (measured: a busy batch let an
interactive writer through 3 times in 3 s; with the lock 423 times).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NewType

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from zoco.adapters.db import changes
from zoco.core.errors import StoreFull, Unavailable

Read = NewType("Read", Connection)
"""A connection in a read transaction: one consistent snapshot on SQLite, read committed on PostgreSQL."""

Write = NewType("Write", Read)
"""The one write transaction of a request or job. No file, git, hash or network work while it is open."""

BUSY_TIMEOUT_MS = 30_000
_DISK_FULL = "53100"  # PostgreSQL's


class Database:
    """Threads may share it; a forked process must open its own."""

    def __init__(self, engine: Engine, write_lock: Path | None) -> None:
        self.engine = engine
        self._write_lock = write_lock

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Read]:
        """Raises Unavailable when the database is away."""
        with _translated(), self.engine.connect() as connection, connection.begin():
            yield Read(connection)

    @contextmanager
    def write(self) -> Iterator[Write]:
        """Commits when the block ends, rolls back when it raises. Raises Unavailable when the database is away."""
        lock = _held(self._write_lock) if self._write_lock else nullcontext()
        with _translated(), lock, self.engine.connect() as bare:
            connection = bare.execution_options(zoco_write=True)
            with connection.begin():
                changes.begin(connection)
                yield Write(Read(connection))
                if connection.in_transaction():  # a rehearsal has rolled back
                    changes.append(connection)

    def close(self) -> None:
        self.engine.dispose()


class _Rehearsal(Database):
    """Everything happens in one transaction, which its maker rolls back."""

    def __init__(self, engine: Engine, write: Write) -> None:
        super().__init__(engine, None)
        self._write = write

    @contextmanager
    def read(self) -> Iterator[Read]:
        yield self._write

    @contextmanager
    def write(self) -> Iterator[Write]:
        yield self._write


@contextmanager
def rehearse(db: Database) -> Iterator[Database]:
    """What is done with the database given here is seen by what follows with it, and by nobody else; when the block
    ends it never happened. Other writers wait meanwhile: no work but SQL in it."""
    with db.write() as write:
        yield _Rehearsal(db.engine, write)
        write.rollback()


def open_sqlite(file: Path) -> Database:
    file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite+pysqlite:///{file}",
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=64,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000, "cached_statements": 512},
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Database(engine, file.with_name(f"{file.name}.lock"))


def open_postgresql(url: str) -> Database:
    """`url` as the operator wrote it (`postgresql://…`); the psycopg driver is chosen here."""
    full = url.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(full, pool_size=8, max_overflow=24, pool_pre_ping=True)
    return Database(engine, None)


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:  # Any: SQLAlchemy's pool record is private
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("zoco_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    """flock belongs to the open file, so that threads of one process queue too."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_ERROR":  # our own SQL is wrong: waiting does not help
            raise
        if _is_full(error.orig):
            raise StoreFull from error
        raise Unavailable("The database does not answer. Try again in a moment.") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("The database went away. Try again in a moment.") from error
        raise


def _is_full(error: BaseException | None) -> bool:
    return getattr(error, "sqlite_errorname", "") == "SQLITE_FULL" or getattr(error, "sqlstate", "") == _DISK_FULL
