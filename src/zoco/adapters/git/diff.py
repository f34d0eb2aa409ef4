"""What differs between two trees, and between two blobs line by line? Bounded: a page shows it, not a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import pygit2
from pygit2.enums import DeltaStatus, DiffFind

from zoco.adapters.git.typed import blob_at, id_of, tree_at
from zoco.core.ids import NULL_OID, Oid

LINE_CHARS_MAX = 2000
"""Of one line: minified files have very long ones."""

_STATUS = {
    DeltaStatus.ADDED: "added",
    DeltaStatus.DELETED: "deleted",
    DeltaStatus.RENAMED: "renamed",
    DeltaStatus.TYPECHANGE: "type changed",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One path. Oids are None on the side where there is nothing; a rename has both paths and the same content."""

    status: str
    """added, deleted, modified, renamed or type changed"""
    old_path: str
    new_path: str
    old_mode: int
    new_mode: int
    old: Oid | None
    new: Oid | None


@dataclass(frozen=True, slots=True)
class Line:
    """`kind` is "+", "-" or " "; numbers count from 1, None where the side has no such line."""

    kind: str
    old_number: int | None
    new_number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    header: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class LineDiff:
    """`additions` and `deletions` count all lines, also where `is_cut` says that not all are here."""

    hunks: tuple[Hunk, ...]
    additions: int
    deletions: int
    is_binary: bool
    is_cut: bool


def changes(repository: pygit2.Repository, old: Oid | None, new: Oid | None, limit: int) -> tuple[list[Change], int]:
    """The first `limit` changed paths between two trees, and how many there are.

    Files that moved and did not change are renames.
    """
    diff = _tree_diff(repository, old, new)
    return [_change(delta) for delta in islice(diff.deltas, limit)], len(diff)


def line_diff(repository: pygit2.Repository, old: Oid | None, new: Oid | None, *, lines_max: int) -> LineDiff:
    """Of two blobs; None is an empty one."""
    # held while the patch is read: it points into both, and does not keep them alive itself
    before = blob_at(repository, id_of(old)) if old else b""
    after = blob_at(repository, id_of(new)) if new else b""
    patch = pygit2.Patch.create_from(before, after)
    _, additions, deletions = patch.line_stats
    hunks, shown, wanted = [], 0, 0
    for hunk in patch.hunks:
        wanted += len(hunk.lines)
        lines = tuple(_lines(hunk, lines_max - shown))
        if lines:
            hunks.append(Hunk(hunk.header.rstrip("\n"), lines))
            shown += len(lines)
    return LineDiff(tuple(hunks), additions, deletions, bool(patch.delta.is_binary), is_cut=shown >= lines_max < wanted)


def unified(
    repository: pygit2.Repository, old: Oid | None, new: Oid | None, *, file_max_bytes: int, total_max_bytes: int
) -> Iterator[bytes]:
    """As `git diff` prints it, file by file. Large files and what exceeds the total are named, not shown."""
    diff = _tree_diff(repository, old, new)
    sent = 0
    for index, delta in enumerate(diff.deltas):
        change = _change(delta)
        is_large = any(_size(repository, oid) > file_max_bytes for oid in (change.old, change.new) if oid)
        if is_large or sent > total_max_bytes:
            yield f"diff --git a/{change.old_path} b/{change.new_path}\nFiles differ (too large to show)\n".encode()
        else:
            patch = diff[index]
            data = patch.data if patch else b""
            sent += len(data)
            yield data


def _tree_diff(repository: pygit2.Repository, old: Oid | None, new: Oid | None) -> pygit2.Diff:
    after = tree_at(repository, id_of(new)) if new else None
    if old:
        before = tree_at(repository, id_of(old))
        diff = before.diff_to_tree(after) if after else before.diff_to_tree()
    else:
        assert after is not None, "one side at least is a tree"
        diff = after.diff_to_tree(swap=True)
    # finding renames by likeness would compare the content of all files with all
    diff.find_similar(flags=DiffFind.FIND_RENAMES | DiffFind.FIND_EXACT_MATCH_ONLY, rename_limit=1000)
    return diff


def _change(delta: pygit2.DiffDelta) -> Change:
    old, new = delta.old_file, delta.new_file
    return Change(
        _STATUS.get(delta.status, "modified"),
        old.raw_path.decode("utf-8", "replace"),
        new.raw_path.decode("utf-8", "replace"),
        int(old.mode),
        int(new.mode),
        _oid(old.id),
        _oid(new.id),
    )


def _oid(id: pygit2.Oid) -> Oid | None:
    text = Oid(str(id))
    return None if text == NULL_OID else text


def _size(repository: pygit2.Repository, oid: Oid) -> int:
    try:
        return int(repository.odb.read_header(oid)[1])
    except KeyError:  # a submodule's commit lives elsewhere
        return 0


def _lines(hunk: pygit2.DiffHunk, limit: int) -> Iterator[Line]:
    """Without git's own remarks («No newline at end of file»)."""
    for line in islice((line for line in hunk.lines if line.origin in " +-"), max(limit, 0)):
        text = line.raw_content.decode("utf-8", "replace").rstrip("\n")[:LINE_CHARS_MAX]
        yield Line(line.origin, _number(line.old_lineno), _number(line.new_lineno), text)


def _number(number: int) -> int | None:
    return number if number > 0 else None
