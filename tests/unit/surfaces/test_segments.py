"""Answers of bytes and parts of files: for a server that sends files, and for one that cannot."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.requests import ClientDisconnect

from zoco.adapters.blobs.port import FilePart, Segment
from zoco.core.errors import Unavailable
from zoco.surfaces.segments import OPEN_FILES_MAX, READ_AT_ONCE_BYTES
from zoco.surfaces.streaming import ZERO_COPY, answer_segments

SIZE = 3_000_000
PART = READ_AT_ONCE_BYTES + 1


class Wire:
    """A server's side: what it would have sent, and how."""

    def __init__(self, *, by_file: bool, fail: Exception | None = None) -> None:
        self.scope = {"type": "http", "extensions": {ZERO_COPY: {}} if by_file else {}}
        self.body = b""
        self.is_complete = False
        self.started = False
        self.parts = 0
        self.open_files_max = 0
        self._fail = fail

    async def receive(self) -> Any:
        await anyio.sleep_forever()

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.started = True
        elif message["type"] == ZERO_COPY:
            if self._fail:
                raise self._fail
            self.parts += 1
            self.open_files_max = max(self.open_files_max, open_files())
            self.body += os.pread(message["file"].fileno(), message["count"], message["offset"])
        else:
            self.body += message["body"]
        if message["type"] != "http.response.start":
            self.is_complete = not message["more_body"]

    def run(self, segments: Iterator[Segment]) -> None:
        anyio.run(answer_segments(segments, 200, {}), self.scope, self.receive, self.send)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def data() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture
def path(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "file"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("by_file", [True, False])
def test_bytes_and_files_come_in_their_order(path: Path, data: bytes, by_file: bool) -> None:
    wire = Wire(by_file=by_file)
    wire.run(iter([b"<", FilePart(path, 0, SIZE), b"|", FilePart(path, 7, PART), FilePart(path, 9, 3), b">"]))
    assert wire.body == b"<" + data + b"|" + data[7 : 7 + PART] + data[9:12] + b">"
    assert wire.is_complete
    assert wire.parts == (2 if by_file else 0)


@pytest.mark.parametrize("by_file", [True, False])
def test_many_parts_of_many_files_hold_few_open(tmp_path: Path, by_file: bool) -> None:
    files = []
    for number in range(300):
        files.append(tmp_path / str(number))
        files[-1].write_bytes(bytes([number % 256]) * PART)
    gc.collect()  # what other tests left open is closed now, and not in the middle
    before = open_files()
    wire = Wire(by_file=by_file)
    wire.run(FilePart(path, 0, PART) for path in files for _ in range(2))
    assert wire.body == b"".join(bytes([number % 256]) * 2 * PART for number in range(300))
    assert wire.open_files_max < before + 64 + OPEN_FILES_MAX + 10
    assert open_files() <= before


def test_the_next_segments_are_asked_for_when_these_are_sent(path: Path) -> None:
    """A long answer is never held whole."""
    asked: list[int] = []
    sent_before: list[int] = []
    wire = Wire(by_file=True)

    def segments() -> Iterator[Segment]:
        for number in range(1000):
            asked.append(number)
            sent_before.append(wire.parts)
            yield FilePart(path, number, PART)

    wire.run(segments())
    assert wire.parts == 1000
    assert max(number - sent for number, sent in zip(asked, sent_before, strict=True)) < 64


@pytest.mark.parametrize("by_file", [True, False])
@pytest.mark.parametrize("size", [SIZE + 1, 20])
def test_a_file_that_is_shorter_than_it_was_never_ends_an_answer(path: Path, by_file: bool, size: int) -> None:
    wire = Wire(by_file=by_file, fail=EOFError())
    with pytest.raises(Unavailable, match="shorter"):
        wire.run(iter([FilePart(path, SIZE - size + 1, size)]))
    assert not wire.is_complete


@pytest.mark.parametrize(
    ("failure", "told"), [(OSError(5, "I/O error"), Unavailable), (BrokenPipeError(), ClientDisconnect)]
)
def test_what_stops_the_sending_is_told_by_its_kind(path: Path, failure: Exception, told: type[Exception]) -> None:
    gc.collect()
    before = open_files()
    wire = Wire(by_file=True, fail=failure)
    with pytest.raises(told):
        wire.run(iter([FilePart(path, 0, SIZE)]))
    assert not wire.is_complete
    assert open_files() <= before


def test_a_file_that_is_not_there_is_an_error_before_the_answer(tmp_path: Path) -> None:
    wire = Wire(by_file=True)
    with pytest.raises(Unavailable, match="zoco fsck"):
        wire.run(iter([b"head", FilePart(tmp_path / "none", 0, SIZE)]))
    assert not wire.started


def test_the_source_is_closed_whatever_happens(path: Path) -> None:
    ends: list[str] = []

    def segments() -> Iterator[Segment]:
        try:
            for _ in range(200):
                yield FilePart(path, 0, PART)
        finally:
            ends.append("closed")

    Wire(by_file=True).run(segments())
    with pytest.raises(ClientDisconnect):
        Wire(by_file=True, fail=BrokenPipeError()).run(segments())
    assert ends == ["closed", "closed"]
