"""Where is a bare repository to read from? Made on this node from (refs, packs), kept while used, never the truth.

The folder's name holds the prune epoch: after a prune the old objects are out of sight, so that no push can build on
them. A file in it says which version of the repository it shows. Packs come before refs and a pack before its index,
each by a rename, so that whoever looks meanwhile sees an older state or the new one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zoco.adapters.blobs.durable import appear
from zoco.adapters.blobs.port import BlobNotFound, BlobStore
from zoco.core.errors import Unavailable
from zoco.core.ids import Oid

_MARKER = "zoco-version"
_TOUCH_S = 60
_HALF_MAX_S = 86_400
IN_USE_S = 900
"""What was asked for within this time may have a reader and is not trimmed."""
UNLISTED_S = 4 * 3600
"""A clone that began before its packs were joined into another reads the old ones to its end."""


@dataclass(frozen=True, slots=True)
class PackFile:
    """`checksum` names the files in a bare repository, `uuid` the objects in the store."""

    uuid: str
    checksum: str


@dataclass(frozen=True, slots=True)
class RepoState:
    """All there is to know: `peeled` holds the commits behind annotated tags, by the ref's name."""

    key: int
    epoch: int
    version: int
    default_branch: str
    refs: Mapping[str, Oid]
    peeled: Mapping[str, Oid]
    packs: tuple[PackFile, ...]


@dataclass(frozen=True, slots=True)
class LocalPack:
    """A pack this node still has as files: it need not be fetched."""

    checksum: str
    pack: Path
    idx: Path


def pack_keys(uuid: str) -> tuple[str, str]:
    """Keys in the store of a pack and its index."""
    return f"git/{uuid[:2]}/{uuid}.pack", f"git/{uuid[:2]}/{uuid}.idx"


