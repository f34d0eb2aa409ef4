from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import anyio
import pytest
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from zoco.core.errors import Unavailable
from zoco.surfaces.streaming import StreamedAnswer
from zoco.surfaces.threads import iterate

Message = dict[str, object]


class Client:
    """The other side: takes messages, and leaves when told."""

    def __init__(self, leaves_after: int | None = None) -> None:
        self.sent: list[Message] = []
        self._leaves_after = leaves_after
        self._left = anyio.Event()

    async def receive(self) -> Message:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        if self._leaves_after is not None and len(self.sent) > self._leaves_after:
            self._left.set()
            await anyio.sleep_forever()  # as a server whose client takes no more

    async def run(self, answer: Response) -> None:
        await answer({"type": "http"}, self.receive, self.send)  # type: ignore[arg-type]

    @property
    def body(self) -> bytes:
        return b"".join(m["body"] for m in self.sent if m["type"] == "http.response.body")  # type: ignore[misc]


class Chunks(Iterator[bytes]):
    """Like a child process: must be closed."""

    def __init__(self, count: int, fails_at: int | None = None) -> None:
        self._left = count
        self._fails_at = fails_at
        self.is_closed = False

    def __next__(self) -> bytes:
        if self._left == self._fails_at:
            raise Unavailable("away")
        if self._left == 0:
            raise StopIteration
        self._left -= 1
        return b"x"

    def close(self) -> None:
        self.is_closed = True


def test_all_is_sent_and_the_source_closed() -> None:
    chunks = Chunks(5)

    async def run() -> Client:
        client = Client()
        await client.run(StreamedAnswer(iterate(chunks), 200, {"X-A": "b"}))
        return client

    client = anyio.run(run)
    assert client.body == b"xxxxx"
    assert client.sent[0] == {"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"b")]}
    assert client.sent[-1]["more_body"] is False
    assert chunks.is_closed


def test_a_client_that_leaves_closes_the_source() -> None:
    chunks = Chunks(1_000_000)

    async def run() -> None:
        await Client(leaves_after=3).run(StreamedAnswer(iterate(chunks)))

    with pytest.raises(ClientDisconnect):
        anyio.run(run)
    assert chunks.is_closed


def test_a_failure_at_the_start_sends_nothing_so_that_it_can_be_answered_as_an_error() -> None:
    chunks = Chunks(3, fails_at=3)
    client: Client | None = None

    async def run() -> None:
        nonlocal client
        client = Client()
        await client.run(StreamedAnswer(iterate(chunks)))

    with pytest.raises(Unavailable):
        anyio.run(run)
    assert client and client.sent == []
    assert chunks.is_closed


def test_a_failure_in_the_middle_never_ends_the_answer_as_if_it_were_whole() -> None:
    client: Client | None = None

    async def run() -> None:
        nonlocal client
        client = Client()
        await client.run(StreamedAnswer(iterate(Chunks(3, fails_at=1))))

    with pytest.raises(Unavailable):
        anyio.run(run)
    assert client and client.body == b"xx"
    assert all(message.get("more_body", True) for message in client.sent)


def test_an_empty_source_is_an_empty_answer() -> None:
    async def nothing() -> AsyncIterator[bytes]:
        return
        yield b""

    async def run() -> Client:
        client = Client()
        await client.run(StreamedAnswer(nothing()))
        return client

    assert anyio.run(run).body == b""


def test_a_client_that_hangs_up_with_all_it_was_promised_has_not_left() -> None:
    """The source may still be asked whether there is more."""

    async def never_ends() -> AsyncIterator[bytes]:
        yield b"abc"
        await anyio.sleep_forever()

    async def run() -> Client:
        client = Client()
        await client.run(StreamedAnswer(never_ends(), 200, {"Content-Length": "3"}))
        return client

    client = anyio.run(run)
    assert client.body == b"abc"
    assert client.sent[-1]["more_body"] is False
