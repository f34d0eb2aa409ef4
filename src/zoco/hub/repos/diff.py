"""What did a commit change, and how do two versions differ? Text line by line; LFS and binary files by their sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from zoco.adapters.git.diff import Change, Hunk, Line, changes, line_diff, unified
from zoco.adapters.git.reader import Reader
from zoco.core.errors import Unprocessable
from zoco.core.ids import Oid
from zoco.core.repos import ContentsRepo
from zoco.formats.git.objects import MODE_SUBMODULE
from zoco.hub.repos.entries import LfsInfo, pointers_among
from zoco.hub.repos.revisions import reader_with
from zoco.hub.repos.storage import RepoStorage

__all__ = ["Diff", "FileDiff", "Hunk", "Line", "commit_diff", "compare", "unified_text"]

FILES_MAX = 300
FILES_COUNTED_MAX = 20_000
"""Of a larger change only so many files are looked at; its text is refused."""
LINES_MAX = 20_000
LINES_OF_FILE_MAX = 3_000
FILE_SIZE_MAX_BYTES = 1 << 20
TEXT_SIZE_MAX_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One changed path. Sizes are what a reader gets (an LFS object's own), None on the side where there is nothing.

    `hunks` is empty for binary, LFS and submodule changes and where `is_too_large`; `is_cut` when lines are missing.
    """

    path_old: str
    path_new: str
    status: str
    """added, deleted, modified, renamed or type changed"""
    mode_old: int
    mode_new: int
    old_oid: Oid | None
    new_oid: Oid | None
    size_old: int | None
    size_new: int | None
    lfs_old: LfsInfo | None = None
    lfs_new: LfsInfo | None = None
    hunks: tuple[Hunk, ...] = ()
    additions: int = 0
    deletions: int = 0
    is_binary: bool = False
    is_too_large: bool = False
    is_cut: bool = False

    @property
    def path(self) -> str:
        return self.path_old if self.status == "deleted" else self.path_new

    @property
    def is_lfs(self) -> bool:
        return self.lfs_old is not None or self.lfs_new is not None


@dataclass(frozen=True, slots=True)
class Diff:
    """`files` are the first of `files_total`, which counts no further than FILES_COUNTED_MAX."""

    files: tuple[FileDiff, ...]
    files_total: int

    @property
    def additions(self) -> int:
        return sum(file.additions for file in self.files)

    @property
    def deletions(self) -> int:
        return sum(file.deletions for file in self.files)


def commit_diff(storage: RepoStorage, repo: ContentsRepo, commit: Oid) -> Diff:
    """Against its first parent; of a first commit, everything it holds."""
    with reader_with(storage, repo, commit) as git:
        parents = git.commit(commit).parents
        return _diff(git, parents[0] if parents else None, commit)


def compare(storage: RepoStorage, repo: ContentsRepo, base: Oid | None, head: Oid) -> Diff:
    """From the tree of `base` (None: nothing) to that of `head`."""
    with reader_with(storage, repo, head) as git:
        return _diff(git, base, head)


def unified_text(storage: RepoStorage, repo: ContentsRepo, base: Oid | None, head: Oid) -> Iterator[bytes]:
    """As `git diff` prints it, in chunks. Raises Unprocessable at the first when too many files differ."""
    with reader_with(storage, repo, head) as git:
        old, new = git.commit(base).tree if base else None, git.commit(head).tree
        if len(changes(git.repository, old, new, FILES_COUNTED_MAX)) == FILES_COUNTED_MAX:
            raise Unprocessable(f"{FILES_COUNTED_MAX} files or more differ: compare them in a clone, with git diff.")
        yield from unified(
            git.repository,
            old,
            new,
            file_max_bytes=FILE_SIZE_MAX_BYTES,
            total_max_bytes=TEXT_SIZE_MAX_BYTES,
        )


def _diff(git: Reader, base: Oid | None, head: Oid) -> Diff:
    old = git.commit(base).tree if base else None
    everything = changes(git.repository, old, git.commit(head).tree, FILES_COUNTED_MAX)
    found, total = everything[:FILES_MAX], len(everything)
    sizes = _sizes(git, found)
    said = pointers_among(git, sizes)
    lfs = {oid: LfsInfo(info.sha256, info.size, info.pointer_size) for oid, info in said.items()}
    files: list[FileDiff] = []
    left = LINES_MAX
    for change in found:
        file = _file(git, change, sizes, lfs, min(left, LINES_OF_FILE_MAX))
        left -= sum(len(hunk.lines) for hunk in file.hunks)
        files.append(file)
    return Diff(tuple(files), total)


def _sizes(git: Reader, found: Sequence[Change]) -> dict[Oid, int]:
    sides = [(change.old, change.old_mode) for change in found] + [(change.new, change.new_mode) for change in found]
    return {oid: git.size(oid) for oid, mode in sides if oid and mode != MODE_SUBMODULE}


def _file(git: Reader, change: Change, sizes: dict[Oid, int], lfs: dict[Oid, LfsInfo], lines_max: int) -> FileDiff:
    old, new = change.old, change.new
    before, after = (lfs.get(old) if old else None), (lfs.get(new) if new else None)
    facts = FileDiff(
        change.old_path,
        change.new_path,
        change.status,
        change.old_mode,
        change.new_mode,
        old,
        new,
        before.size if before else sizes.get(old) if old else None,
        after.size if after else sizes.get(new) if new else None,
        before,
        after,
    )
    is_submodule = MODE_SUBMODULE in (change.old_mode, change.new_mode)
    if before or after or is_submodule or old == new:
        return facts
    if any(sizes[oid] > FILE_SIZE_MAX_BYTES for oid in (old, new) if oid):
        return replace(facts, is_too_large=True)
    lines = line_diff(git.repository, old, new, lines_max=lines_max)
    return replace(
        facts,
        hunks=lines.hunks,
        additions=lines.additions,
        deletions=lines.deletions,
        is_binary=lines.is_binary,
        is_cut=lines.is_cut,
    )
