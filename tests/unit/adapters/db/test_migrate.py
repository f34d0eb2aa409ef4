from __future__ import annotations

import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from tests.services import PostgresServer

from zoco.adapters.db import migrate as module
from zoco.adapters.db.engine import Database, open_postgresql, open_sqlite
from zoco.adapters.db.migrate import SchemaProblem, migrate, prepare, require_current, schema_of
from zoco.settings import Settings


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        made = open_sqlite(tmp_path / "zoco.db")
    else:
        made = open_postgresql(request.getfixturevalue("postgres_server").fresh_database())
    request.addfinalizer(made.close)
    return made


def test_an_empty_database_is_migrated_once(empty: Database, tmp_path: Path) -> None:
    assert schema_of(empty).current is None
    with pytest.raises(SchemaProblem, match="zoco migrate"):
        require_current(empty)
    pending = schema_of(empty).pending
    assert pending
    assert migrate(empty, backups=tmp_path / "backups") == pending
    assert schema_of(empty).is_current
    require_current(empty)
    assert migrate(empty, backups=tmp_path / "backups") == ()
    assert not (tmp_path / "backups").exists(), "there was nothing to copy"


def test_processes_that_migrate_at_once_wait_for_each_other(empty: Database) -> None:
    ready = threading.Barrier(4)
    applied: list[tuple[str, ...]] = []

    def start() -> None:
        ready.wait()
        applied.append(migrate(empty))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(applied) == 4
    assert schema_of(empty).is_current


def test_a_newer_schema_is_refused_with_the_cure(empty: Database) -> None:
    migrate(empty)
    with empty.write() as write:
        write.exec_driver_sql("UPDATE schema_version SET version_num = '9999'")
    for attempt in (schema_of, migrate, require_current):
        with pytest.raises(SchemaProblem, match=r"made by a newer Zoco .schema 9999, .* restore a backup"):
            attempt(empty)


def test_a_database_of_something_else_is_left_alone(empty: Database) -> None:
    with empty.write() as write:
        write.exec_driver_sql("CREATE TABLE recipes (id INTEGER)")
    with pytest.raises(SchemaProblem, match=r"holds other tables .recipes.*give Zoco its own"):
        migrate(empty)


def test_a_failed_migration_changes_nothing(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    real = module._upgrade

    def fails_late(write: object) -> None:
        real(write)  # type: ignore[arg-type]
        raise ArithmeticError("the last step")

    monkeypatch.setattr(module, "_upgrade", fails_late)
    with pytest.raises(ArithmeticError):
        migrate(empty)
    assert schema_of(empty).current is None
    monkeypatch.undo()
    migrate(empty)
    assert schema_of(empty).is_current


def test_an_embedded_database_is_copied_before_it_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = open_sqlite(tmp_path / "zoco.db")
    migrate(db)
    with db.write() as write:
        write.exec_driver_sql("INSERT INTO keyring (name, sealed, created_at) VALUES ('k', 's', 1)")
    known = module._known()
    monkeypatch.setattr(module, "_known", lambda: (*known, "0999"))

    def step(write: Database) -> None:
        write.exec_driver_sql("DROP TABLE keyring")  # type: ignore[attr-defined]
        write.exec_driver_sql("UPDATE schema_version SET version_num = '0999'")  # type: ignore[attr-defined]

    monkeypatch.setattr(module, "_upgrade", step)
    prepare(db, Settings(data=tmp_path))
    db.close()
    (copy,) = (tmp_path / "backups").iterdir()
    assert copy.name.startswith(f"zoco-{known[-1]}-")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    opened = sqlite3.connect(copy)
    assert opened.execute("SELECT name FROM keyring").fetchall() == [("k",)]
    assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    opened.close()


@pytest.mark.postgres
def test_a_server_never_migrates_postgresql_by_itself(tmp_path: Path, postgres_server: PostgresServer) -> None:
    """Other nodes may be running on the old schema."""
    url = postgres_server.fresh_database()
    db = open_postgresql(url)
    with pytest.raises(SchemaProblem, match=r"empty .* run `zoco migrate`"):
        prepare(db, Settings(data=tmp_path, database_url=url))
    assert schema_of(db).current is None
    migrate(db)
    prepare(db, Settings(data=tmp_path, database_url=url))
    db.close()
