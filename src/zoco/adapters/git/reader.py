"""What is in a repository? By libgit2 in process: a page reads hundreds of objects, and git processes are slow."""

from __future__ import annotations

import itertools
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel, Option, SortMode

from zoco.core.errors import NotFound, Unavailable
from zoco.core.ids import Oid
from zoco.formats.git.objects import (
    Commit,
    Kind,
    Tag,
    TreeEntry,
    parse_commit,
    parse_tag,
    parse_tree,
)

IDLE_HANDLES_MAX = 64
_PEEL_MAX = 32
_KINDS = {kind.value: kind for kind in Kind}  # looking up costs a tenth of making an enum member
_PREFIX = re.compile(r"[0-9a-f]{7,40}")

# nobody's configuration, no question whose files these are, and no hashing of what git's index-pack has hashed
for _level in (ConfigLevel.SYSTEM, ConfigLevel.GLOBAL, ConfigLevel.XDG, ConfigLevel.PROGRAMDATA):
    pygit2.option(Option.SET_SEARCH_PATH, _level, "")
pygit2.option(Option.SET_OWNER_VALIDATION, 0)
pygit2.option(Option.ENABLE_STRICT_HASH_VERIFICATION, 0)


class Reader:
    """For one thread at a time. An object that is not there raises NotFound: ids come from refs and trees, so it is
    a sign of a repository that changed meanwhile."""

    def __init__(self, repository: pygit2.Repository) -> None:
        self.repository = repository
        self._odb = repository.odb

    def has(self, oid: Oid) -> bool:
        return self._odb.exists(oid)

    def read(self, oid: Oid) -> tuple[Kind, bytes]:
        try:
            kind, data = self._odb.read(oid)
        except KeyError:
            raise _gone(oid) from None
        except pygit2.GitError as error:
            raise _damaged(oid) from error
        return _KINDS[kind], data

    def header(self, oid: Oid) -> tuple[Kind, int]:
        """Kind and size in bytes, without the content."""
        try:
            kind, size = self._odb.read_header(pygit2.Oid(hex=oid))
        except KeyError:
            raise _gone(oid) from None
        except pygit2.GitError as error:
            raise _damaged(oid) from error
        return _KINDS[kind], size

    def size(self, oid: Oid) -> int:
        return self.header(oid)[1]

    def commit(self, oid: Oid) -> Commit:
        return parse_commit(self._read_as(Kind.COMMIT, oid))

    def tag(self, oid: Oid) -> Tag:
        return parse_tag(self._read_as(Kind.TAG, oid))

    def tree(self, oid: Oid) -> list[TreeEntry]:
        return parse_tree(self._read_as(Kind.TREE, oid))

    def entry_at(self, tree: Oid, path: str) -> TreeEntry | None:
        """None when there is nothing, and below what is no folder. `path` is not empty."""
        *folders, last = path.encode("utf-8", "surrogateescape").split(b"/")
        at = tree
        for name in folders:
            entry = self._child(at, name)
            if entry is None or not entry.is_tree:
                return None
            at = entry.oid
        return self._child(at, last)

    def walk(self, tree: Oid, prefix: str = "") -> Iterator[tuple[str, TreeEntry]]:
        """Everything below, folders too and each before what is in it. `prefix` is empty or ends with `/`."""
        stack = [(prefix, iter(self.tree(tree)))]
        while stack:
            at, entries = stack[-1]
            entry = next(entries, None)
            if entry is None:
                stack.pop()
                continue
            path = at + entry.name.decode("utf-8", "replace")
            yield path, entry
            if entry.is_tree:
                stack.append((f"{path}/", iter(self.tree(entry.oid))))

    def peel_to_commit(self, oid: Oid) -> Oid | None:
        """The commit itself, or that behind a tag. None for anything else, and for what is not there."""
        for _ in range(_PEEL_MAX):
            if not self.has(oid):
                return None
            kind = self.header(oid)[0]
            if kind is Kind.COMMIT:
                return oid
            if kind is not Kind.TAG:
                return None
            oid = self.tag(oid).target
        return None

    def resolve_prefix(self, prefix: str) -> Oid | None:
        """The one object whose id begins so (at least 7 digits); None when there is none or more than one."""
        if not _PREFIX.fullmatch(prefix):
            return None
        try:
            return Oid(str(self.repository.expand_id(prefix)))
        except (KeyError, ValueError):
            return None

    def log(self, tip: Oid, *, skip: int = 0, limit: int | None = None) -> list[Oid]:
        """Newest first, as `git log`; never a commit before its children."""
        walk = self.repository.walk(pygit2.Oid(hex=tip), SortMode.TOPOLOGICAL | SortMode.TIME)
        stop = None if limit is None else skip + limit
        return [Oid(str(commit.id)) for commit in itertools.islice(walk, skip, stop)]

    def is_ancestor(self, old: Oid, new: Oid) -> bool:
        """Also of itself. Raises NotFound when one of them is not there."""
        return old == new or self.repository.descendant_of(self._commit_id(new), self._commit_id(old))

    def merge_base(self, one: Oid, other: Oid) -> Oid | None:
        found = self.repository.merge_base(self._commit_id(one), self._commit_id(other))
        return Oid(str(found)) if found else None

    def _commit_id(self, oid: Oid) -> pygit2.Oid:
        if self.header(oid)[0] is not Kind.COMMIT:
            raise NotFound(f"{oid} is not a commit of this repository.")
        return pygit2.Oid(hex=oid)

    def _child(self, tree: Oid, name: bytes) -> TreeEntry | None:
        """By libgit2's search: ten times faster in a flat folder of 10,000 than parsing it here."""
        try:
            folder = self.repository[pygit2.Oid(hex=tree)]
        except KeyError:
            raise _gone(tree) from None
        if not isinstance(folder, pygit2.Tree):
            raise NotFound(f"{tree} is no folder in this repository.")
        if b"\0" in name:  # libgit2 would look for what comes before it
            return None
        try:
            found = folder[name.decode("utf-8", "surrogateescape")]
        except KeyError:
            return None
        return TreeEntry(int(found.filemode), name, Oid(str(found.id)))

    def _read_as(self, wanted: Kind, oid: Oid) -> bytes:
        kind, data = self.read(oid)
        if kind is not wanted:
            raise NotFound(f"{oid} is a {kind.word} in this repository, not a {wanted.word}.")
        return data


