"""How does a file survive a power cut? Synced itself, and its name in its folder too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def sync_file(path: Path) -> None:
    _sync(path, os.O_RDONLY)


def sync_folder(path: Path) -> None:
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def make_folder(path: Path) -> None:
    """With its parents, each durable in its own parent."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync_folder(path.parent)


def appear(to: Path, make: Callable[[Path], None]) -> None:
    """`make` fills a file beside `to`, which then takes its name: a reader sees all of it or nothing."""
    half = to.with_name(f".{to.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        make(half)
        half.replace(to)
    finally:
        half.unlink(missing_ok=True)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
