"""What C git does here: index a pack that arrives, check what it brings, and make packs for those who fetch.

Every process has a clean environment, a bound on its memory and, where no client sets the pace, on its time.
"""

from __future__ import annotations

import errno
import os
import re
import resource
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from zoco.adapters import logs
from zoco.adapters.git.environment import git_environment
from zoco.core.errors import Invalid, StoreFull, Unavailable
from zoco.core.ids import Oid

MEMORY_MAX_BYTES = 4 << 30
TIME_MAX_S = 1800
WALK_MAX_S = 4 * 3600
"""For a walk through everything, which no client waits for."""
CHUNK_BYTES = 64 << 10
_TOLD_MAX = 2000
_NO_ROOM = os.strerror(errno.ENOSPC)

# what old histories hold and no client minds; all else that fsck knows is refused
_FSCK = "--strict=zeroPaddedFilemode=ignore,badTimezone=ignore"


@dataclass(frozen=True, slots=True)
class IndexedPack:
    pack: Path
    idx: Path
    checksum: str
    size: int
    objects: int


class IndexPack:
    """Feed it a pack; `finish` says what it became in `objects/pack`. Objects that the pack leaves out (a thin pack)
    are taken from `bare`."""

    def __init__(self, bare: Path, objects: Path) -> None:
        self._packs = objects / "pack"
        self._packs.mkdir(parents=True, exist_ok=True)
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = _start(
            ["index-pack", "--stdin", "--fix-thin", _FSCK],
            git_environment(bare, objects),
            stdin=subprocess.PIPE,
            stdout=self._out,
            stderr=self._errors,
        )
        self._is_broken = False

    def feed(self, data: bytes) -> None:
        """After git gave up on the pack the rest is swallowed; `finish` tells why."""
        if self._is_broken:
            return
        assert self._process.stdin
        try:
            self._process.stdin.write(data)
        except BrokenPipeError:
            self._is_broken = True

    def finish(self) -> IndexedPack:
        """Raises Invalid with git's own words when the pack is damaged, incomplete or holds what fsck refuses."""
        try:
            with _time_limit(self._process):
                self._close_stdin()
                status = self._process.wait()
            if status:
                told = _told(self._errors)
                raise StoreFull if _NO_ROOM in told else Invalid(told or f"index-pack ended with {status}")
            self._out.seek(0)
            said = re.fullmatch(rb"(?:pack|keep)\t([0-9a-f]{40})\n", self._out.read(100))
            if said is None:  # git hands on what came after the pack
                raise Invalid("there are bytes after the end of the pack")
            checksum = said[1].decode()
        finally:
            self.abort()
        pack = self._packs / f"pack-{checksum}.pack"
        with pack.open("rb") as file:
            objects = int.from_bytes(file.read(12)[8:], "big")
        return IndexedPack(pack, pack.with_suffix(".idx"), checksum, pack.stat().st_size, objects)

    def abort(self) -> None:
        _end(self._process)
        self._close_stdin()
        self._out.close()
        self._errors.close()

    def _close_stdin(self) -> None:
        assert self._process.stdin
        with suppress(BrokenPipeError):
            self._process.stdin.close()


def new_objects(bare: Path, objects: Path | None, tips: Iterable[Oid]) -> Iterator[tuple[Oid, bytes]]:
    """What the tips reach and no ref of `bare` does: trees and files with a path they lie at, commits with none.

    Walking them is the check that nothing is missing: raises Invalid with git's words, when the walk is at its end.
    """
    yield from _listed(git_environment(bare, objects), tips, ["--not", "--all"], TIME_MAX_S)


def reached_objects(
    bare: Path, tips: Iterable[Oid], *, without: Iterable[Oid] = (), blobs_below: int | None = None
) -> Iterator[tuple[Oid, bytes]]:
    """What the tips reach and `without` do not, each once: as `new_objects`, but of the newest commit first.

    `blobs_below`: leave out larger files. Raises Invalid with git's words when something is missing.
    """
    limit = [f"--filter=blob:limit={blobs_below}"] if blobs_below else []
    asked = [*tips, *(f"^{oid}" for oid in without)]
    yield from _listed(git_environment(bare), asked, ["--in-commit-order", *limit], WALK_MAX_S)


