"""What `zoco serve` and `zoco worker` refuse to start with, and that they say the cure."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.services import PostgresServer

from zoco.adapters.db.engine import open_sqlite
from zoco.cli.main import main
from zoco.jobs.queue import enqueue, list_jobs


@pytest.fixture
def serve(tmp_path: Path) -> list[str]:
    return ["serve", "--port", "0", "--workers", "1", "--data", str(tmp_path / "data")]


def test_postgresql_without_a_secret_is_refused(serve: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*serve, "--database-url", "postgresql://x@127.0.0.1:1/x"]) == 2
    assert "ZOCO_SECRET_KEY is needed with ZOCO_DATABASE_URL" in capsys.readouterr().err


@pytest.mark.postgres
def test_postgresql_without_a_schema_is_refused(
    serve: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    postgres_server: PostgresServer,
) -> None:
    monkeypatch.setenv("ZOCO_SECRET_KEY", "k" * 32)
    place = ["--database-url", postgres_server.fresh_database()]
    for command in (serve, ["worker", *serve[-2:]], ["jobs", "run", *serve[-2:]]):
        assert main([*command, *place]) == 2
        assert "run `zoco migrate`" in capsys.readouterr().err


def test_a_newer_schema_is_refused(tmp_path: Path, serve: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", *serve[-2:]]) == 0
    db = open_sqlite(tmp_path / "data" / "zoco.db")
    with db.write() as write:
        write.exec_driver_sql("UPDATE schema_version SET version_num = '9999'")
    db.close()
    for command in (serve, ["worker", *serve[-2:]]):
        assert main(command) == 2
        assert "made by a newer Zoco" in capsys.readouterr().err


def test_another_secret_than_the_databases_is_refused(
    tmp_path: Path, serve: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    from zoco.adapters.db.migrate import migrate
    from zoco.hub.accounts.keyring import signing_key

    (tmp_path / "data").mkdir()
    db = open_sqlite(tmp_path / "data" / "zoco.db")
    migrate(db)
    signing_key(db, b"the key that was lost, 32 bytes or more")
    db.close()
    assert main(serve) == 2
    assert "sealed under another master key" in capsys.readouterr().err


def test_jobs_run_does_what_is_due_and_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--data", str(tmp_path / "data")]
    assert main(["jobs", "run", *place]) == 0
    assert "Ran 0 jobs" in capsys.readouterr().err
    db = open_sqlite(tmp_path / "data" / "zoco.db")
    with db.write() as write:
        enqueue(write, "forget_copy", {"event": "RepoDeleted", "repo_key": 7}, repo_key=7)
    assert main(["jobs", "run", *place]) == 0
    assert "Ran 1 jobs" in capsys.readouterr().err
    assert list_jobs(db) == []
    db.close()
