"""What does a commit by the API ask for, and what becomes of each path? Requests as values, and their order applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zoco.core.errors import EntryNotFound, Invalid, TooLarge, Unprocessable
from zoco.core.ids import Oid, Sha256, is_sha256
from zoco.formats.git.edit import Edit
from zoco.formats.git.objects import MODE_EXECUTABLE, MODE_FILE, TreeEntry
from zoco.formats.git.paths import problem_with_path

MESSAGE_BYTES_MAX = 65_536
OPERATIONS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class FileOp:
    """`source` holds the content; a Path is read when its turn comes and stays the caller's to delete."""

    path: str
    source: Path | bytes


@dataclass(frozen=True, slots=True)
class LfsOp:
    """An object uploaded before. `size` is None on copies: then the object's own size is written."""

    path: str
    sha256: Sha256
    size: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteFile:
    """Takes a folder too, as the Hub does."""

    path: str


@dataclass(frozen=True, slots=True)
class DeleteFolder:
    path: str


@dataclass(frozen=True, slots=True)
class CopyOp:
    """Of a file or a folder. `source_revision` None: as it was on the branch before this commit."""

    path: str
    source_path: str
    source_revision: str | None = None


Operation = FileOp | LfsOp | DeleteFile | DeleteFolder | CopyOp


@dataclass(frozen=True, slots=True)
class CommitRequest:
    """`parent`: the commit the branch must still be at, whole or its first 7 digits or more."""

    summary: str
    operations: Sequence[Operation]
    description: str = ""
    parent: str | None = None

    @property
    def message(self) -> str:
        return f"{self.summary.strip()}\n\n{self.description.strip()}".strip()


@dataclass(frozen=True, slots=True)
class CommitResult:
    """`parent` is None on the first commit of a branch."""

    oid: Oid
    parent: Oid | None
    ref: str
    title: str


def check_request(request: CommitRequest) -> None:
    """Raises Invalid, Unprocessable or TooLarge for what is wrong whatever the branch holds."""
    if not request.summary.strip():
        raise Invalid("A commit needs a summary: one line that says what it does.")
    if len(request.message.encode("utf-8", "replace")) > MESSAGE_BYTES_MAX:
        raise TooLarge(f"A commit's summary and description may hold at most {MESSAGE_BYTES_MAX} bytes.")
    if len(request.operations) > OPERATIONS_MAX:
        raise TooLarge(f"A commit may change at most {OPERATIONS_MAX} files. Send several commits.")
    for operation in request.operations:
        path = operation.path
        if isinstance(operation, DeleteFile | DeleteFolder):
            path = path.removesuffix("/")
        check_path(path)
        if isinstance(operation, CopyOp):
            check_path(operation.source_path)
        if isinstance(operation, LfsOp) and not is_sha256(operation.sha256):
            raise Unprocessable(f"The oid of LFS file {_shown(path)} must be a SHA-256: 64 lowercase hex digits.")
        if isinstance(operation, LfsOp) and operation.size is not None and operation.size < 0:
            raise Unprocessable(f"The size of LFS file {_shown(path)} must not be negative.")


def check_path(path: str) -> None:
    if problem := problem_with_path(path):
        raise Unprocessable(problem[0].upper() + problem[1:])


@dataclass(slots=True)
class _Place:
    """A path and what happens to it. `made` counts the files put at and below it: a delete sees them at once."""

    is_removed: bool = False
    """what the tree held here shall go"""
    edit: tuple[int, Oid] | None = None
    made: int = 0
    below: dict[str, _Place] = field(default_factory=dict)


class Draft:
    """The edits of one commit on top of one tree, taken in the request's order: what comes last on a path decides.

    `find` says what the tree holds at a path.
    """

    def __init__(self, find: Callable[[str], TreeEntry | None]) -> None:
        self._find = find
        self._root = _Place()

    def put(self, path: str, oid: Oid) -> None:
        """A file. What was executable stays so. Raises Unprocessable as `put_entry` does."""
        was = self._find(path)
        is_executable = was is not None and was.mode == MODE_EXECUTABLE
        self.put_entry(path, (MODE_EXECUTABLE if is_executable else MODE_FILE, oid))

    def put_entry(self, path: str, edit: tuple[int, Oid]) -> None:
        """Raises Unprocessable when operations before it made a file above or files below."""
        chain = self._chain(path)
        place = chain[-1]
        if any(above.edit for above in chain[:-1]) or (place.made and place.edit is None):
            raise Unprocessable(f"{_shown(path)} would be below a file of this commit, or a file over its folder.")
        if place.edit is None:
            _count(chain, 1)
        place.edit = edit

    def remove(self, path: str) -> None:
        """Raises EntryNotFound when neither the tree nor the operations before it made anything there."""
        chain = self._chain(path)
        place = chain[-1]
        in_tree = not any(at.is_removed for at in chain) and self._find(path) is not None
        if not place.made and not in_tree:
            raise EntryNotFound(path, message="A file with this name doesn't exist")
        _count(chain, -place.made)
        place.below.clear()
        place.edit, place.is_removed = None, place.is_removed or in_tree

    def blob_at(self, path: str) -> Oid | None:
        """What a file at the root holds, after the operations so far."""
        place = self._root.below.get(path)
        if place is not None and (place.edit or place.is_removed):
            return place.edit[1] if place.edit else None
        held = self._find(path)
        return held.oid if held is not None and held.is_blob else None

    def edits(self) -> tuple[dict[str, Edit], dict[str, Edit]]:
        """As `edit_tree` takes them, to be done one after the other: folders whose name a file takes go first."""
        before: dict[str, Edit] = {}
        edits: dict[str, Edit] = {}
        waiting = [("", self._root)]
        while waiting:
            path, place = waiting.pop()
            if place.edit or place.is_removed:
                edits[path] = place.edit
            if place.edit and place.is_removed and (was := self._find(path)) and was.is_tree:
                before[path] = None
            waiting += [(f"{path}/{name}" if path else name, below) for name, below in place.below.items()]
        return before, edits

    def _chain(self, path: str) -> list[_Place]:
        """From the root to the path, which may have no edit yet."""
        chain = [self._root]
        for name in path.split("/"):
            chain.append(chain[-1].below.setdefault(name, _Place()))
        return chain


def _count(chain: list[_Place], made: int) -> None:
    for place in chain:
        place.made += made


def _shown(path: str) -> str:
    return ascii(path if len(path) <= 120 else f"{path[:117]}...")