class GitCache:
    """Threads and processes may share the folder."""

    def __init__(self, folder: Path, blobs: BlobStore, size_max_bytes: int) -> None:
        self._folder = folder
        self._blobs = blobs
        self._size_max_bytes = size_max_bytes
        self._touched: dict[Path, float] = {}
        (folder / "locks").mkdir(parents=True, exist_ok=True)

    def ready(self, key: int, epoch: int, version: int, load: Callable[[], RepoState]) -> Path:
        """A bare repository at least as new as `version`. `load` reads the newest state, and only when it is needed.

        Raises Unavailable when the store is away, and what `load` raises.
        """
        bare = self._bare(key, epoch)
        if _version_of(bare) >= version:
            self.touch(bare)
            return bare
        return self._renew(key, epoch, version, load, ())

    def install(
        self, key: int, epoch: int, version: int, load: Callable[[], RepoState], packs: Sequence[LocalPack]
    ) -> None:
        """As `ready`, after a write of this node that left its packs here."""
        self._renew(key, epoch, version, load, packs)

    def touch(self, bare: Path) -> None:
        """It is in use: whoever reads it for long says so again and again. Written to the disk once a minute."""
        now = time.monotonic()
        if now - self._touched.get(bare, -_TOUCH_S) >= _TOUCH_S:
            if len(self._touched) > 10_000:
                self._touched.clear()
            self._touched[bare] = now
            try:
                os.utime(bare / _MARKER)
            except FileNotFoundError:
                self._touched.pop(bare, None)

    def drop(self, key: int) -> None:
        with self._locked(key):
            for bare in self._shard(key).glob(f"{key}.e*.git"):
                self._remove(bare)

    def trim(self) -> int:
        """Removes what was not used for long, the longest unused first, until the cache fits. Returns bytes freed."""
        folders = ((_used_at(bare), bare) for bare in self._folder.glob("*/*.e*.git"))
        found = [(used, bare, _size_of(bare)) for used, bare in folders if used is not None]
        excess = sum(size for _, _, size in found) - self._size_max_bytes
        newest = {bare.name.split(".")[0]: bare for _, bare, _ in sorted(found, key=lambda one: _epoch_of(one[1]))}
        freed = 0
        for used, bare, size in sorted(found):
            key = bare.name.split(".")[0]
            if used > time.time() - IN_USE_S or (freed >= excess and newest[key] == bare):
                continue
            with self._locked(int(key)):
                self._remove(bare)
            freed += size
        for gone in self._folder.glob("*/.gone-*"):  # its remover was killed
            shutil.rmtree(gone, ignore_errors=True)
        return freed

    # --- making -------------------------------------------------------------------------------------------------------

    def _renew(
        self, key: int, epoch: int, version: int, load: Callable[[], RepoState], local: Sequence[LocalPack]
    ) -> Path:
        with self._locked(key):
            bare = self._bare(key, epoch)
            if _version_of(bare) >= version:  # somebody was faster
                return bare
            state = load()
            bare = self._bare(key, state.epoch)
            try:
                self._materialise(bare, state, self._here(bare) | {one.checksum: one for one in local})
            except BlobNotFound:
                # joined or pruned between reading the state and fetching its packs
                state = load()
                bare = self._bare(key, state.epoch)
                try:
                    self._materialise(bare, state, {})
                except BlobNotFound as error:
                    raise Unavailable(
                        "The store lost a pack of this repository: an administrator must look."
                    ) from error
            return bare

    def _here(self, bare: Path) -> dict[str, LocalPack]:
        """What the copies of older epochs have: a prune that took only LFS links changes no pack."""
        if bare.exists():
            return {}
        older = bare.parent.glob(f"{bare.name.split('.')[0]}.e*.git/objects/pack/pack-*.idx")
        return {idx.stem[5:]: LocalPack(idx.stem[5:], idx.with_suffix(".pack"), idx) for idx in older}

    def _materialise(self, bare: Path, state: RepoState, local: Mapping[str, LocalPack]) -> None:
        packs = bare / "objects" / "pack"
        if not packs.is_dir():
            for part in ("objects/pack", "objects/info", "refs/heads", "refs/tags"):
                (bare / part).mkdir(parents=True, exist_ok=True)
            _write(bare / "config", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
        for pack in state.packs:
            self._install_pack(packs, pack, local.get(pack.checksum))
        _write(bare / "packed-refs", _packed_refs(state))
        _write(bare / "HEAD", f"ref: refs/heads/{state.default_branch}\n")
        _remove_unlisted(packs, {pack.checksum for pack in state.packs})
        _write(bare / _MARKER, str(state.version))

    def _install_pack(self, packs: Path, pack: PackFile, local: LocalPack | None) -> None:
        name = packs / f"pack-{pack.checksum}"
        idx = name.with_suffix(".idx")
        if idx.exists():
            name.with_suffix(".unlisted").unlink(missing_ok=True)
            return
        for key, to, here in zip(
            pack_keys(pack.uuid),
            (name.with_suffix(".pack"), idx),
            (local.pack, local.idx) if local else (None, None),
            strict=True,
        ):
            if here is None or not _linked(here, to):
                self._blobs.fetch(key, to)

    # --- files --------------------------------------------------------------------------------------------------------

    def _shard(self, key: int) -> Path:
        return self._folder / f"{key % 256:02x}"

    def _bare(self, key: int, epoch: int) -> Path:
        return self._shard(key) / f"{key}.e{epoch}.git"

    def _remove(self, bare: Path) -> None:
        """First out of sight, then file by file."""
        gone = bare.with_name(f".gone-{bare.name}-{os.urandom(4).hex()}")
        try:
            bare.rename(gone)
        except FileNotFoundError:
            return
        shutil.rmtree(gone, ignore_errors=True)

    @contextmanager
    def _locked(self, key: int) -> Iterator[None]:
        """One at a time makes a repository, whichever thread or process: flock belongs to the open file."""
        lock = self._folder / "locks" / str(key % 4096)
        lock.parent.mkdir(parents=True, exist_ok=True)  # the whole folder may be wiped at any time
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _version_of(bare: Path) -> int:
    try:
        descriptor = os.open(f"{bare}/{_MARKER}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1
    try:
        return int(os.read(descriptor, 32) or b"-1")
    finally:
        os.close(descriptor)


def _write(path: Path, text: str) -> None:
    """A rename costs more than a look whether it is needed: most writes move one ref and leave HEAD as it is."""
    try:
        if path.read_text("utf-8") == text:
            return
    except FileNotFoundError:
        pass
    appear(path, lambda half: _put(half, text))


def _put(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def _linked(source: Path, to: Path) -> bool:
    """False when it cannot be: the file is gone, or on another disk."""
    try:
        os.link(source, to)
    except FileExistsError:
        return True
    except OSError:
        return False
    return True


def _packed_refs(state: RepoState) -> str:
    lines = ["# pack-refs with: peeled fully-peeled sorted "]
    for name in sorted(state.refs, key=str.encode):
        lines.append(f"{state.refs[name]} {name}")
        if name in state.peeled:
            lines.append(f"^{state.peeled[name]}")
    return "\n".join(lines) + "\n"


def _remove_unlisted(packs: Path, listed: set[str]) -> None:
    """Packs that were joined into another go when nobody can be reading them any more, and halves that a killed
    process left."""
    for half in packs.glob(".pack-*"):
        if half.stat().st_mtime < time.time() - _HALF_MAX_S:
            half.unlink(missing_ok=True)
    for idx in packs.glob("pack-*.idx"):
        if idx.stem[5:] in listed:
            continue
        mark = idx.with_suffix(".unlisted")
        if not mark.exists():
            mark.touch()
        elif mark.stat().st_mtime < time.time() - UNLISTED_S:
            for suffix in (".idx", ".pack", ".unlisted"):
                idx.with_suffix(suffix).unlink(missing_ok=True)


def _used_at(bare: Path) -> float | None:
    try:
        return (bare / _MARKER).stat().st_mtime
    except FileNotFoundError:
        return None


def _epoch_of(bare: Path) -> int:
    return int(bare.name.split(".")[1][1:])


def _size_of(bare: Path) -> int:
    """A file shared with a local store by a hard link takes no room of its own."""
    total = 0
    for folder, _, names in os.walk(bare):
        for name in names:
            try:
                facts = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 (a Path for each costs more)
            except FileNotFoundError:
                continue
            total += facts.st_size if facts.st_nlink == 1 else 0
    return total
