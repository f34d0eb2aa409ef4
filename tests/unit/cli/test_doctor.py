from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.services import PostgresServer, S3Server

from zoco.adapters.blobs.folder import FolderBlobStore
from zoco.cli import checks
from zoco.cli.checks import State, check_all
from zoco.cli.main import main
from zoco.hub.accounts.keyring import FILE
from zoco.settings import Settings


def states(settings: Settings) -> dict[str, State]:
    return {one.what: one.state for one in check_all(settings)}


def failures(settings: Settings) -> list[checks.Finding]:
    return [one for one in check_all(settings) if one.state is State.FAIL]


@pytest.fixture
def healthy(tmp_path: Path) -> Settings:
    """A Hub that was started once."""
    from zoco.adapters.db.migrate import prepare
    from zoco.adapters.db.open import open_database
    from zoco.hub.accounts.keyring import master_key, signing_key

    settings = Settings(data=tmp_path / "data")
    db = open_database(settings)
    prepare(db, settings)
    signing_key(db, master_key(settings))
    db.close()
    return settings


def test_a_healthy_hub_is_all_ok(healthy: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert {one.state for one in check_all(healthy)} == {State.OK}
    assert main(["doctor", "--data", str(healthy.data)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines and all(line.startswith("ok  ") for line in lines)
    assert main(["doctor", "--json", "--data", str(healthy.data)]) == 0
    assert {one["state"] for one in json.loads(capsys.readouterr().out)} == {"ok"}


def test_before_the_first_start_nothing_is_wrong_and_nothing_is_made(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    assert failures(settings) == []
    assert State.WARN in states(settings).values()
    assert not settings.data.exists()


def test_the_probe_leaves_nothing_behind(healthy: Settings) -> None:
    before = {path for path in healthy.data.rglob("*") if path.is_file()}
    check_all(healthy)
    assert {path for path in healthy.data.rglob("*") if path.is_file()} <= before | {
        healthy.data / "zoco.db-shm",
        healthy.data / "zoco.db-wal",
    }


def test_a_key_that_others_can_read_fails_with_the_cure(healthy: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    (healthy.data / FILE).chmod(0o644)
    assert main(["doctor", "--data", str(healthy.data)]) == 1
    out = capsys.readouterr().out
    assert "fail  " in out and f"chmod 600 {healthy.data / FILE}" in out


def test_another_key_than_the_databases_fails(healthy: Settings) -> None:
    (healthy.data / FILE).write_text("another key, as long as it must be at least\n")
    assert [one.what for one in failures(healthy)] == ["the master key does not open the keys in the database"]


def test_a_short_key_fails(healthy: Settings) -> None:
    (healthy.data / FILE).write_text("short\n")
    assert [("too short" in one.what) for one in failures(healthy)] == [True]


def test_a_newer_schema_fails(healthy: Settings) -> None:
    from zoco.adapters.db.open import open_database

    db = open_database(healthy)
    with db.write() as write:
        write.exec_driver_sql("UPDATE schema_version SET version_num = '9999'")
    db.close()
    assert ["newer Zoco" in one.cure for one in failures(healthy)] == [True]


def test_a_store_that_loses_bytes_fails(healthy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FolderBlobStore, "read", lambda *_args, **_more: iter([b"other bytes"]))
    assert ["other bytes" in one.what for one in failures(healthy)] == [True]


def test_a_store_that_cannot_be_written_fails(healthy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FolderBlobStore, "put_bytes", full)
    assert ["No space left" in one.what for one in failures(healthy)] == [True]


def test_a_missing_or_old_git_fails(healthy: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    assert ["git is not installed" in one.what for one in failures(healthy)] == [True]
    (tools / "git").write_text("#!/bin/sh\necho git version 1.8.3.1\n")
    (tools / "git").chmod(0o755)
    assert ["git 1.8.3 is too old" in one.what for one in failures(healthy)] == [True]


def test_a_full_disk_fails(healthy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 5_000_000, "total": 100_000_000_000})
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _folder: usage)
    assert any("0.0 GB free" in one.what for one in failures(healthy))


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o705, 0o755])
def test_a_folder_that_others_may_look_into_is_warned_of(healthy: Settings, mode: int) -> None:
    healthy.data.chmod(mode)
    assert states(healthy)[f"data folder {healthy.data} is open to other users of this machine"] is State.WARN


def test_a_data_folder_that_is_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert any("not a folder" in one.what for one in failures(Settings(data=tmp_path / "data")))


def test_a_postgresql_that_is_away_fails(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url="postgresql://x@127.0.0.1:1/none", secret_key="k" * 32)
    assert ["PostgreSQL database" in one.what for one in failures(settings)] == [True]


@pytest.mark.postgres
def test_postgresql_without_schema_or_secret_fails_and_is_ok_after_the_cure(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    url = postgres_server.fresh_database()
    found = failures(Settings(data=tmp_path, database_url=url))
    assert any("ZOCO_SECRET_KEY" in one.what for one in found)
    assert any("zoco migrate" in one.cure for one in found)
    assert main(["migrate", "--data", str(tmp_path), "--database-url", url]) == 0
    assert failures(Settings(data=tmp_path, database_url=url, secret_key="k" * 32)) == []


@pytest.mark.s3
def test_an_object_store_is_probed(healthy: Settings, s3_server: S3Server) -> None:
    chosen = {
        "storage_url": s3_server.fresh_bucket(),
        "storage_endpoint": s3_server.endpoint,
        "storage_access_key": s3_server.access_key,
        "storage_secret_key": s3_server.secret_key,
    }
    assert failures(replace(healthy, **chosen)) == []
    assert any("store at" in one.what for one in failures(replace(healthy, **chosen | {"storage_secret_key": "wrong"})))


def test_a_sqlite_without_full_text_search_is_said_and_refused(
    tmp_path: Path, healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a Python is hard to come by: the answer is put in its mouth."""
    from zoco.adapters.db import full_text
    from zoco.adapters.db.migrate import SchemaProblem, prepare
    from zoco.adapters.db.open import open_database

    assert not full_text.is_missing()
    monkeypatch.setattr(full_text, "is_missing", lambda: True)
    [failure] = failures(healthy)
    assert "FTS5" in failure.what
    assert "database_url" in failure.cure
    db = open_database(Settings(data=tmp_path / "other"))
    with pytest.raises(SchemaProblem, match="FTS5"):
        prepare(db, Settings(data=tmp_path / "other"))
    db.close()
