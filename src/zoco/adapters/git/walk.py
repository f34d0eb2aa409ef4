"""What do commits lead to, and is all of it there and whole? By C git: a repository may have millions of objects."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from zoco.adapters.git.environment import git_environment
from zoco.adapters.git.process import CHUNK_BYTES, TIME_MAX_S, WALK_MAX_S, as_file, complaint, end, start, time_limit
from zoco.core.errors import Invalid, Unavailable
from zoco.core.ids import Oid


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
        process = start(
            ["rev-list", "--objects", "--stdin", *options],
            environment,
            stdin=wanted,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            assert process.stdout
            with time_limit(process, time_max_s), process.stdout as lines:
                for line in lines:
                    yield Oid(line[:40].decode()), line[41:].rstrip(b"\n")
                status = process.wait()
            if status:
                raise Invalid(complaint(errors) or f"rev-list ended with {status}")
        finally:
            end(process)


def stored_size(bare: Path, tips: Iterable[Oid]) -> int:
    """Bytes that all objects take in their packs that the tips reach. Raises Unavailable."""
    asked = "".join(f"{tip}\n" for tip in tips).encode()
    if not asked:
        return 0
    with as_file(asked) as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        words = ["rev-list", "--objects", "--disk-usage", "--stdin"]
        process = start(words, git_environment(bare), stdin=stdin, stdout=out, stderr=errors)
        try:
            with time_limit(process, WALK_MAX_S):
                status = process.wait()
        finally:
            end(process)
        if status:
            raise Unavailable(f"git rev-list failed: {complaint(errors) or status}")
        out.seek(0)
        return int(out.read(30))


def count_objects(bare: Path) -> int:
    """Distinct ones in all packs, whether anything leads to them or not. Raises Unavailable."""
    with tempfile.TemporaryFile() as errors:
        words = ["cat-file", "--batch-check=%(objectname)", "--batch-all-objects", "--unordered"]
        process = start(words, git_environment(bare), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        try:
            assert process.stdout
            with time_limit(process, WALK_MAX_S), process.stdout as out:
                count = sum(chunk.count(b"\n") for chunk in iter(lambda: out.read(CHUNK_BYTES), b""))
                status = process.wait()
            if status:
                raise Unavailable(f"git cat-file failed: {complaint(errors) or status}")
        finally:
            end(process)
    return count


def fault_of_pack(bare: Path, idx: Path) -> str:
    """What is wrong with a pack or its index, in git's words, after every object was hashed. Empty when nothing is."""
    return _fault(["verify-pack", str(idx)], bare, b"")


def fault_of_history(bare: Path, tips: Iterable[Oid]) -> str:
    """What is missing of all that these commits and tags lead to, in git's words. Empty when nothing is."""
    asked = "".join(f"{tip}\n" for tip in tips).encode()
    return _fault(["rev-list", "--objects", "--quiet", "--stdin"], bare, asked) if asked else ""


def _fault(words: list[str], bare: Path, asked: bytes) -> str:
    with as_file(asked) as stdin, tempfile.TemporaryFile() as errors:
        process = start(words, git_environment(bare), stdin=stdin, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            with time_limit(process, WALK_MAX_S):
                status = process.wait()
        finally:
            end(process)
        return (complaint(errors) or f"git {words[0]} ended with {status}") if status else ""
