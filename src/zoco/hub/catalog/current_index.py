"""Which generation of the index is in use on this node, and does it belong to this database? Looks, and opens nothing.

A generation is a folder with a segment for each type of repository, named by the place in the log that it was made at.
`CURRENT` names the one in use; it is replaced in one step, and a generation that it names is whole. Everything here
may be deleted at any time: it is written again.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from zoco.adapters import logs
from zoco.adapters.db.engine import Database

FORMAT = 2
"""Raise it when the files or the terms in them change: older generations are then ignored."""

CATALOGUE = "catalogue"
"""The folder in the data folder."""

CURRENT = "CURRENT"
ABOUT = "about.json"


class About(NamedTuple):
    """Up to the place `seq` in the log documents are known, up to `numbers_seq` their numbers; `size` is how many."""

    seq: int
    numbers_seq: int
    size: int


def current(folder: Path) -> str | None:
    """Name of the generation in use."""
    try:
        return (folder / CURRENT).read_text("ascii").strip() or None
    except (OSError, ValueError):
        return None


def about_current(folder: Path, db: Database) -> About | None:
    """None when there is none, it is damaged, or it was made from another database."""
    name = current(folder)
    try:
        return read_about(folder / name, db) if name else None
    except (OSError, ValueError, KeyError) as error:
        logs.warning("catalogue_damaged", name=name, why=repr(error))
        return None


def read_about(folder: Path, db: Database) -> About | None:
    """None for another format or database. Raises OSError or ValueError when something is missing."""
    about = json.loads((folder / ABOUT).read_text())
    if about.get("format") != FORMAT or about.get("database") != identity(db):
        return None
    if about.get("sizes") != sizes_of(folder):
        raise ValueError("files are missing or cut")
    return About(int(about["seq"]), int(about["numbers_seq"]), int(about["size"]))


def identity(db: Database) -> str:
    """Which database: a folder that is carried over to another one must not answer for it. The embedded one lies beside
    the index, and moves with it."""
    if db.is_sqlite:
        return "embedded"
    url = db.engine.url
    return sha256(f"{url.drivername} {url.host} {url.port} {url.database}".encode()).hexdigest()[:16]


def sizes_of(folder: Path) -> dict[str, int]:
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != ABOUT)
    return {str(file.relative_to(folder)): file.stat().st_size for file in sorted(files)}
