from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from zoco.adapters.db.engine import Database
from zoco.hub.accounts.keyring import (
    FILE,
    MasterKeyProblem,
    is_opened_by,
    master_key,
    read_master_key,
    seal,
    signing_key,
    unseal,
)
from zoco.settings import Settings

MASTER = b"m" * 32


def test_the_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    assert read_master_key(settings) is None
    made = master_key(settings)
    file = tmp_path / "data" / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(made) >= 43
    assert master_key(settings) == read_master_key(settings) == made
    assert [path.name for path in (tmp_path / "data").iterdir()] == [FILE], "no drafts stay behind"


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    ready = threading.Barrier(8)
    keys: list[bytes] = []

    def start() -> None:
        ready.wait()
        keys.append(master_key(settings))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 64])
def test_a_broken_file_is_said_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    """A new key would lock everything that was sealed under the old one."""
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(MasterKeyProblem, match=FILE):
        master_key(Settings(data=tmp_path))
    assert (tmp_path / FILE).read_bytes() == content


def test_the_setting_wins_and_must_be_long(tmp_path: Path) -> None:
    assert master_key(Settings(data=tmp_path, secret_key="k" * 32)) == b"k" * 32
    assert not (tmp_path / FILE).exists()
    with pytest.raises(MasterKeyProblem, match="at least 32"):
        master_key(Settings(data=tmp_path, secret_key="changeme"))


def test_postgresql_needs_the_setting(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyProblem, match="ZOCO_SECRET_KEY is needed"):
        master_key(Settings(data=tmp_path, database_url="postgresql://x/y"))


def test_what_was_sealed_opens_with_its_key_and_name_only() -> None:
    sealed = seal(MASTER, "signing", b"value")
    assert b"value".hex() not in sealed and "value" not in sealed
    assert sealed != seal(MASTER, "signing", b"value")
    assert unseal(MASTER, "signing", sealed) == b"value"
    flipped = sealed[:-4] + ("A" if sealed[-4] != "A" else "B") + sealed[-3:]
    for master, name, text in (
        (b"n" * 32, "signing", sealed),
        (MASTER, "other", sealed),
        (MASTER, "signing", flipped),
        (MASTER, "signing", "v2." + sealed),
        (MASTER, "signing", "v1.!"),
        (MASTER, "signing", ""),
    ):
        with pytest.raises(MasterKeyProblem, match="another master key"):
            unseal(master, name, text)


def test_every_node_has_the_same_signing_key(db: Database) -> None:
    ready = threading.Barrier(4)
    keys: list[bytes] = []

    def start() -> None:
        ready.wait()
        keys.append(signing_key(db, MASTER))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 4 and len(set(keys)) == 1 and len(keys[0]) == 32
    assert is_opened_by(db, MASTER)
    assert not is_opened_by(db, b"n" * 32)
    with pytest.raises(MasterKeyProblem):
        signing_key(db, b"n" * 32)
