"""In which order does a tree list, and where does the next page begin? Folders first, each before its content."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass

from zoco.adapters.git.reader import Reader
from zoco.core.errors import Invalid
from zoco.core.ids import EMPTY_TREE, Oid, is_oid
from zoco.formats.git.objects import TreeEntry

Named = tuple[tuple[bytes, ...], TreeEntry]
"""An entry with the names that lead to it from where the listing began."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended. It holds the commit, so that a listing goes on in the tree it began in."""

    commit: Oid
    after: tuple[bytes, ...]

    def text(self) -> str:
        names = [name.decode("latin-1") for name in self.after]
        return base64.urlsafe_b64encode(json.dumps([self.commit, *names]).encode()).decode().rstrip("=")


def parse_cursor(text: str) -> Cursor:
    """Raises Invalid."""
    try:
        commit, *names = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not is_oid(commit) or not names:
            raise ValueError
        return Cursor(Oid(commit), tuple(name.encode("latin-1") for name in names))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid("The cursor is not one this server gave. Begin again at the first page.") from error


def walk(git: Reader, folder: Oid, *, recursive: bool, after: tuple[bytes, ...] = ()) -> Iterator[Named]:
    """Only the folders on the way to `after` are read before the first entry comes."""
    stack: list[tuple[tuple[bytes, ...], Iterator[TreeEntry]]] = []
    at = folder
    names: tuple[bytes, ...] = ()
    for name in after:
        ordered = _ordered(git, at)
        place = next((index for index, entry in enumerate(ordered) if entry.name == name), None)
        if place is None:
            raise Invalid("The cursor does not belong to this listing. Begin again at the first page.")
        stack.append((names, iter(ordered[place + 1 :])))
        at, names = ordered[place].oid, (*names, name)
        if not (recursive and ordered[place].is_tree):
            break
    else:
        stack.append((names, iter(_ordered(git, at))))
    while stack:
        names, entries = stack[-1]
        entry = next(entries, None)
        if entry is None:
            stack.pop()
            continue
        path = (*names, entry.name)
        yield path, entry
        if recursive and entry.is_tree:
            stack.append((path, iter(_ordered(git, entry.oid))))


def _ordered(git: Reader, folder: Oid) -> list[TreeEntry]:
    entries = git.tree(folder) if folder != EMPTY_TREE else []
    return sorted(entries, key=lambda entry: not entry.is_tree)  # git's own order within both
