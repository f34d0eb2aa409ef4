"""On which data a command acts: the same folder, database and store as a running server."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from zoco.settings import Settings, load

if TYPE_CHECKING:
    from zoco.adapters.db.engine import Database


class BadSettings(Exception):
    """The command cannot even begin; the message names the cure."""


def add_place(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("where")
    group.add_argument("--data", type=Path, metavar="DIR", help="data folder (ZOCO_DATA, or ./data)")
    group.add_argument("--database-url", metavar="URL", help="postgresql://… instead of the data folder's database")
    group.add_argument("--storage-url", metavar="URL", help="s3://bucket/prefix instead of the data folder")


def settings_of(args: argparse.Namespace) -> Settings:
    """Raises BadSettings."""
    try:
        return load(args.data, database_url=args.database_url, storage_url=args.storage_url)
    except (ValueError, OSError) as error:
        raise BadSettings(str(error)) from error


@contextmanager
def database(args: argparse.Namespace) -> Iterator[Database]:
    """Migrated, as the server would. Raises BadSettings, Unavailable."""
    from zoco.adapters.db.migrate import SchemaProblem, prepare
    from zoco.adapters.db.open import open_database

    settings = settings_of(args)
    try:
        db = open_database(settings)
    except OSError as error:
        raise BadSettings(f"{settings.data} cannot be used ({error.strerror}): choose another --data") from error
    try:
        prepare(db, settings)
        yield db
    except SchemaProblem as error:
        raise BadSettings(str(error)) from error
    finally:
        db.close()
