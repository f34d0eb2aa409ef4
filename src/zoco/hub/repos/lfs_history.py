"""Where in a repository's whole history do LFS pointers stand? Each tree is read once, whoever shares it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from zoco.adapters.git.history import ID_BYTES, all_commits
from zoco.adapters.git.reader import Reader
from zoco.core.ids import EMPTY_TREE, Oid, Sha256
from zoco.hub.lfs.objects import PointerInfo
from zoco.hub.repos.entries import pointers_among, shown
from zoco.hub.repos.ref_store import RefRow

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """A pointer: its blob, a path it stood at and a ref that leads there."""

    blob: Oid
    path: str
    ref: str


def pointers_in_history(
    git: Reader,
    refs: Sequence[RefRow],
    wanted: Collection[Sha256] | None = None,
    *,
    objects_max: int | None = None,
) -> Iterator[tuple[Place, PointerInfo]]:
    """Each pointer blob once, what the refs hold now before what they held. Ends early when all of `wanted` was
    met, or after about `objects_max` trees and files."""
    left = set(wanted) if wanted is not None else None
    places = _blobs(git, refs, objects_max)
    while found := list(islice(places, BATCH)):
        sizes = {place.blob: git.size(place.blob) for place in found}
        said = pointers_among(git, sizes)
        for place in found:
            if (info := said.get(place.blob)) and (left is None or info.sha256 in left):
                yield place, info
        if left is not None:
            left -= {info.sha256 for info in said.values()}
            if not left:
                return


def _blobs(git: Reader, refs: Sequence[RefRow], objects_max: int | None) -> Iterator[Place]:
    """Every file of every commit, each content once."""
    seen: set[Oid] = set()
    commits: set[Oid] = set()
    for ref in refs:
        yield from _new_blobs(git, git.commit(ref.commit).tree, ref.name, seen)
    for ref in refs:
        if ref.commit in commits:
            continue
        ids = all_commits(git.repository, ref.commit)
        for at in range(0, len(ids), ID_BYTES):
            oid = Oid(ids[at : at + ID_BYTES].hex())
            if oid not in commits and (objects_max is None or len(seen) < objects_max):
                commits.add(oid)
                yield from _new_blobs(git, git.commit(oid).tree, ref.name, seen)


def _new_blobs(git: Reader, root: Oid, ref: str, seen: set[Oid]) -> Iterator[Place]:
    waiting = [(root, b"")]
    while waiting:
        tree, prefix = waiting.pop()
        if tree in seen or tree == EMPTY_TREE:
            continue
        seen.add(tree)
        for entry in git.tree(tree):
            if entry.is_tree:
                waiting.append((entry.oid, prefix + entry.name + b"/"))
            elif entry.is_blob and entry.oid not in seen:
                seen.add(entry.oid)
                yield Place(entry.oid, shown(prefix + entry.name), ref)