def _listed(
    environment: dict[str, str], asked: Iterable[str], options: list[str], time_max_s: int
) -> Iterator[tuple[Oid, bytes]]:
    with tempfile.TemporaryFile() as wanted, tempfile.TemporaryFile() as errors:
        wanted.write("".join(f"{one}\n" for one in asked).encode())
        wanted.seek(0)
        process = _start(
            ["rev-list", "--objects", "--stdin", *options],
            environment,
            stdin=wanted,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            assert process.stdout
            with _time_limit(process, time_max_s), process.stdout as lines:
                for line in lines:
                    yield Oid(line[:40].decode()), line[41:].rstrip(b"\n")
                status = process.wait()
            if status:
                raise Invalid(_told(errors) or f"rev-list ended with {status}")
        finally:
            _end(process)


def stored_size(bare: Path, tips: Iterable[Oid]) -> int:
    """Bytes that all objects take in their packs that the tips reach. Raises Unavailable."""
    asked = "".join(f"{tip}\n" for tip in tips).encode()
    if not asked:
        return 0
    with _as_file(asked) as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        words = ["rev-list", "--objects", "--disk-usage", "--stdin"]
        process = _start(words, git_environment(bare), stdin=stdin, stdout=out, stderr=errors)
        try:
            with _time_limit(process, WALK_MAX_S):
                status = process.wait()
        finally:
            _end(process)
        if status:
            raise Unavailable(f"git rev-list failed: {_told(errors) or status}")
        out.seek(0)
        return int(out.read(30))


def count_objects(bare: Path) -> int:
    """Distinct ones in all packs, whether anything leads to them or not. Raises Unavailable."""
    with tempfile.TemporaryFile() as errors:
        words = ["cat-file", "--batch-check=%(objectname)", "--batch-all-objects", "--unordered"]
        process = _start(words, git_environment(bare), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        try:
            assert process.stdout
            with _time_limit(process, WALK_MAX_S), process.stdout as out:
                count = sum(chunk.count(b"\n") for chunk in iter(lambda: out.read(CHUNK_BYTES), b""))
                status = process.wait()
            if status:
                raise Unavailable(f"git cat-file failed: {_told(errors) or status}")
        finally:
            _end(process)
    return count


def upload_pack(bare: Path, body: Path | bytes, protocol: str) -> Iterator[bytes]:
    """The answer to one request of a fetching client. A client that goes away ends the process.

    Raises Invalid when git gives up before it said anything: the request is not in its protocol. Later it tells the
    client itself.
    """
    with _as_file(body) as stdin, tempfile.TemporaryFile() as errors:
        process = _start(
            ["upload-pack", "--strict", "--stateless-rpc", str(bare)],
            git_environment(bare, protocol=protocol),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            assert process.stdout
            said_anything = False
            with process.stdout as out:
                while chunk := os.read(out.fileno(), CHUNK_BYTES):
                    said_anything = True
                    yield chunk
            if process.wait():
                told = _told(errors)
                logs.info("upload_pack_failed", repo=bare.name, told=told)
                if not said_anything:
                    raise Invalid(f"git could not answer this fetch: {told or 'it gave no reason'}")
        finally:
            _end(process)


def _start(
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
def _time_limit(process: subprocess.Popen[bytes], time_max_s: int = TIME_MAX_S) -> Iterator[None]:
    timer = threading.Timer(time_max_s, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()


def _told(errors: IO[bytes]) -> str:
    """What git complained about, without its prefixes and without what it only suspects from it."""
    errors.seek(0)
    lines = errors.read(_TOLD_MAX * 4).decode("utf-8", "replace").splitlines()
    said = [line.removeprefix("fatal: ").removeprefix("error: ") for line in lines if not line.startswith("warning: ")]
    return "; ".join(said)[:_TOLD_MAX]


@contextmanager
def _as_file(body: Path | bytes) -> Iterator[IO[bytes]]:
    if isinstance(body, Path):
        with body.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as file:
        file.write(body)
        file.seek(0)
        yield file
