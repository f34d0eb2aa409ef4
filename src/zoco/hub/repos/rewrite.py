"""What does a history become when some files were never in it? New trees, commits and tags where something changes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from zoco.adapters.git.history import ID_BYTES, all_commits
from zoco.adapters.git.reader import Reader
from zoco.core.ids import EMPTY_TREE, Oid
from zoco.formats.git.objects import Kind, TreeEntry, serialise_commit, serialise_tag, serialise_tree
from zoco.formats.git.pack import PackWriter


class Rewriter:
    """Leaves the files with these blobs out. Commits keep their authors, dates and messages; signatures are lost,
    because what they signed is no longer so."""

    def __init__(self, git: Reader, pack: PackWriter, without: Collection[Oid]) -> None:
        self._git = git
        self._pack = pack
        self._without = frozenset(without)
        self._trees: dict[Oid, Oid] = {EMPTY_TREE: EMPTY_TREE}
        self._commits: dict[Oid, Oid] = {}

    def tip(self, oid: Oid) -> Oid:
        """What a ref shall hold that held this commit or annotated tag."""
        kind, _ = self._git.header(oid)
        if kind is not Kind.TAG:
            return self.commit(oid)
        tag = self._git.tag(oid)
        target = self.tip(tag.target) if tag.kind in (Kind.COMMIT, Kind.TAG) else tag.target
        if target == tag.target:
            return oid
        return self._pack.add(Kind.TAG, serialise_tag(replace(tag, target=target)))

    def commit(self, tip: Oid) -> Oid:
        """Parents come before children: no recursion, however long the history."""
        waiting = [tip]
        while waiting:
            oid = waiting[-1]
            if oid in self._commits:
                waiting.pop()
                continue
            commit = self._git.commit(oid)
            missing = [parent for parent in commit.parents if parent not in self._commits]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            parents = tuple(self._commits[parent] for parent in commit.parents)
            tree = self._tree(commit.tree)
            if (parents, tree) == (commit.parents, commit.tree):
                self._commits[oid] = oid
            else:
                new = replace(commit, parents=parents, tree=self._held(tree))
                self._commits[oid] = self._pack.add(Kind.COMMIT, serialise_commit(new))
        return self._commits[tip]

    def _tree(self, root: Oid) -> Oid:
        """EMPTY_TREE when nothing is left. No recursion: paths may be thousands of folders deep."""
        waiting = [root]
        while waiting:
            oid = waiting[-1]
            if oid in self._trees:
                waiting.pop()
                continue
            entries = self._git.tree(oid)
            missing = [entry.oid for entry in entries if entry.is_tree and entry.oid not in self._trees]
            if missing:
                waiting += missing
            else:
                self._trees[waiting.pop()] = self._edited(oid, entries)
        return self._trees[root]

    def _edited(self, oid: Oid, entries: list[TreeEntry]) -> Oid:
        """The folders in it are done."""
        kept: list[TreeEntry] = []
        for entry in entries:
            if entry.is_tree:
                below = self._trees[entry.oid]
                if below != EMPTY_TREE or entry.oid == EMPTY_TREE:
                    kept.append(entry._replace(oid=below))
            elif not (entry.is_blob and entry.oid in self._without):
                kept.append(entry)
        if kept == entries:
            return oid
        return self._pack.add(Kind.TREE, serialise_tree(kept)) if kept else EMPTY_TREE

    def _held(self, tree: Oid) -> Oid:
        return self._pack.add(Kind.TREE, b"") if tree == EMPTY_TREE else tree


def count_commits(git: Reader, tips: Collection[Oid], limit: int) -> int:
    """Of all these histories together, counting no further than a little over the limit."""
    seen: set[bytes] = set()
    for tip in tips:
        ids = all_commits(git.repository, tip)
        seen.update(ids[at : at + ID_BYTES] for at in range(0, len(ids), ID_BYTES))
        if len(seen) > limit:
            break
    return len(seen)
