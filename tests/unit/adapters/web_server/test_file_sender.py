from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import uvloop

from zoco.adapters.web_server import file_sender
from zoco.adapters.web_server.file_sender import STEP_BYTES, FileSender

SIZE = 5 * STEP_BYTES + 17

Run = Callable[[Callable[[], Awaitable[None]]], None]


@pytest.fixture(params=["uvloop", "asyncio"])
def run(request: pytest.FixtureRequest) -> Run:
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.SelectorEventLoop

    def run(work: Callable[[], Awaitable[None]]) -> None:
        async def main() -> None:
            await work()

        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(main())

    return run


@pytest.fixture
def data() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture
def file(tmp_path: Path, data: bytes) -> Iterator[int]:
    path = tmp_path / "file"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


class Line:
    """A sender, and the client at the other end of its socket."""

    def __init__(self) -> None:
        self._server, self.client = socket.socketpair()
        self._server.setblocking(False)
        self.client.setblocking(False)
        self.sender = FileSender(asyncio.get_running_loop(), self._server.fileno())

    async def read(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            chunk = await asyncio.get_running_loop().sock_recv(self.client, min(65536, count - len(got)))
            if not chunk:
                break
            got += chunk
        return got

    def close(self) -> None:
        self.sender.close()
        self._server.close()
        self.client.close()


@pytest.fixture
def off_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nothing were in the page cache: every step is a thread's."""
    monkeypatch.setattr(file_sender, "_is_in_memory", lambda *_: False)


def check_parts_arrive(run: Run, file: int, data: bytes) -> None:
    async def work() -> None:
        line = Line()
        wanted = [(0, SIZE), (SIZE - 3, 3), (7, 2 * STEP_BYTES), (0, 1)]
        for offset, count in wanted:
            sending = asyncio.create_task(line.sender.send(file, offset, count))
            assert await line.read(count) == data[offset : offset + count]
            await sending
        line.close()

    run(work)


def test_parts_arrive_one_after_the_other(run: Run, file: int, data: bytes) -> None:
    check_parts_arrive(run, file, data)


@pytest.mark.usefixtures("off_disk")
def test_parts_that_a_thread_fetches_arrive_likewise(run: Run, file: int, data: bytes) -> None:
    check_parts_arrive(run, file, data)


def test_parts_of_a_file_that_sendfile_does_not_know_arrive_likewise(
    run: Run, file: int, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> int:
        raise OSError(errno.EINVAL, "not this file system")

    monkeypatch.setattr(os, "sendfile", refuse)
    check_parts_arrive(run, file, data)


@pytest.mark.skipif(not hasattr(os, "RWF_NOWAIT"), reason="asked of Linux only")
def test_what_the_page_cache_lost_is_not_taken_for_being_there(file: int) -> None:
    os.fsync(file)
    if not file_sender._is_in_memory(file, 0, SIZE):
        pytest.skip("this file system does not tell")
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    assert not file_sender._is_in_memory(file, 0, SIZE)


def test_a_client_that_does_not_read_gets_the_rest_when_it_reads(run: Run, file: int, data: bytes) -> None:
    async def work() -> None:
        line = Line()
        sending = asyncio.create_task(line.sender.send(file, 0, SIZE))
        got = await line.read(1000)
        for _ in range(50):  # turns in which nobody reads
            await asyncio.sleep(0)
        assert not sending.done()
        assert got + await line.read(SIZE - 1000) == data
        await sending
        line.close()

    run(work)


def test_a_file_that_ends_early_is_an_error(run: Run, file: int) -> None:
    async def work() -> None:
        line = Line()
        reading = asyncio.create_task(line.read(2 * SIZE))
        with pytest.raises(EOFError):
            await line.sender.send(file, STEP_BYTES, SIZE)
        line.close()
        reading.cancel()

    run(work)


def check_leaving(run: Run, file: int) -> None:
    async def work() -> None:
        line = Line()
        sending = asyncio.create_task(line.sender.send(file, 0, SIZE))
        await line.read(1000)
        line.client.close()
        with pytest.raises(ConnectionError):
            await sending
        line.close()

    run(work)


def test_a_client_that_leaves_ends_the_sending(run: Run, file: int) -> None:
    check_leaving(run, file)


@pytest.mark.usefixtures("off_disk")
def test_a_client_that_leaves_ends_what_a_thread_sends(run: Run, file: int) -> None:
    check_leaving(run, file)


def test_a_lost_connection_ends_the_wait_for_it(run: Run, file: int) -> None:
    async def work() -> None:
        line = Line()
        sending = asyncio.create_task(line.sender.send(file, 0, SIZE))
        await line.read(1000)
        line.sender.lose()
        with pytest.raises(ConnectionResetError):
            await sending
        with pytest.raises(ConnectionResetError):
            await line.sender.send(file, 0, 1)
        line.close()

    run(work)


def test_who_cancels_waits_for_the_thread(run: Run, file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its descriptors are closed after that, and their numbers may be another's at once."""

    async def work() -> None:
        loop = asyncio.get_running_loop()
        began, may_end = asyncio.Event(), asyncio.Event()
        is_over = False

        def slow(*_: object) -> int:
            nonlocal is_over
            loop.call_soon_threadsafe(began.set)
            asyncio.run_coroutine_threadsafe(may_end.wait(), loop).result()
            is_over = True
            return 1

        monkeypatch.setattr(file_sender, "_is_in_memory", lambda *_: False)
        monkeypatch.setattr(file_sender, "_fetch_and_send", slow)
        line = Line()
        sending = asyncio.create_task(line.sender.send(file, 0, SIZE))
        await began.wait()
        sending.cancel()
        for _ in range(50):
            await asyncio.sleep(0)
        assert not sending.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert is_over
        line.close()

    run(work)
