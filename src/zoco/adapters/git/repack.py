"""Many packs into one, by C git, in a workshop folder of its own: the node's cache is neither read nor touched."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zoco.adapters.clock import fresh_uuid
from zoco.adapters.git.environment import git_environment
from zoco.adapters.git.walk import count_objects
from zoco.core.errors import Unavailable
from zoco.core.ids import Oid
from zoco.formats.git.pack import WrittenPack

TIME_MAX_S = 4 * 3600


@dataclass(frozen=True, slots=True)
class NewPack:
    """Files in the workshop, gone when it closes."""

    pack: Path
    idx: Path
    written: WrittenPack

    @property
    def objects(self) -> int:
        return self.written.objects


class Workshop:
    """A bare repository without refs. Put packs into `packs` as `pack-<checksum>.pack` and `.idx`."""

    def __init__(self, bare: Path) -> None:
        self.bare = bare
        self.packs = bare / "objects" / "pack"

    def join(self, checksums: Sequence[str]) -> NewPack:
        """Every object of these packs once, whether a ref reaches it or not: safe beside pushes."""
        names = "".join(f"pack-{checksum}.pack\n" for checksum in checksums)
        return self._pack(["--stdin-packs"], names)

    def reachable(self, tips: Iterable[Oid]) -> NewPack | None:
        """What the tips reach and nothing else; None when there is nothing."""
        wanted = "".join(f"{tip}\n" for tip in tips)
        return self._pack(["--revs"], wanted) if wanted else None

    def count_objects(self) -> int:
        """Distinct objects in all packs put here."""
        return count_objects(self.bare)

    def _pack(self, options: list[str], stdin: str) -> NewPack:
        base = self.bare / "new"
        command = ["pack-objects", "-q", *options, "--delta-base-offset", str(base)]
        checksum = self._run(command, stdin.encode()).decode().strip()
        pack, idx = base.with_name(f"new-{checksum}.pack"), base.with_name(f"new-{checksum}.idx")
        return NewPack(pack, idx, WrittenPack(checksum, pack.stat().st_size, _objects_in(pack)))

    def _run(self, command: list[str], stdin: bytes = b"") -> bytes:
        try:
            done = subprocess.run(
                ["git", *command],
                cwd=self.bare,
                env=git_environment(self.bare),
                input=stdin,
                capture_output=True,
                check=True,
                timeout=TIME_MAX_S,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError) as error:
            told = (
                error.stderr[-500:].decode("utf-8", "replace")
                if isinstance(error, subprocess.CalledProcessError)
                else ""
            )
            raise Unavailable(f"git {command[0]} failed: {told or error}") from error
        return done.stdout


@contextmanager
def workshop(scratch: Path) -> Iterator[Workshop]:
    bare = scratch / f"repack-{fresh_uuid()}"
    try:
        for folder in ("objects/pack", "objects/info", "refs/heads"):
            (bare / folder).mkdir(parents=True)
        (bare / "HEAD").write_text("ref: refs/heads/main\n")
        (bare / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n[gc]\n\tauto = 0\n")
        yield Workshop(bare)
    finally:
        shutil.rmtree(bare, ignore_errors=True)


def _objects_in(pack: Path) -> int:
    """The count in the pack's header (gitformat-pack)."""
    with pack.open("rb") as file:
        return int.from_bytes(file.read(12)[8:], "big")