def _gone(oid: Oid) -> NotFound:
    return NotFound(f"Object {oid} is not in this repository.")


def _damaged(oid: Oid) -> Unavailable:
    return Unavailable(f"Object {oid} is damaged in the store: an administrator must run `zoco fsck`.")


class _Handles:
    """Open repositories that nobody uses at the moment. Opening one maps its packs' indexes anew."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int], list[pygit2.Repository]] = {}
        self._count = 0
        self._lock = threading.Lock()

    def take(self, key: tuple[str, int]) -> pygit2.Repository:
        with self._lock:
            if idle := self._idle.get(key):
                self._count -= 1
                return idle.pop()
        return pygit2.Repository(key[0])

    def give_back(self, key: tuple[str, int], repository: pygit2.Repository) -> None:
        with self._lock:
            self._idle[key] = [*self._idle.pop(key, []), repository]  # the last used comes last
            self._count += 1
            while self._count > IDLE_HANDLES_MAX:
                oldest = next(iter(self._idle))
                self._count -= len(self._idle.pop(oldest))

    def clear(self) -> None:
        with self._lock:
            self._idle.clear()
            self._count = 0


_handles = _Handles()
os.register_at_fork(after_in_child=_handles.clear)


@contextmanager
def open_once(bare: Path) -> Iterator[Reader]:
    """For a folder that is about to go: nothing is kept open for the next."""
    repository = pygit2.Repository(str(bare))
    try:
        yield Reader(repository)
    finally:
        repository.free()


@contextmanager
def open_reader(bare: Path, extra_objects: tuple[Path, ...] = ()) -> Iterator[Reader]:
    """`extra_objects`: folders of objects that are not in the repository yet."""
    if extra_objects:
        repository = pygit2.Repository(str(bare))
        for folder in extra_objects:
            repository.odb.add_disk_alternate(str(folder))
        yield Reader(repository)
        return
    # a cache that was wiped and made again has the same path, but it is another folder
    key = (str(bare), os.stat(bare).st_ino)  # noqa: PTH116 (on the way of every read)
    repository = _handles.take(key)
    try:
        yield Reader(repository)
    finally:
        _handles.give_back(key, repository)
