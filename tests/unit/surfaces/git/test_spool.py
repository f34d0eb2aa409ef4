from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zoco.core.errors import TooLarge
from zoco.surfaces.git.spool import IN_MEMORY_MAX, Spool, WhileReading


def fed(scratch: Path, *chunks: bytes, size_max: int = 10 * IN_MEMORY_MAX) -> Spool:
    spool = Spool(scratch, size_max)
    for chunk in chunks:
        spool.feed(chunk)
    return spool


def test_a_small_request_stays_in_memory(tmp_path: Path) -> None:
    spool = fed(tmp_path, b"want", b" this")
    assert spool.body() == b"want this"
    assert not list(tmp_path.iterdir())
    spool.discard()


def test_a_large_request_rests_in_a_file_until_it_was_read(tmp_path: Path) -> None:
    chunks = [b"a" * IN_MEMORY_MAX, b"b", b"c" * 1000]
    spool = fed(tmp_path, *chunks)
    body = spool.body()
    assert isinstance(body, Path)
    assert body.read_bytes() == b"".join(chunks)
    spool.discard()
    assert not list(tmp_path.iterdir())


def test_a_request_over_the_limit_is_refused(tmp_path: Path) -> None:
    spool = fed(tmp_path, b"12345", size_max=5)
    with pytest.raises(TooLarge):
        spool.feed(b"6")


@pytest.mark.parametrize("chunks_read", [0, 1, 2])
def test_the_request_goes_with_its_answer_however_much_of_it_was_read(tmp_path: Path, chunks_read: int) -> None:
    """An iterator that nobody began runs no `finally` of its own: the file must go all the same."""
    is_closed = False

    def answer() -> Iterator[bytes]:
        nonlocal is_closed
        try:
            yield b"one"
            yield b"two"
        finally:
            is_closed = True

    reading = WhileReading(fed(tmp_path, b"a" * (IN_MEMORY_MAX + 1)), answer())
    assert [next(reading) for _ in range(chunks_read)] == [b"one", b"two"][:chunks_read]
    reading.close()
    assert not list(tmp_path.iterdir())
    assert is_closed is (chunks_read > 0)
