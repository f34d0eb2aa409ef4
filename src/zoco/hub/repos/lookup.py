"""What does a tree hold at many paths? Each folder is read once, however many of its entries are asked for."""

from __future__ import annotations

from zoco.adapters.git.reader import Reader
from zoco.core.ids import EMPTY_TREE, Oid
from zoco.formats.git.objects import TreeEntry

ENTRIES_KEPT_MAX = 500_000
"""So many entries are remembered at once (about 200 MB at worst); then reading begins anew."""


class Lookup:
    """Paths of one tree. git parses a flat folder of 10,000 files again for every path asked for; this does not."""

    def __init__(self, git: Reader, root: Oid) -> None:
        self._git = git
        self._root = root
        self._folders: dict[Oid, dict[bytes, TreeEntry]] = {}
        self._kept = 0

    def find(self, path: str) -> TreeEntry | None:
        """None for the root itself, and below what is no folder: links are not followed."""
        found: TreeEntry | None = None
        folder: Oid | None = self._root
        try:
            names = path.encode().split(b"/")
        except UnicodeEncodeError:  # a lone surrogate, from JSON
            return None
        for name in names:
            if folder is None:
                return None
            found = self._entries(folder).get(name)
            folder = found.oid if found is not None and found.is_tree else None
        return found

    def names(self, folder: str) -> frozenset[bytes]:
        """Of all entries of a folder ("" is the root); none where there is no such folder."""
        held = self.find(folder) if folder else None
        if folder and (held is None or not held.is_tree):
            return frozenset()
        return frozenset(self._entries(held.oid if held else self._root))

    def _entries(self, folder: Oid) -> dict[bytes, TreeEntry]:
        entries = self._folders.get(folder)
        if entries is None:
            read = self._git.tree(folder) if folder != EMPTY_TREE else []
            entries = {entry.name: entry for entry in read}
            if self._kept + len(entries) > ENTRIES_KEPT_MAX:
                self._folders.clear()
                self._kept = 0
            self._folders[folder] = entries
            self._kept += len(entries)
        return entries
