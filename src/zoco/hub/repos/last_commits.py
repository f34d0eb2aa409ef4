"""Which commit changed each of these paths last? Walked once for a folder, then remembered and brought up to date."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from zoco.adapters.clock import now_ms
from zoco.adapters.git.last_commits import last_commits
from zoco.adapters.git.reader import Reader
from zoco.core.ids import Oid
from zoco.core.repos import ReadableRepo
from zoco.hub.repos import last_commits_store as store
from zoco.hub.repos.lookup import Lookup
from zoco.hub.repos.storage import RepoStorage

REMEMBERED_ENTRIES_MAX = 2000
"""A larger folder is walked for the asked entries alone, a page at a time, and not remembered."""

STEPS_WORTH_REMEMBERING = 64
"""A shorter walk is faster than writing it down."""

_Names = dict[str, set[bytes]]


def last_commits_of(
    storage: RepoStorage, repo: ReadableRepo, git: Reader, commit: Oid, paths: Iterable[str]
) -> dict[str, Oid]:
    """As `git log -1 -- <path>` for each. Paths that are not there, or older than the walk goes, are left out."""
    asked: _Names = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name:
            asked.setdefault(folder, set()).add(name.encode("utf-8", "replace"))
    wanted, whole = _widened(git, commit, asked)
    remembered = _remembered(storage, repo, wanted)
    walked = last_commits(git.repository, commit, wanted, remembered)
    if walked.steps >= STEPS_WORTH_REMEMBERING:
        _remember(storage, repo, commit, {folder: walked.found[folder] for folder in whole})
    return {
        f"{folder}/{name.decode()}" if folder else name.decode(): walked.found[folder][name]
        for folder, names in asked.items()
        for name in names
        if name in walked.found.get(folder, {})
    }


def _widened(git: Reader, commit: Oid, asked: _Names) -> tuple[_Names, list[str]]:
    """All entries of small folders, so that their next page is free; and which folders these are."""
    tree = Lookup(git, git.commit(commit).tree)
    wanted: _Names = {}
    whole: list[str] = []
    for folder, names in asked.items():
        there = tree.names(folder)
        if len(there) <= REMEMBERED_ENTRIES_MAX:
            wanted[folder] = set(there)
            whole.append(folder)
        elif names & there:
            wanted[folder] = names & there
    return wanted, whole


def _remembered(
    storage: RepoStorage, repo: ReadableRepo, wanted: Mapping[str, object]
) -> dict[Oid, dict[str, Mapping[bytes, Oid]]]:
    known: dict[Oid, dict[str, Mapping[bytes, Oid]]] = {}
    with storage.db.read() as read:
        for folder in wanted:
            for commit, entries in store.newest(read, repo.key, _hash(folder)).items():
                names = {name.encode("latin-1"): Oid(oid) for name, oid in entries.items()}
                known.setdefault(Oid(commit), {})[folder] = names
    return known


def _remember(
    storage: RepoStorage, repo: ReadableRepo, commit: Oid, folders: Mapping[str, Mapping[bytes, Oid]]
) -> None:
    """Names are kept byte for byte as Latin-1: JSON has no bytes, and not every name is UTF-8."""
    with storage.db.write() as write:
        for folder, entries in folders.items():
            text = {name.decode("latin-1"): oid for name, oid in entries.items()}
            store.remember(write, repo.key, _hash(folder), commit, text, now_ms())


def _hash(folder: str) -> str:
    return hashlib.sha256(folder.encode("utf-8", "replace")).hexdigest()
