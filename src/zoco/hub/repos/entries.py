"""What stands in a tree, as people see it: with the real sizes of LFS files and, where asked, the last commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zoco.adapters.git.reader import Reader
from zoco.core.errors import Invalid
from zoco.core.ids import Oid, Sha256
from zoco.core.repos import ReadableRepo
from zoco.formats.git.objects import TreeEntry
from zoco.formats.lfs.pointer import POINTER_SIZE_MAX, parse_pointer
from zoco.hub.lfs.objects import PointerInfo
from zoco.hub.repos.history import CommitInfo, commit_infos
from zoco.hub.repos.last_commits import last_commits_of
from zoco.hub.repos.storage import RepoStorage

POINTER_SIZE_MIN = 100
"""No pointer is shorter, whatever its size line: so most small files need no second look."""


@dataclass(frozen=True, slots=True)
class LfsInfo:
    sha256: Sha256
    size: int
    pointer_size: int
    xet_hash: str | None = None
    """of the Xet file it rests in; known where it was asked for"""


@dataclass(frozen=True, slots=True)
class Entry:
    """`size` is what a reader of the file gets: the object's for LFS files, 0 for folders and submodules.

    A name that is no UTF-8 is shown with U+FFFD, and can then only be reached by git.
    """

    path: str
    kind: str
    """file, directory, link or submodule"""
    oid: Oid
    size: int
    mode: int
    lfs: LfsInfo | None = None
    last_commit: CommitInfo | None = None

    @property
    def is_folder(self) -> bool:
        return self.kind == "directory"

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def shown(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def describe(git: Reader, found: Sequence[tuple[str, TreeEntry]]) -> list[Entry]:
    """Entries for (path, tree entry), in their order."""
    sizes = {entry.oid: git.size(entry.oid) for _, entry in found if entry.is_blob or entry.is_link}
    said = pointers_among(git, {e.oid: sizes[e.oid] for _, e in found if e.is_blob})
    return [_entry(path, entry, sizes.get(entry.oid, 0), said.get(entry.oid)) for path, entry in found]


def pointers_among(git: Reader, sizes: Mapping[Oid, int]) -> dict[Oid, PointerInfo]:
    """Which of these blobs are LFS pointers. Those of a pointer's size are opened: a thousand take ten milliseconds,
    less than asking a table for them."""
    may_be = [oid for oid, size in sizes.items() if POINTER_SIZE_MIN <= size < POINTER_SIZE_MAX]
    return {oid: info for oid in may_be if (info := _pointer_info(git.read(oid)[1]))}


def with_last_commits(
    storage: RepoStorage, repo: ReadableRepo, git: Reader, commit: Oid, entries: Sequence[Entry]
) -> list[Entry]:
    oids = last_commits_of(storage, repo, git, commit, [entry.path for entry in entries])
    infos = {info.oid: info for info in commit_infos(storage, git, sorted(set(oids.values())))}
    return [replace(entry, last_commit=infos[oids[entry.path]]) if entry.path in oids else entry for entry in entries]


def _pointer_info(data: bytes) -> PointerInfo | None:
    """A broken pointer is shown as the text it is."""
    try:
        pointer = parse_pointer(data)
    except Invalid:
        return None
    return PointerInfo(pointer.sha256, pointer.size, len(data)) if pointer else None


def _entry(path: str, entry: TreeEntry, size: int, said: PointerInfo | None) -> Entry:
    if entry.is_tree:
        return Entry(path, "directory", entry.oid, 0, entry.mode)
    if entry.is_submodule:
        return Entry(path, "submodule", entry.oid, 0, entry.mode)
    if entry.is_link:
        return Entry(path, "link", entry.oid, size, entry.mode)
    lfs = LfsInfo(said.sha256, said.size, said.pointer_size) if said else None
    return Entry(path, "file", entry.oid, lfs.size if lfs else size, entry.mode, lfs)
