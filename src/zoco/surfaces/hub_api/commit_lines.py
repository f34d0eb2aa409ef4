"""The body of a commit, line by line: bytes in, operations out. Pure, and never more than one line in memory.

Each line is `{"key": …, "value": …}`: first a `header`, then `file`, `lfsFile`, `deletedFile`, `deletedFolder` or
`deletedEntry`. An older form is one JSON document with lists of the same values.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from zoco.core.errors import Invalid, TooLarge
from zoco.core.ids import is_sha256
from zoco.surfaces.hub_api.bodies import Body, Text, problem_with


class Header(Body):
    summary: Text
    description: Text | None = None
    parentCommit: Text | None = None  # noqa: N815 - wire spelling


class InlineFile(Body):
    path: Text
    content: str
    encoding: Literal["base64", "utf-8"] = "utf-8"

    def decoded(self) -> bytes:
        """Raises ValueError for what is not base64."""
        if self.encoding == "utf-8":
            return self.content.encode("utf-8")
        return binascii.a2b_base64(self.content.encode("ascii"), strict_mode=True)


class LfsFile(Body):
    path: Text
    oid: Text
    algo: Literal["sha256"] = "sha256"
    size: int | None = Field(default=None, ge=0)


class Deleted(Body):
    path: Text


class HeaderLine(Body):
    key: Literal["header"]
    value: Header


class FileLine(Body):
    key: Literal["file"]
    value: InlineFile


class LfsLine(Body):
    key: Literal["lfsFile"]
    value: LfsFile


class DeletedLine(Body):
    key: Literal["deletedFile", "deletedFolder", "deletedEntry"]
    value: Deleted


Line = Annotated[HeaderLine | FileLine | LfsLine | DeletedLine, Field(discriminator="key")]


class WholeCommit(Body):
    """The older form."""

    summary: Text
    description: Text | None = None
    parentCommit: Text | None = None  # noqa: N815 - wire spelling
    files: list[InlineFile] = Field(default=[])
    lfsFiles: list[LfsFile] = Field(default=[])  # noqa: N815 - wire spelling
    deletedFiles: list[Deleted] = Field(default=[])  # noqa: N815 - wire spelling
    deletedFolders: list[Deleted] = Field(default=[])  # noqa: N815 - wire spelling
    deletedEntries: list[Deleted] = Field(default=[])  # noqa: N815 - wire spelling


_LINE: TypeAdapter[HeaderLine | FileLine | LfsLine | DeletedLine] = TypeAdapter(Line)


class Lines:
    """Splits a stream into lines. Raises TooLarge for a line that could only be a file that belongs in LFS."""

    def __init__(self, line_size_max: int) -> None:
        self._line_size_max = line_size_max
        self._rest = bytearray()
        self._searched = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        self._rest += chunk
        start = 0
        while (end := self._rest.find(b"\n", max(start, self._searched))) >= 0:
            self._check(end - start)
            yield bytes(self._rest[start:end])
            start = end + 1
        del self._rest[:start]
        self._searched = len(self._rest)
        self._check(len(self._rest))

    def finish(self) -> Iterator[bytes]:
        if self._rest:
            yield bytes(self._rest)
            self._rest.clear()

    def _check(self, size: int) -> None:
        if size > self._line_size_max:
            raise TooLarge(
                f"One line of the commit has more than {self._line_size_max} bytes: upload large files by LFS "
                "and name them with a lfsFile line"
            )


def parse_line(number: int, line: bytes) -> HeaderLine | FileLine | LfsLine | DeletedLine:
    """Raises Invalid naming the line and the field."""
    try:
        parsed = _LINE.validate_json(line)
    except ValidationError as error:
        raise Invalid(f"Line {number} of the commit: {problem_with(error)}") from error
    if isinstance(parsed, LfsLine):
        check_lfs(f"Line {number} of the commit", parsed.value)
    return parsed


def check_lfs(where: str, file: LfsFile) -> None:
    if not is_sha256(file.oid):
        raise Invalid(f"{where}: oid of {file.path[:200]!r} must be the file's SHA-256, 64 lowercase hex digits")


def decode(where: str, file: InlineFile) -> bytes:
    """The file's bytes. Raises Invalid for broken base64."""
    try:
        return file.decoded()
    except ValueError as error:  # binascii.Error and UnicodeEncodeError are ones
        raise Invalid(f"{where}: content of {file.path[:200]!r} is not {file.encoding}: {error}") from error
