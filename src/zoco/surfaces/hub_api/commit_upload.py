"""A commit while it arrives: small files stay in memory, others rest in scratch files until the commit is made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from zoco.adapters.clock import fresh_uuid
from zoco.core.errors import Invalid, TooLarge
from zoco.core.ids import Sha256
from zoco.hub.repos.commit_ops import CommitRequest, DeleteFile, DeleteFolder, FileOp, LfsOp, Operation
from zoco.surfaces.hub_api import commit_lines as lines
from zoco.surfaces.hub_api.bodies import parse_json

IN_MEMORY_MAX_BYTES = 8_000_000
"""Of the contents of one commit; what comes after goes to scratch files."""

SMALL_BYTES = 64_000
LINE_OVERHEAD_BYTES = 64_000
OPERATIONS_MAX = 100_000


class CommitUpload:
    """Used as a context: leaving it removes the scratch files. Its methods block: they are not for the event loop."""

    def __init__(self, scratch: Path, *, file_size_max: int, total_size_max: int) -> None:
        # escaped text may be longer than base64's 4/3; nothing that fits in git needs more than twice its size
        self._lines = lines.Lines(2 * file_size_max + LINE_OVERHEAD_BYTES)
        self._scratch = scratch
        self._total_size_max = total_size_max
        self._received = self._in_memory = self._number = 0
        self._header: lines.Header | None = None
        self._operations: list[Operation] = []
        self._files: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.unlink(missing_ok=True)

    def feed(self, chunk: bytes) -> None:
        """Raises Invalid naming the line, TooLarge."""
        self._received += len(chunk)
        if self._received > self._total_size_max:
            raise TooLarge(
                f"A commit may hold at most {self._total_size_max} bytes: make several commits, or upload by LFS"
            )
        self._take(self._lines.feed(chunk))

    def finish(self) -> CommitRequest:
        """Raises Invalid when there was no header."""
        self._take(self._lines.finish())
        if self._header is None:
            raise Invalid('The commit has no header: its first line must be {"key": "header", "value": {"summary": …}}')
        return self._request(self._header)

    def whole(self, body: bytes) -> CommitRequest:
        """The older form: everything in one document."""
        commit = parse_json(lines.WholeCommit, body)
        for number, file in enumerate(commit.files):
            self._add_file(f"files.{number}", file)
        for number, pointer in enumerate(commit.lfsFiles):
            lines.check_lfs(f"lfsFiles.{number}", pointer)
            self._add(LfsOp(pointer.path, Sha256(pointer.oid), pointer.size))
        for gone in (*commit.deletedFiles, *commit.deletedEntries):
            self._add(DeleteFile(gone.path))
        for folder in commit.deletedFolders:
            self._add(DeleteFolder(folder.path))
        return self._request(commit)

    def _take(self, arrived: Iterable[bytes]) -> None:
        for line in arrived:
            self._number += 1
            if line.strip():
                self._act_on(lines.parse_line(self._number, line))

    def _act_on(self, line: lines.HeaderLine | lines.FileLine | lines.LfsLine | lines.DeletedLine) -> None:
        where = f"Line {self._number} of the commit"
        match line:
            case lines.HeaderLine():
                if self._header is not None:
                    raise Invalid(f"{where} is a second header")
                self._header = line.value
            case lines.FileLine():
                self._add_file(where, line.value)
            case lines.LfsLine():
                self._add(LfsOp(line.value.path, Sha256(line.value.oid), line.value.size))
            case lines.DeletedLine():
                delete = DeleteFolder if line.key == "deletedFolder" else DeleteFile
                self._add(delete(line.value.path))

    def _add_file(self, where: str, file: lines.InlineFile) -> None:
        data = lines.decode(where, file)
        if len(data) <= SMALL_BYTES and self._in_memory + len(data) <= IN_MEMORY_MAX_BYTES:
            self._in_memory += len(data)
            self._add(FileOp(file.path, data))
            return
        self._scratch.mkdir(parents=True, exist_ok=True)
        kept = self._scratch / f"commit-{fresh_uuid()}"
        self._files.append(kept)
        kept.write_bytes(data)
        self._add(FileOp(file.path, kept))

    def _add(self, operation: Operation) -> None:
        if len(self._operations) >= OPERATIONS_MAX:
            raise TooLarge(f"A commit may change at most {OPERATIONS_MAX} files: make several commits")
        self._operations.append(operation)

    def _request(self, header: lines.Header | lines.WholeCommit) -> CommitRequest:
        return CommitRequest(
            summary=header.summary,
            description=header.description or "",
            operations=tuple(self._operations),
            parent=header.parentCommit or None,
        )
