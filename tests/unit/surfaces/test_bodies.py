from __future__ import annotations

import gzip
import threading
from collections.abc import AsyncIterator, Sequence

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request

from zoco.core.errors import Invalid, TooLarge, Unprocessable
from zoco.surfaces.bodies import PIECE_BYTES, body_of, inflated, pour, read_body


def request(chunks: Sequence[bytes], *, ends: bool = True, **headers: str) -> Request:
    """As a server hands it over; `ends=False`: the client leaves after the last chunk."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request", "body": b"", "more_body": False} if ends else {"type": "http.disconnect"})
    rest = iter(messages)

    async def receive() -> dict[str, object]:
        return next(rest)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": raw, "path": "/"}, receive)


async def stream(chunks: Sequence[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def joined(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


def test_a_body_is_read_whole() -> None:
    assert anyio.run(read_body, request([b"ab", b"", b"cd"]), 4) == b"abcd"


def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge, match="4 bytes"):
        anyio.run(read_body, request([], content_length="5"), 4)


def test_a_body_that_lies_about_its_length_is_refused_when_it_grows_over_the_limit() -> None:
    with pytest.raises(TooLarge):
        anyio.run(read_body, request([b"abc", b"de"], content_length="1"), 4)


def test_a_client_that_leaves_in_the_middle_has_sent_no_body() -> None:
    with pytest.raises(ClientDisconnect):
        anyio.run(read_body, request([b"abc"], ends=False), 100)


def test_gzip_is_inflated_however_it_was_cut() -> None:
    data = b"want " * 1000
    packed = gzip.compress(data)
    for size in (1, 3, 1000):
        pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
        assert anyio.run(read_body, request(pieces, content_encoding="gzip"), len(data)) == data


def test_a_bomb_is_stopped_at_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    sizes: list[int] = []

    async def read() -> None:
        async for piece in inflated(stream([bomb]), 1_000_000):
            sizes.append(len(piece))

    with pytest.raises(TooLarge):
        anyio.run(read)
    assert sum(sizes) <= 1_000_000


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"not gzip at all", "not gzip"),
        (gzip.compress(b"abc", mtime=0)[:-4], "ends in the middle"),
        (gzip.compress(b"abc", mtime=0) + b"tail", "after its end"),
        (gzip.compress(b"abc", mtime=0) + gzip.compress(b"def", mtime=0), "after its end"),
    ],
)
def test_broken_gzip_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        anyio.run(read_body, request([body], content_encoding="gzip"), 1000)


def test_another_encoding_is_refused_by_name() -> None:
    with pytest.raises(Unprocessable, match="'br'"):
        body_of(request([], content_encoding="br"), 10)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, PIECE_BYTES + 1), max_size=6))
def test_every_byte_is_poured_once_and_in_order(sizes: list[int]) -> None:
    chunks = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    fed: list[bytes] = []
    anyio.run(pour, stream(chunks), fed.append)
    assert b"".join(fed) == b"".join(chunks)
    assert all(len(piece) <= 2 * PIECE_BYTES + 1 for piece in fed)


def test_an_error_while_feeding_stops_the_pouring() -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * PIECE_BYTES

    def feed(_piece: bytes) -> None:
        raise Unprocessable("enough")

    with pytest.raises(Unprocessable, match="enough"):
        anyio.run(pour, endless(), feed)
    assert taken <= 3


def test_no_feed_runs_any_more_when_a_client_leaves() -> None:
    """An upload's file is thrown away then: nothing may still be writing to it."""
    is_feeding, may_end, ended = threading.Event(), threading.Event(), False

    def feed(_piece: bytes) -> None:
        nonlocal ended
        is_feeding.set()
        assert may_end.wait(10)
        ended = True

    async def leaving() -> AsyncIterator[bytes]:
        yield b"x" * PIECE_BYTES
        await anyio.to_thread.run_sync(is_feeding.wait, 10)
        may_end.set()
        raise ClientDisconnect

    with pytest.raises(ClientDisconnect):
        anyio.run(pour, leaving(), feed)
    assert ended
