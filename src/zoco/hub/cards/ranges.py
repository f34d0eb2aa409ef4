"""How is a part of a repository's file read, wherever its bytes rest? For headers: the weights are never read whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from zoco.core.errors import Invalid
from zoco.core.ids import EMPTY_TREE, Oid
from zoco.core.repos import ContentsRepo
from zoco.formats.git.objects import Commit, Kind, TreeEntry
from zoco.formats.lfs.pointer import POINTER_SIZE_MAX, Pointer, parse_pointer
from zoco.hub.lfs.content import read_object
from zoco.hub.lfs.objects import LfsObject, find_all
from zoco.hub.xet.xorbs import Xet

PATHS_MAX = 20_000


class Objects(Protocol):
    """Where commits, trees and blobs are read from: a repository's reader, or a commit that is still being made."""

    def read(self, oid: Oid) -> tuple[Kind, bytes]: ...
    def header(self, oid: Oid) -> tuple[Kind, int]: ...
    def tree(self, oid: Oid) -> list[TreeEntry]: ...
    def commit(self, oid: Oid) -> Commit: ...
    def walk(self, tree: Oid) -> Iterator[tuple[str, TreeEntry]]: ...


def files_at(objects: Objects, commit: Oid) -> Mapping[str, TreeEntry]:
    """By path. All of the root folder, and of the others as many as are read."""
    root = objects.commit(commit).tree
    if root == EMPTY_TREE:
        return {}
    found = {entry.name.decode("utf-8", "replace"): entry for entry in objects.tree(root) if entry.is_blob}
    found.update((path, entry) for path, entry in islice(objects.walk(root), PATHS_MAX) if not entry.is_tree)
    return found


@dataclass(frozen=True, slots=True)
class RangedFile:
    """`content` names the bytes for ever: what was learnt of them need not be learnt again."""

    content: str
    size: int
    fetch: Callable[[int, int], bytes]
    """bytes [start, end); fewer where the file ends"""


def ranged(xet: Xet, repo: ContentsRepo, objects: Objects, entries: Iterable[TreeEntry]) -> list[RangedFile]:
    """Raises Invalid for a pointer to what was never uploaded to this repository."""
    entries = list(entries)
    pointers = [_pointer(objects, entry) for entry in entries]
    wanted = [pointer.sha256 for pointer in pointers if pointer]
    found = find_all(xet.db, repo, wanted) if wanted else {}
    return [
        _stored(xet, found.get(pointer.sha256), pointer) if pointer else _plain(objects, entry)
        for entry, pointer in zip(entries, pointers, strict=True)
    ]


def _pointer(objects: Objects, entry: TreeEntry) -> Pointer | None:
    if objects.header(entry.oid)[1] > POINTER_SIZE_MAX:
        return None
    return parse_pointer(objects.read(entry.oid)[1])


def _plain(objects: Objects, entry: TreeEntry) -> RangedFile:
    data = objects.read(entry.oid)[1]
    return RangedFile(entry.oid, len(data), lambda start, end: data[start:end])


def _stored(xet: Xet, found: LfsObject | None, pointer: Pointer) -> RangedFile:
    if found is None:
        raise Invalid(f"LFS object {pointer.sha256} is not in this repository")

    def fetch(start: int, end: int) -> bytes:
        return b"".join(read_object(xet, found, start, end)) if start < found.size else b""

    return RangedFile(found.sha256, found.size, fetch)
