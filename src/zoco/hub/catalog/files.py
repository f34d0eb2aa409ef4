"""What do the files of a repository add to its description? Their names, sizes and LFS facts."""

from __future__ import annotations

from itertools import islice

from zoco.adapters.git.reader import Reader
from zoco.core.ids import EMPTY_TREE, Oid
from zoco.hub.catalog.info import Sibling, SiblingLfs
from zoco.hub.repos.entries import describe

FILES_MAX = 60_000
"""Older clients take more than 50,000 for a sign that the list may be cut, and read the tree page by page instead
(huggingface_hub `_snapshot_download.py`, VERY_LARGE_REPO_THRESHOLD)."""

ENTRIES_MAX = 150_000
"""Folders count too: a few objects can stand for billions of paths."""


def siblings_at(git: Reader, commit: Oid, *, sizes: bool) -> tuple[Sibling, ...]:
    """Every file at the commit, by path; of very many only the first FILES_MAX."""
    root = git.commit(commit).tree
    entries = islice(git.walk(root), ENTRIES_MAX) if root != EMPTY_TREE else ()
    files = islice(((path, entry) for path, entry in entries if not entry.is_tree), FILES_MAX)
    found = sorted(files, key=lambda one: one[0])
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
