"""What differs between two trees, and between two blobs line by line? Bounded: a page shows it, not a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import pygit2

from zoco.adapters.git.typed import blob_at, id_of, tree_at
from zoco.core.errors import Unprocessable
from zoco.core.ids import NULL_OID, Oid
from zoco.formats.git.objects import MODE_TREE, raw_entries

LINE_CHARS_MAX = 2000
"""Of one line: minified files have very long ones."""

KIND_BITS = 0o170000
"""Of a mode: file, link, folder or submodule."""


STEPS_MAX = 2_000_000
"""Names looked at for one diff: some seconds."""


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


def changes(repository: pygit2.Repository, old: Oid | None, new: Oid | None, limit: int) -> list[Change]:
    """The first `limit` changed paths between two trees, in their order. Moved files that changed nothing else are
    renames.

    Walked here and not by libgit2, because a few small trees that hold each other many times make billions of paths.
    Raises Unprocessable when even looking takes too long.
    """
    return _with_renames(list(islice(_tree_changes(repository, old, new), limit)))


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
    """As `git diff` prints it, file by file. Large files and what exceeds the total are named, not shown.

    The caller has made sure, by `changes`, that there are not too many.
    """
    diff = _libgit2_diff(repository, old, new)
    sent = 0
    for index, delta in enumerate(diff.deltas):
        sides = [_oid(delta.old_file.id), _oid(delta.new_file.id)]
        if any(_size(repository, oid) > file_max_bytes for oid in sides if oid) or sent > total_max_bytes:
            names = [file.raw_path for file in (delta.old_file, delta.new_file)]
            yield b"diff --git a/%s b/%s\nFiles differ (too large to show)\n" % (names[0], names[1])
        else:
            patch = diff[index]
            data = patch.data if patch else b""
            sent += len(data)
            yield data


def _libgit2_diff(repository: pygit2.Repository, old: Oid | None, new: Oid | None) -> pygit2.Diff:
    after = tree_at(repository, id_of(new)) if new else None
    if old:
        before = tree_at(repository, id_of(old))
        return before.diff_to_tree(after) if after else before.diff_to_tree()
    assert after is not None, "one side at least is a tree"
    return after.diff_to_tree(swap=True)


_Side = tuple[int, Oid] | None


def _tree_changes(repository: pygit2.Repository, old: Oid | None, new: Oid | None) -> Iterator[Change]:
    """Folders that are the same on both sides are not read. No recursion: paths may be thousands of folders deep."""
    waiting, steps = [_pairs(repository, b"", old, new)], 0
    while waiting:
        pair = next(waiting[-1], None)
        steps += 1
        if steps > STEPS_MAX:
            raise Unprocessable("These versions differ in too many folders to compare here. Compare them in a clone.")
        if pair is None:
            waiting.pop()
            continue
        path, before, after = pair
        if before == after:
            continue
        folders = [side[1] if side and side[0] == MODE_TREE else None for side in (before, after)]
        files = [None if side and side[0] == MODE_TREE else side for side in (before, after)]
        if any(files):
            yield _change(path, files[0], files[1])
        if any(folders):
            waiting.append(_pairs(repository, path + b"/", folders[0], folders[1]))


def _pairs(
    repository: pygit2.Repository, prefix: bytes, old: Oid | None, new: Oid | None
) -> Iterator[tuple[bytes, _Side, _Side]]:
    before, after = _entries(repository, old), _entries(repository, new)
    for name in sorted(before.keys() | after.keys()):
        yield prefix + name, before.get(name), after.get(name)


def _entries(repository: pygit2.Repository, tree: Oid | None) -> dict[bytes, tuple[int, Oid]]:
    if tree is None:
        return {}
    raw = raw_entries(tree_at(repository, id_of(tree)).read_raw())
    return {name: (int(mode, 8), Oid(oid.hex())) for mode, name, oid in raw}


def _change(path: bytes, before: _Side, after: _Side) -> Change:
    if before is None or after is None:
        status = "added" if before is None else "deleted"
    else:
        status = "type changed" if before[0] & KIND_BITS != after[0] & KIND_BITS else "modified"
    shown = path.decode("utf-8", "replace")
    old, new = before or (0, None), after or (0, None)
    return Change(status, shown, shown, old[0], new[0], old[1], new[1])


def _with_renames(found: list[Change]) -> list[Change]:
    """A file that went and one that came with the same content are one move."""
    gone: dict[Oid | None, list[Change]] = {}
    for change in found:
        if change.status == "deleted":
            gone.setdefault(change.old, []).append(change)
    moved: set[str] = set()
    merged: list[Change] = []
    for change in found:
        source = gone.get(change.new) if change.status == "added" else None
        if source:
            was = source.pop(0)
            moved.add(was.old_path)
            change = replace(change, status="renamed", old_path=was.old_path, old_mode=was.old_mode, old=was.old)
        merged.append(change)
    return [change for change in merged if not (change.status == "deleted" and change.old_path in moved)]


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
