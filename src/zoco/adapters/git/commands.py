"""What C git does for clients: index a pack that arrives, and make packs for those who fetch."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from zoco.adapters import logs
from zoco.adapters.git.environment import git_environment
from zoco.adapters.git.process import CHUNK_BYTES, as_file, complaint, end, start, time_limit
from zoco.core.errors import Invalid, StoreFull

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
        self._process = start(
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
            with time_limit(self._process):
                self._close_stdin()
                status = self._process.wait()
            if status:
                told = complaint(self._errors)
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
        end(self._process)
        self._close_stdin()
        self._out.close()
        self._errors.close()

    def _close_stdin(self) -> None:
        assert self._process.stdin
        with suppress(BrokenPipeError):
            self._process.stdin.close()


def upload_pack(bare: Path, body: Path | bytes, protocol: str) -> Iterator[bytes]:
    """The answer to one request of a fetching client. A client that goes away ends the process.

    Raises Invalid when git gives up before it said anything: the request is not in its protocol. Later it tells the
    client itself.
    """
    with as_file(body) as stdin, tempfile.TemporaryFile() as errors:
        process = start(
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
                told = complaint(errors)
                logs.info("upload_pack_failed", repo=bare.name, told=told)
                if not said_anything:
                    raise Invalid(f"git could not answer this fetch: {told or 'it gave no reason'}")
        finally:
            end(process)
