"""How is a git process run here? In a clean environment, with a bound on its memory and, where no client sets the pace,
on its time."""

from __future__ import annotations

import resource
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from zoco.core.errors import Unavailable

MEMORY_MAX_BYTES = 4 << 30
TIME_MAX_S = 1800
WALK_MAX_S = 4 * 3600
"""For a walk through everything, which no client waits for."""

CHUNK_BYTES = 64 << 10
_TOLD_MAX = 2000


def start(
    words: list[str],
    environment: dict[str, str],
    *,
    stdin: int | IO[bytes],
    stdout: int | IO[bytes],
    stderr: IO[bytes],
) -> subprocess.Popen[bytes]:
    try:
        process = subprocess.Popen(
            ["git", *words], env=environment, stdin=stdin, stdout=stdout, stderr=stderr, cwd=environment["GIT_DIR"]
        )
    except OSError as error:
        raise Unavailable(f"git cannot be started here: {error.strerror}.") from error
    with suppress(ProcessLookupError, AttributeError):  # it may have ended already; only Linux can
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    return process


@contextmanager
def time_limit(process: subprocess.Popen[bytes], time_max_s: int = TIME_MAX_S) -> Iterator[None]:
    timer = threading.Timer(time_max_s, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()


def complaint(errors: IO[bytes]) -> str:
    """What git complained about, without its prefixes and without what it only suspects from it."""
    errors.seek(0)
    lines = errors.read(_TOLD_MAX * 4).decode("utf-8", "replace").splitlines()
    said = [line.removeprefix("fatal: ").removeprefix("error: ") for line in lines if not line.startswith("warning: ")]
    return "; ".join(said)[:_TOLD_MAX]


@contextmanager
def as_file(body: Path | bytes) -> Iterator[IO[bytes]]:
    if isinstance(body, Path):
        with body.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as file:
        file.write(body)
        file.seek(0)
        yield file
