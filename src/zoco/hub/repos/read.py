"""Which files does a commit hold, and what do they contain?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from zoco.adapters.git.reader import Reader
from zoco.core.errors import EntryNotFound
from zoco.core.ids import EMPTY_TREE, Oid
from zoco.core.pages import Page
from zoco.core.repos import ContentsRepo, ReadableRepo
from zoco.formats.content_types import content_type_of
from zoco.formats.git.objects import MODE_TREE, TreeEntry
from zoco.hub.lfs.objects import LfsObject, find, find_all
from zoco.hub.repos.entries import Entry, LfsInfo, describe, shown, with_last_commits
from zoco.hub.repos.listing import Cursor, parse_cursor, walk
from zoco.hub.repos.lookup import Lookup
from zoco.hub.repos.open import for_facts
from zoco.hub.repos.revisions import reader_with
from zoco.hub.repos.storage import RepoStorage

__all__ = ["Entry", "File", "LfsInfo", "find_entry", "list_tree", "open_file", "paths_info", "tree_size"]

PAGE_SIZE_MAX = 1000
FEW_PATHS = 16
"""Up to so many are looked up one by one; beyond, reading their folders once is faster."""


@dataclass(frozen=True, slots=True)
class File:
    """A file's facts and where its bytes are: `data` (held by git), or the LFS object `lfs`.

    `data` is None as well where only the facts were asked for. `etag` goes without quotes.
    """

    entry: Entry
    commit: Oid
    size: int
    etag: str
    content_type: str
    data: bytes | None = None
    lfs: LfsObject | None = None


def list_tree(
    storage: RepoStorage,
    repo: ReadableRepo,
    commit: Oid,
    path: str = "",
    *,
    recursive: bool = False,
    expand: bool = False,
    cursor: str | None = None,
    limit: int = PAGE_SIZE_MAX,
) -> Page[Entry]:
    """A folder's entries: folders first, each before its content when `recursive`. `path` "" is the root.

    A cursor goes on in the commit it came from, also when `commit` is a newer one. Raises EntryNotFound, also for a
    file, and Invalid for a cursor that is none.
    """
    resume = parse_cursor(cursor) if cursor else None
    commit = resume.commit if resume else commit
    size = max(1, min(limit, PAGE_SIZE_MAX))
    path = path.strip("/")
    with reader_with(storage, repo, commit) as git:
        folder = _folder_at(git, commit, path)
        steps = walk(git, folder, recursive=recursive, after=resume.after if resume else ())
        found = list(islice(steps, size + 1))
        rows = [(_joined(path, names), entry) for names, entry in found[:size]]
        entries = describe(git, rows)
        if expand:
            entries = with_last_commits(storage, repo, git, commit, entries)
    entries = _with_xet_hashes(storage, repo, entries)
    following = Cursor(commit, found[size - 1][0]).text() if len(found) > size else None
    return Page(tuple(entries), following)


def paths_info(
    storage: RepoStorage, repo: ReadableRepo, commit: Oid, paths: Sequence[str], *, expand: bool = False
) -> list[Entry]:
    """In the order of the request; what is not there is left out."""
    with reader_with(storage, repo, commit) as git:
        root = git.commit(commit).tree
        find = Lookup(git, root).find if len(paths) > FEW_PATHS else partial(_find, git, root)
        asked = [path.strip("/") for path in paths]
        rows = [(path, entry) for path in asked if path and (entry := find(path))]
        entries = describe(git, rows)
        if expand:
            entries = with_last_commits(storage, repo, git, commit, entries)
    return _with_xet_hashes(storage, repo, entries)


def find_entry(storage: RepoStorage, repo: ReadableRepo, commit: Oid, path: str, *, expand: bool = False) -> Entry:
    """The root too. Raises EntryNotFound."""
    with reader_with(storage, repo, commit) as git:
        entries = describe(git, [(path.strip("/"), _entry_at(git, commit, path.strip("/")))])
        return (with_last_commits(storage, repo, git, commit, entries) if expand else entries)[0]


def open_file(
    storage: RepoStorage, repo: ContentsRepo, commit: Oid, path: str, *, raw: bool = False, facts_only: bool = False
) -> File:
    """`raw` gives what git holds: an LFS file's pointer. A symbolic link is its target as text, never followed.

    Raises EntryNotFound: also for a folder, a submodule, and an LFS file whose object is not in this repository.
    """
    with reader_with(storage, repo, commit) as git:
        held = _entry_at(git, commit, path)
        if held.is_tree or held.is_submodule:
            raise EntryNotFound(path, commit)
        entry = describe(git, [(path, held)])[0]
        if entry.lfs is None or raw:
            data = None if facts_only else git.read(entry.oid)[1]
            size = entry.lfs.pointer_size if entry.lfs else entry.size
            return File(entry, commit, size, entry.oid, content_type_of(path), data)
    return _lfs_file(storage, repo, commit, entry, entry.lfs)


def tree_size(storage: RepoStorage, repo: ReadableRepo, commit: Oid, path: str = "") -> int:
    """Bytes of all files below a folder (or of one file), LFS files with their real size. Raises EntryNotFound."""
    path = path.strip("/")
    with reader_with(storage, repo, commit) as git:
        held = _entry_at(git, commit, path)
        if not held.is_tree:
            return describe(git, [(path, held)])[0].size
        return _size_below(git, held.oid)


def _with_xet_hashes(storage: RepoStorage, repo: ReadableRepo, entries: list[Entry]) -> list[Entry]:
    """With them a client fetches a file without asking for its headers first."""
    shas = {entry.lfs.sha256 for entry in entries if entry.lfs}
    if not shas:
        return entries
    stored = find_all(storage.db, for_facts(repo), shas)

    def told(entry: Entry) -> Entry:
        found = stored.get(entry.lfs.sha256) if entry.lfs else None
        if entry.lfs is None or found is None or found.xet_hash is None or found.size != entry.lfs.size:
            return entry
        return replace(entry, lfs=replace(entry.lfs, xet_hash=found.xet_hash))

    return [told(entry) for entry in entries]


def _size_below(git: Reader, folder: Oid) -> int:
    """Each tree is read once: a few that hold each other many times would make billions of files."""
    known: dict[Oid, int] = {EMPTY_TREE: 0}
    waiting = [folder]
    while waiting:
        if waiting[-1] in known:
            waiting.pop()
            continue
        entries = git.tree(waiting[-1])
        missing = [entry.oid for entry in entries if entry.is_tree and entry.oid not in known]
        if missing:
            waiting += missing
            continue
        files = describe(git, [("", entry) for entry in entries if not entry.is_tree])
        known[waiting.pop()] = sum(entry.size for entry in files) + sum(known[e.oid] for e in entries if e.is_tree)
    return known[folder]


def _lfs_file(storage: RepoStorage, repo: ContentsRepo, commit: Oid, entry: Entry, lfs: LfsInfo) -> File:
    stored = find(storage.db, repo, lfs.sha256)
    if stored is None:
        message = f"The LFS object of {entry.path} is not in this repository: it was deleted, or never uploaded."
        raise EntryNotFound(entry.path, commit, message)
    if stored.size != lfs.size:  # a pointer pushed before its size was checked: the bytes are what counts
        entry = replace(entry, size=stored.size)
    return File(entry, commit, stored.size, lfs.sha256, content_type_of(entry.path), lfs=stored)


def _entry_at(git: Reader, commit: Oid, path: str) -> TreeEntry:
    root = git.commit(commit).tree
    if not path:
        return TreeEntry(MODE_TREE, b"", root)
    found = _find(git, root, path)
    if found is None:
        raise EntryNotFound(path, commit)
    return found


def _find(git: Reader, root: Oid, path: str) -> TreeEntry | None:
    try:
        return git.entry_at(root, path)
    except UnicodeEncodeError:  # a lone surrogate, from JSON
        return None


def _folder_at(git: Reader, commit: Oid, path: str) -> Oid:
    held = _entry_at(git, commit, path)
    if not held.is_tree:
        raise EntryNotFound(path, commit, f"Not a folder: {path}")
    return held.oid


def _joined(path: str, names: tuple[bytes, ...]) -> str:
    below = shown(b"/".join(names))
    return f"{path}/{below}" if path else below
