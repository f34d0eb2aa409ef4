"""Which commit last changed each entry of a folder? What `git log -1 -- <path>` answers, for many entries in one walk.

git simplifies history as it walks a path: at a merge it follows the first parent that has the same there, and stops at
the first commit that differs from all its parents. So every entry moves along one chain of commits, and entries that
stand at the same commit move together.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import pygit2

from zoco.adapters.git.typed import commit_at, id_of, tree_at
from zoco.core.ids import Oid

STEPS_MAX = 200_000
"""Commits one walk looks at, at most: some seconds. Entries older than that are left out."""

NAMES_LOOKED_UP = 24
"""Up to so many entries are looked up one by one; beyond, comparing whole trees as sets is faster."""

_ENTRY = re.compile(rb"\d+ [^\0]+\0.{20}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Walked:
    found: Mapping[str, Mapping[bytes, Oid]]
    """by folder, by name of the entry"""
    steps: int


Pending = dict[str, set[bytes]]


def last_commits(
    repository: pygit2.Repository,
    tip: Oid,
    wanted: Mapping[str, Collection[bytes]],
    known: Mapping[Oid, Mapping[str, Mapping[bytes, Oid]]] | None = None,
    *,
    steps_max: int = STEPS_MAX,
) -> Walked:
    """`wanted` names entries that exist at `tip`, by folder ("" is the root).

    `known` holds earlier answers, by commit and folder: where the walk meets such a commit it need not go on.
    """
    return _Walk(repository, known or {}).run(tip, wanted, steps_max)


class _Walk:
    def __init__(self, repository: pygit2.Repository, known: Mapping[Oid, Mapping[str, Mapping[bytes, Oid]]]) -> None:
        self._repository = repository
        self._known = known
        self._pending: dict[pygit2.Oid, Pending] = {}
        self._queue: list[tuple[int, int, pygit2.Oid]] = []
        self._found: dict[str, dict[bytes, Oid]] = {}
        self._entries = lru_cache(maxsize=8)(self._read_entries)
        self._folders = lru_cache(maxsize=4096)(self._find_folder)

    def run(self, tip: Oid, wanted: Mapping[str, Collection[bytes]], steps_max: int) -> Walked:
        self._found = {folder: {} for folder in wanted}
        start = id_of(tip)
        for folder, names in wanted.items():
            self._send(start, folder, names)
        steps = 0
        while self._queue and steps < steps_max:
            _, _, oid = heapq.heappop(self._queue)
            self._step(oid, self._pending.pop(oid))
            steps += 1
        return Walked(self._found, steps)

    def _send(self, oid: pygit2.Oid, folder: str, names: Iterable[bytes]) -> None:
        """Newest first, so that what meets again at a common ancestor goes on together."""
        here = self._pending.get(oid)
        if here is None:
            here = self._pending[oid] = {}
            heapq.heappush(self._queue, (-commit_at(self._repository, oid).commit_time, len(self._queue), oid))
        here.setdefault(folder, set()).update(names)

    def _step(self, oid: pygit2.Oid, pending: Pending) -> None:
        commit = commit_at(self._repository, oid)
        text = Oid(str(oid))
        parents = [commit_at(self._repository, parent) for parent in commit.parent_ids]
        for folder, names in pending.items():
            left = self._answer_from_known(text, folder, names)
            tree = self._folders(commit.tree_id, folder)
            for parent in parents:
                if not left:
                    break
                same = left - self._changed(tree, self._folders(parent.tree_id, folder), left)
                if same:
                    self._send(parent.id, folder, same)
                    left = left - same
            self._found[folder].update(dict.fromkeys(left, text))

    def _answer_from_known(self, commit: Oid, folder: str, names: set[bytes]) -> set[bytes]:
        answers = self._known.get(commit, {}).get(folder)
        if not answers:
            return names
        answered = names & answers.keys()
        self._found[folder].update({name: answers[name] for name in answered})
        return names - answered

    def _changed(self, tree: pygit2.Oid | None, before: pygit2.Oid | None, names: set[bytes]) -> set[bytes]:
        if tree == before:
            return set()
        if tree is None or before is None:
            return names
        if len(names) <= NAMES_LOOKED_UP:
            here, there = tree_at(self._repository, tree), tree_at(self._repository, before)
            return {name for name in names if _entry(here, name) != _entry(there, name)}
        differing = self._entries(tree) - self._entries(before)
        return {entry[entry.index(b" ") + 1 : -21] for entry in differing} & names

    def _find_folder(self, root: pygit2.Oid, folder: str) -> pygit2.Oid | None:
        if not folder:
            return root
        try:
            found = tree_at(self._repository, root)[folder]
        except KeyError:
            return None
        return found.id if isinstance(found, pygit2.Tree) else None

    def _read_entries(self, tree: pygit2.Oid) -> frozenset[bytes]:
        """Each entry's mode, name and id in one string: two trees compare as sets, in C."""
        return frozenset(_ENTRY.findall(self._repository[tree].read_raw()))


def _entry(tree: pygit2.Tree, name: bytes) -> tuple[int, pygit2.Oid] | None:
    try:
        found = tree[name.decode("utf-8", "surrogateescape")]
    except KeyError:
        return None
    return found.filemode, found.id
