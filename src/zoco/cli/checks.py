"""The checks of `zoco doctor`. None changes anything that was there before."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from zoco.settings import Settings

if TYPE_CHECKING:
    from zoco.adapters.db.engine import Database

GIT_MIN = (2, 31)
FREE_BYTES_MIN = 1_000_000_000
CLOCK_OFF_MAX_S = 60
RELEASED = datetime(2026, 1, 1, tzinfo=UTC)  # no clock that is right shows an earlier day


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    state: State
    what: str
    cure: str = ""


def check_all(settings: Settings) -> list[Finding]:
    """Later checks run whatever the earlier ones found."""
    checks: list[Callable[[Settings], Iterator[Finding]]] = [
        check_folder,
        check_disk,
        check_git,
        check_git_lfs,
        check_clock,
        check_secret,
        check_database,
        check_store,
    ]
    return [finding for check in checks for finding in check(settings)]


def check_folder(settings: Settings) -> Iterator[Finding]:
    data = settings.data
    if not data.exists():
        yield Finding(State.WARN, f"data folder {data} does not exist yet", "`zoco serve` makes it")
        return
    if not data.is_dir() or not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            State.FAIL,
            f"data folder {data} is not a folder this user can write to",
            "run zoco as the folder's owner, or choose another --data",
        )
        return
    if data.stat().st_mode & (stat.S_IWGRP | stat.S_IRWXO):
        yield Finding(State.WARN, f"data folder {data} is open to other users of this machine", f"chmod 700 {data}")
        return
    yield Finding(State.OK, f"data folder {data}")


def check_disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.data
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    what = f"{free / 1e9:.1f} GB free on the disk of {folder}"
    if free < FREE_BYTES_MIN:
        yield Finding(State.FAIL, what, "free some space, or move the data folder: uploads are about to fail")
    else:
        yield Finding(State.OK, what)


def check_git(_settings: Settings) -> Iterator[Finding]:
    found = _version("git", "--version")
    need = ".".join(map(str, GIT_MIN))
    if found is None:
        yield Finding(State.FAIL, "git is not installed", f"install git {need} or later: pushes and clones need it")
    elif found < GIT_MIN:
        yield Finding(State.FAIL, f"git {_dotted(found)} is too old", f"install git {need} or later")
    else:
        yield Finding(State.OK, f"git {_dotted(found)}")


def check_git_lfs(_settings: Settings) -> Iterator[Finding]:
    found = _version("git-lfs", "version")
    if found is None:
        yield Finding(State.OK, "git-lfs is not installed here (only clients need it)")
    else:
        yield Finding(State.OK, f"git-lfs {_dotted(found)}")


def check_clock(_settings: Settings) -> Iterator[Finding]:
    now = datetime.now(UTC)
    if now < RELEASED:
        yield Finding(
            State.FAIL, f"the clock says {now:%Y-%m-%d}", "set it: signed addresses and sessions expire by it"
        )
    else:
        yield Finding(State.OK, f"clock: {now:%Y-%m-%d %H:%M:%S} UTC")


def check_secret(settings: Settings) -> Iterator[Finding]:
    from zoco.hub.accounts.keyring import FILE, LENGTH_MIN, MasterKeyProblem, master_key

    file = settings.data / FILE
    if not settings.secret_key and settings.is_embedded and not file.exists():
        yield Finding(State.WARN, f"{file} does not exist yet", "`zoco serve` makes it; keep a copy with your backups")
        return
    try:
        master_key(settings)
    except MasterKeyProblem as error:
        cure = f"set ZOCO_SECRET_KEY to {LENGTH_MIN} characters or more, or restore {file}"
        yield Finding(State.FAIL, str(error), cure)
        return
    if settings.secret_key:
        yield Finding(State.OK, "master key from ZOCO_SECRET_KEY")
    elif file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding(State.FAIL, f"{file} can be read by other users", f"chmod 600 {file}")
    else:
        yield Finding(State.OK, f"master key in {file}")


def check_database(settings: Settings) -> Iterator[Finding]:
    from zoco.adapters.db import full_text
    from zoco.adapters.db.migrate import SchemaProblem, schema_of
    from zoco.adapters.db.open import open_database
    from zoco.core.errors import Unavailable

    if settings.is_embedded and full_text.is_missing():
        yield Finding(State.FAIL, "this Python's SQLite has no full-text search (FTS5)", full_text.CURE)
    if settings.is_embedded and not (settings.data / "zoco.db").exists():
        yield Finding(State.WARN, "the embedded database does not exist yet", "`zoco serve` makes it")
        return
    db = open_database(settings)
    kind = "SQLite" if db.is_sqlite else "PostgreSQL"
    try:
        schema = schema_of(db)
        yield Finding(State.OK, f"{kind} database answers")
        if schema.is_current:
            yield Finding(State.OK, f"schema {schema.current} is current")
            yield from _check_key(settings, db)
            yield from _check_its_clock(db)
        elif db.is_sqlite:
            yield Finding(
                State.WARN, f"schema {schema.current} is not current", "`zoco serve` migrates it, after a copy"
            )
        else:
            yield Finding(State.FAIL, f"schema {schema.current} is not current", "make a backup and run `zoco migrate`")
    except SchemaProblem as error:
        yield Finding(State.FAIL, "the database's schema is not ours", str(error))
    except Unavailable as error:
        yield Finding(State.FAIL, f"{kind} database: {error.__cause__ or error.message}", "start it, and check its URL")
    finally:
        db.close()


def _check_its_clock(db: Database) -> Iterator[Finding]:
    if db.is_sqlite:
        return
    with db.read() as read:
        there = float(read.exec_driver_sql("SELECT extract(epoch FROM now())").scalar_one())
    off_s = abs(there - datetime.now(UTC).timestamp())
    if off_s > CLOCK_OFF_MAX_S:
        yield Finding(State.WARN, f"the database's clock is {off_s:.0f} s off ours", "let both follow a time server")


def _check_key(settings: Settings, db: Database) -> Iterator[Finding]:
    from zoco.hub.accounts.keyring import MasterKeyProblem, is_opened_by, read_master_key

    try:
        master = read_master_key(settings)
    except MasterKeyProblem:
        return  # said by check_secret
    if master is not None and not is_opened_by(db, master):
        cure = "start with the ZOCO_SECRET_KEY (or secret.key) that this database was made with"
        yield Finding(State.FAIL, "the master key does not open the keys in the database", cure)


def check_store(settings: Settings) -> Iterator[Finding]:
    from zoco.adapters.blobs.open import open_blobs
    from zoco.adapters.blobs.port import BlobNotFound
    from zoco.adapters.clock import fresh_uuid
    from zoco.core.errors import Unavailable

    where = settings.storage_url or f"{settings.data}"
    if not settings.storage_url and not settings.data.exists():
        yield Finding(State.WARN, "the store's folder does not exist yet", "`zoco serve` makes it")
        return
    key, probe = f"probe/{fresh_uuid()}", b"zoco doctor"
    try:
        blobs = open_blobs(settings)
        blobs.put_bytes(key, probe)
        came_back = b"".join(blobs.read(key))
        blobs.delete(key)
    except (Unavailable, BlobNotFound, OSError, ValueError) as error:
        reason = getattr(error, "message", "") or str(error) or type(error).__name__
        yield Finding(State.FAIL, f"the store at {where} cannot be used: {reason}", "check the storage_* settings")
        return
    if came_back != probe:
        yield Finding(State.FAIL, f"the store at {where} gives back other bytes than it was given", "use another one")
    else:
        yield Finding(State.OK, f"store at {where}: written, read and deleted a probe")


def _version(*command: str) -> tuple[int, ...] | None:
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", said)
    return tuple(int(part) for part in found.groups() if part) if found else None


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
