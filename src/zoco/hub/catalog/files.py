"""What do the files of a repository add to its description? Their names, sizes and LFS facts."""

from __future__ import annotations

from zoco.adapters.git.reader import Reader
from zoco.core.ids import EMPTY_TREE, Oid
from zoco.hub.catalog.info import Sibling, SiblingLfs
from zoco.hub.repos.entries import describe


def siblings_at(git: Reader, commit: Oid, *, sizes: bool) -> tuple[Sibling, ...]:
    """Every file at the commit, by path."""
    root = git.commit(commit).tree
    found = [] if root == EMPTY_TREE else [(path, entry) for path, entry in git.walk(root) if not entry.is_tree]
    found.sort(key=lambda one: one[0])
    if not sizes:
        return tuple(Sibling(path) for path, _ in found)
    return tuple(
        Sibling(
            entry.path,
            entry.size,
            entry.oid,
            SiblingLfs(entry.lfs.sha256, entry.lfs.size, entry.lfs.pointer_size) if entry.lfs else None,
        )
        for entry in describe(git, found)
    )
