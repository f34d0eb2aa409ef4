"""How is a generation of the index written, and opened? Its folder and its name: `current_index.py`."""

from __future__ import annotations

import fcntl
import gc
import json
import os
import secrets
import shutil
import tempfile
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zoco.adapters import logs
from zoco.adapters.db.engine import Database
from zoco.core.ids import RepoType
from zoco.hub.catalog import document_store, log_store
from zoco.hub.catalog.current_index import ABOUT, CURRENT, FORMAT, About, about_current, current, identity, sizes_of
from zoco.hub.catalog.index.document import Number
from zoco.hub.catalog.index.segment import Segment
from zoco.hub.catalog.index.writer import SegmentWriter, write_numbers
from zoco.hub.catalog.reindex import Due, what_is_due

COUNTED = tuple(number for number in Number if number is not Number.PARAMETERS)
"""Numbers that change without the document."""


@dataclass(frozen=True, slots=True)
class Generation:
    name: str
    about: About
    segments: Mapping[RepoType, Segment]


def open_generation(folder: Path, db: Database) -> Generation | None:
    """None when there is none, it is damaged, or it was made from another database: then another must be written."""
    name, about = current(folder), about_current(folder, db)
    if name is None or about is None:
        return None
    try:
        return Generation(name, about, {type: Segment(folder / name / type.plural) for type in RepoType})
    except (OSError, ValueError) as error:
        logs.warning("catalogue_not_opened", name=name, why=str(error))
        return None


@cache
def empty_segment() -> Segment:
    with tempfile.TemporaryDirectory() as folder:  # its files may go: they are mapped
        SegmentWriter().write(Path(folder))
        return Segment(Path(folder))


def build(db: Database, folder: Path) -> Generation | None:
    """Writes a new generation and makes it the current one. None when another process of this node is at it."""
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder) as is_alone:
        return _became_current(db, folder, lambda fresh: _write_all(db, fresh)) if is_alone else None


def refresh_numbers(db: Database, folder: Path) -> Generation | None:
    """As `build`, with the documents of the current generation and today's numbers: a small part of the work."""
    with _alone(folder) as is_alone:
        old = open_generation(folder, db) if is_alone else None
        return _became_current(db, folder, lambda fresh: _write_numbers(db, fresh, folder, old)) if old else None


def write_what_is_due(db: Database, folder: Path) -> Due:
    """May find nothing due, or another process at it."""
    due = what_is_due(db, folder)
    made: Generation | None = None
    if due is Due.ALL:
        made = build(db, folder)
    elif due is Due.NUMBERS:
        made = refresh_numbers(db, folder)
    if made is not None:
        logs.info("catalogue_written", generation=made.name, what=due.name.lower())
    return due


def _became_current(db: Database, folder: Path, write: Callable[[Path], About]) -> Generation:
    fresh = Path(tempfile.mkdtemp(prefix="writing-", dir=folder))
    try:
        told = write(fresh)
        about = {"format": FORMAT, **told._asdict(), "database": identity(db), "sizes": sizes_of(fresh)}
        (fresh / ABOUT).write_text(json.dumps(about, indent=1))
        _sync(fresh)
        name = f"{told.numbers_seq}-{secrets.token_hex(4)}"
        fresh.rename(folder / name)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    naming = folder / f"{CURRENT}.new"
    naming.write_text(name)
    _sync_one(naming)
    naming.replace(folder / CURRENT)
    _sync_one(folder)
    generation = open_generation(folder, db)
    assert generation is not None, f"the generation {name} was just written"
    _tidy(folder, name)
    return generation


def _write_all(db: Database, fresh: Path) -> About:
    with _without_collector(), db.read() as read:
        seq = log_store.newest(read)  # before the documents: what changes meanwhile is replayed
        writers = {type: SegmentWriter() for type in RepoType}
        for document in document_store.all_documents(read):
            writers[document.type].add(document)
    size = 0
    for type in RepoType:
        (fresh / type.plural).mkdir()
        size += writers.pop(type).write(fresh / type.plural)
    return About(seq, seq, size)


def _write_numbers(db: Database, fresh: Path, folder: Path, old: Generation) -> About:
    with db.read() as read:
        seq = log_store.newest(read)
        found = {type: _Numbers(array("q"), array("q")) for type in RepoType}
        for type_, key, numbers in document_store.all_numbers(read):
            found[RepoType(type_)].keys.append(key)
            found[RepoType(type_)].rows.extend(numbers)
    for type, segment in old.segments.items():
        (fresh / type.plural).mkdir()
        for number, column in _columns(segment, found.pop(type)).items():
            write_numbers(fresh / type.plural, number, column)
        for file in (folder / old.name / type.plural).iterdir():
            if not (fresh / type.plural / file.name).exists():
                (fresh / type.plural / file.name).hardlink_to(file)
    return About(old.about.seq, seq, old.about.size)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Millions of arrays are made, and none is part of a cycle: looking for some would take a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Numbers(NamedTuple):
    """Of all repositories of a type: their keys, and a row of `COUNTED` for each."""

    keys: array[int]
    rows: array[int]


def _columns(segment: Segment, found: _Numbers) -> dict[Number, NDArray[np.int64]]:
    """Repositories that are gone keep their last numbers: nobody finds them."""
    keys = np.array(found.keys, dtype=np.int64)
    docs = np.searchsorted(segment.keys, keys)
    known = docs < segment.size
    known[known] = segment.keys[docs[known]] == keys[known]
    rows = np.array(found.rows, dtype=np.int64).reshape(len(keys), len(COUNTED))
    columns: dict[Number, NDArray[np.int64]] = {}
    for at, number in enumerate(COUNTED):
        columns[number] = segment.values[number].copy()
        columns[number][docs[known]] = rows[known, at]
    return columns


def _sync(folder: Path) -> None:
    for one in [*folder.rglob("*"), folder]:
        _sync_one(one)


def _sync_one(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _tidy(folder: Path, keep: str) -> None:
    """Other generations may still be mapped: their files live on until those processes have let go."""
    for one in folder.iterdir():
        if one.is_dir() and one.name != keep:
            shutil.rmtree(one, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    opened = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(opened)
