"""Which commits led to this one, and which of them changed a path? In the order and with the choice of `git log`.

Answers are ids of 20 bytes, one after the other: a hundred thousand commits are two megabytes.
"""

from __future__ import annotations

import heapq
from functools import lru_cache

import pygit2
from pygit2.enums import SortMode

from zoco.adapters.git.typed import commit_at, id_of, tree_at
from zoco.core.ids import Oid

ID_BYTES = 20
COMMITS_MAX = 500_000
"""Older ones are not shown."""


def all_commits(repository: pygit2.Repository, tip: Oid) -> bytes:
    """Newest first, and never a commit before its children: many are made in one second."""
    found = bytearray()
    for commit in repository.walk(id_of(tip), SortMode.TOPOLOGICAL | SortMode.TIME):
        found += commit.id.raw
        if len(found) >= COMMITS_MAX * ID_BYTES:
            break
    return bytes(found)


def commits_of_path(repository: pygit2.Repository, tip: Oid, path: str) -> bytes:
    """Newest first. As git: where a merge has the same there as one of its parents, only that parent is followed."""

    @lru_cache(maxsize=8192)
    def entry(tree: pygit2.Oid) -> tuple[int, pygit2.Oid] | None:
        try:
            there = tree_at(repository, tree)[path]
        except KeyError:
            return None
        return there.filemode, there.id

    start = commit_at(repository, id_of(tip))
    queue = [(-start.commit_time, 0, start)]
    seen = {start.id}
    found = bytearray()
    while queue and len(seen) < COMMITS_MAX:
        commit = heapq.heappop(queue)[2]
        here = entry(commit.tree_id)
        parents = [commit_at(repository, parent) for parent in commit.parent_ids]
        same = next((p for p in parents if p.tree_id == commit.tree_id or entry(p.tree_id) == here), None)
        if same is not None:
            parents = [same]
        elif parents or here is not None:
            found += commit.id.raw
        for parent in parents:
            if parent.id not in seen:
                seen.add(parent.id)
                heapq.heappush(queue, (-parent.commit_time, len(seen), parent))
    return bytes(found)
