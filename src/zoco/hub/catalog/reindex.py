"""When does this node write its index anew? A process of its own does it: it takes memory that is given back after."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from pathlib import Path

from zoco.adapters import logs
from zoco.adapters.db.changes import Change
from zoco.adapters.db.engine import Database, Read
from zoco.hub.catalog import document_store, log_store
from zoco.hub.catalog.current_index import About, about_current

WRITTEN_FROM = 2000
"""Smaller Hubs keep no index on disk: each process reads all of it in a moment."""

CHANGED_SHARE = 50
CHANGED_MIN, CHANGED_MAX = 500, 10_000
"""An index is written anew when one in so many repositories has changed, within these bounds."""


class Due(Enum):
    NOTHING = auto()
    NUMBERS = auto()
    ALL = auto()


def what_is_due(db: Database, folder: Path) -> Due:
    about = about_current(folder, db)
    with db.read() as read:
        ends = log_store.log_ends(read)
        if about is None or not ends.oldest - 1 <= about.seq <= ends.newest:
            is_large = document_store.count_repos(read, WRITTEN_FROM) >= WRITTEN_FROM
            return Due.ALL if is_large else Due.NOTHING
        return _due_after(read, about)


def _due_after(read: Read, about: About) -> Due:
    bound = min(max(about.size // CHANGED_SHARE, CHANGED_MIN), CHANGED_MAX)
    if log_store.count_changed(read, Change.DOCUMENT, about.seq) >= bound:
        return Due.ALL
    if log_store.count_changed(read, Change.NUMBERS, about.numbers_seq) >= bound:
        return Due.NUMBERS
    return Due.NOTHING


class Reindexer:
    """Starts the process when something is due. For the schedule: returns at once."""

    def __init__(self, db: Database, folder: Path, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._db = db
        self._folder = folder
        self._command = list(command)
        self._environment = dict(environment)
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        if self._child is not None:
            if self._child.poll() is None:
                return
            if self._child.returncode:
                logs.error("catalogue_not_written", code=self._child.returncode)
            self._child = None
        if what_is_due(self._db, self._folder) is not Due.NOTHING:
            self._child = subprocess.Popen(self._command, env=self._environment)
