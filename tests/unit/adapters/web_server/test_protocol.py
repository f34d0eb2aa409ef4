"""Raw connections to a small application behind our protocol, on both event loops."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
import uvicorn

from zoco.adapters.web_server import protocol
from zoco.adapters.web_server.protocol import HEAD_BYTES_MAX, ZERO_COPY, HubProtocol

MEBI = 1 << 20
SIZE = 9 * MEBI + 5
BIG = 3 << 30

App = Callable[[Any, Any, Any], Any]


@pytest.fixture(scope="module")
def data() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture(scope="module")
def path(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "file"
    path.write_bytes(data)
    return path


@dataclass
class Served:
    """Answers from `answers`, by path; `ends` are released as their applications end."""

    port: int = 0
    answers: dict[str, App] = field(default_factory=dict)
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self.answers[scope["path"]](scope, receive, send)
        finally:
            self.ended.release()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def ask(self, text: str) -> bytes:
        """The whole connection: what comes until it is closed."""
        with self.connect() as connection:
            connection.sendall(text.encode())
            return read_all(connection)


@contextmanager
def serving(loop: str) -> Iterator[Served]:
    served = Served()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served.port = listener.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(
                served,
                interface="asgi3",
                http=HubProtocol,
                loop=loop,
                ws="none",
                lifespan="off",
                log_config=None,
                proxy_headers=False,
                timeout_graceful_shutdown=5,
            )
        )
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield served
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(params=["uvloop", "asyncio"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    with serving(request.param) as served:
        yield served


def file_part(path: Path, offset: int, count: int) -> dict[str, Any]:
    """A message; the file is opened when it is sent."""
    return {"type": ZERO_COPY, "path": path, "offset": offset, "count": count}


def answer(
    *messages: bytes | dict[str, Any], headers: tuple[tuple[bytes, bytes], ...] = (), leave_to_more: bool = False
) -> App:
    """With `messages` as its body, the last one ending it."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        for number, message in enumerate(messages, 1):
            more = leave_to_more or number < len(messages)
            if isinstance(message, bytes):
                await send({"type": "http.response.body", "body": message, "more_body": more})
                continue
            with message["path"].open("rb") as file:
                await send({**message, "file": file, "more_body": more})

    return app


def length(size: int) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"content-length", str(size).encode()),)


def read_all(connection: socket.socket) -> bytes:
    got = b""
    try:
        while chunk := connection.recv(MEBI):
            got += chunk
    except ConnectionResetError:
        pass
    return got


def read_answer(connection: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of one answer that says its length."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, head
        head += byte
    size = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    body = bytearray()
    while len(body) < size:
        chunk = connection.recv(min(MEBI, size - len(body)))
        if not chunk:
            break
        body += chunk
    return head, bytes(body)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


GET = "GET {} HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = "GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def test_files_and_bytes_come_in_their_order(served: Served, path: Path, data: bytes) -> None:
    parts = (b"<", file_part(path, 0, SIZE), b"|", b"|", file_part(path, 5, 1), file_part(path, SIZE - 9, 9), b">")
    body = b"<" + data + b"||" + data[5:6] + data[-9:] + b">"
    served.answers["/"] = answer(*parts, headers=length(len(body)))
    head, _, got = served.ask(LAST.format("/")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert got == body


def test_a_file_may_end_an_answer_and_its_offset_and_count_be_left_out(served: Served, path: Path, data: bytes) -> None:
    served.answers["/"] = answer({"type": ZERO_COPY, "path": path}, headers=length(SIZE))
    assert served.ask(LAST.format("/")).endswith(b"\r\n\r\n" + data)


def test_a_connection_serves_on_after_a_file(served: Served, path: Path, data: bytes) -> None:
    served.answers["/file"] = answer(file_part(path, 0, SIZE), headers=length(SIZE))
    served.answers["/text"] = answer(b"hello", headers=length(5))
    with served.connect() as connection:
        for _ in range(3):
            for name, body in (("/file", data), ("/text", b"hello")):
                connection.sendall(GET.format(name).encode())
                assert read_answer(connection)[1] == body


def test_requests_sent_before_their_turn_are_answered_in_turn(served: Served, path: Path, data: bytes) -> None:
    served.answers["/file"] = answer(file_part(path, 0, SIZE), headers=length(SIZE))
    served.answers["/text"] = answer(b"hello", headers=length(5))
    with served.connect() as connection:
        connection.sendall((GET.format("/file") + GET.format("/text") + GET.format("/file")).encode())
        assert [read_answer(connection)[1] for _ in range(3)] == [data, b"hello", data]


def test_an_older_client_gets_the_file_and_the_end(served: Served, path: Path, data: bytes) -> None:
    served.answers["/"] = answer(file_part(path, 0, SIZE), headers=length(SIZE))
    assert served.ask("GET / HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\n" + data)


def test_head_has_the_length_and_no_bytes(served: Served, path: Path) -> None:
    served.answers["/"] = answer(file_part(path, 0, SIZE), headers=length(SIZE))
    got = served.ask("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert got.endswith(b"\r\n\r\n")
    assert f"content-length: {SIZE}".encode() in got


def test_an_answer_without_a_length_comes_in_chunks(served: Served, path: Path, data: bytes) -> None:
    served.answers["/"] = answer(b"<", file_part(path, 0, MEBI), b">")
    got = served.ask(LAST.format("/"))
    assert got.endswith(b"\r\n\r\n1\r\n<\r\n100000\r\n" + data[:MEBI] + b"\r\n1\r\n>\r\n0\r\n\r\n")


def test_a_part_of_nothing_is_nothing(served: Served, path: Path) -> None:
    served.answers["/"] = answer(file_part(path, 3, 0), b"x")
    assert served.ask(LAST.format("/")).endswith(b"\r\n\r\n1\r\nx\r\n0\r\n\r\n")


def test_more_than_the_announced_length_cuts_the_answer(served: Served, path: Path, data: bytes) -> None:
    served.answers["/"] = answer(file_part(path, 0, 100), file_part(path, 100, 100), headers=length(150))
    assert served.ask(GET.format("/")).endswith(b"\r\n\r\n" + data[:100])


def test_a_file_that_ends_early_cuts_the_answer(served: Served, path: Path, data: bytes) -> None:
    served.answers["/"] = answer(file_part(path, SIZE - MEBI, 2 * MEBI), headers=length(2 * MEBI))
    assert served.ask(GET.format("/")).endswith(b"\r\n\r\n" + data[-MEBI:])


def test_an_application_that_cuts_its_answer_closes_the_connection(served: Served) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ConnectionAbortedError

    served.answers["/"] = app
    assert served.ask(GET.format("/")).endswith(b"\r\n\r\n4\r\nhalf\r\n")


@pytest.mark.parametrize("served", ["uvloop"], indirect=True)
def test_offsets_and_counts_beyond_two_gigabytes(served: Served, tmp_path: Path) -> None:
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(BIG)
        file.seek(BIG - 6)
        file.write(b"marked")
    served.answers["/"] = answer(file_part(path, BIG - 8, 8), file_part(path, 0, BIG), headers=length(8 + BIG))
    with served.connect() as connection:
        connection.sendall(LAST.format("/").encode())
        head = connection.recv(1000)
        while b"marked" not in head:
            head += connection.recv(1000)
        assert b"\r\n\r\n\0\0marked" in head
        left = BIG - 6 - len(head.partition(b"marked")[2])
        buffer = bytearray(MEBI)
        while left:
            left -= connection.recv_into(buffer, min(MEBI, left), socket.MSG_TRUNC)  # taken, not copied
        assert read_all(connection) == b"marked"


def test_a_client_that_leaves_ends_the_application(served: Served, path: Path) -> None:
    served.answers["/"] = answer(*[file_part(path, 0, SIZE)] * 100, headers=length(100 * SIZE))
    served.answers["/ready"] = answer(b"")
    served.ask(LAST.format("/ready"))
    assert served.ended.acquire(timeout=60)
    before = open_files()
    connections = [served.connect() for _ in range(20)]
    for connection in connections:
        connection.sendall(GET.format("/").encode())
        connection.recv(1000)
    for connection in connections:
        connection.close()
    for _ in connections:
        assert served.ended.acquire(timeout=60)
    deadline = time.monotonic() + 60
    while open_files() > before:
        assert time.monotonic() < deadline, "files or sockets stay open"
        time.sleep(0.01)


def test_a_client_that_leaves_with_a_request_waiting_ends_the_one_before(served: Served, path: Path) -> None:
    served.answers["/"] = answer(*[file_part(path, 0, SIZE)] * 100, headers=length(100 * SIZE))
    connection = served.connect()
    connection.sendall((GET.format("/") * 2).encode())
    connection.recv(1000)
    connection.close()
    assert served.ended.acquire(timeout=60)


def test_no_error_page_comes_in_the_middle_of_a_file(served: Served, path: Path, data: bytes) -> None:
    served.answers["/"] = answer(*[file_part(path, 0, SIZE)] * 10, headers=length(10 * SIZE))
    with served.connect() as connection:
        connection.sendall(GET.format("/").encode())
        began = connection.recv(1000)
        connection.sendall(b"this is no request\r\n\r\n")
        body = (began + read_all(connection)).partition(b"\r\n\r\n")[2]
    assert 0 < len(body) < 10 * SIZE
    assert (data * 10).startswith(body)


@pytest.mark.parametrize(
    "head",
    [
        b"X-Huge: " + b"a" * (HEAD_BYTES_MAX + 1),
        b"X-Many: 1\r\n" * 10_000,
        b"X-Huge: " + b"a" * 3_000_000,
    ],
)
def test_a_head_that_is_too_large_is_refused(served: Served, head: bytes) -> None:
    with served.connect() as connection:
        try:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            return
        assert read_all(connection) in (b"", protocol._HEAD_TOO_LARGE)


def test_a_head_that_is_just_small_enough_is_taken(served: Served) -> None:
    served.answers["/"] = answer(b"hello", headers=length(5))
    with served.connect() as connection:
        for _ in range(3):
            connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * (HEAD_BYTES_MAX - 2) + b"\r\n\r\n")
            assert read_answer(connection)[1] == b"hello"


def test_a_large_head_is_refused_on_a_connection_in_use(served: Served) -> None:
    served.answers["/"] = answer(b"hello", headers=length(5))
    with served.connect() as connection:
        connection.sendall(GET.format("/").encode())
        read_answer(connection)
        connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n")
        assert read_all(connection) == protocol._HEAD_TOO_LARGE


def test_a_body_of_any_size_is_no_head(served: Served) -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        size = 0
        while (message := await receive())["type"] == "http.request":
            size += len(message["body"])
            if not message["more_body"]:
                break
        await answer(str(size).encode())(_scope, receive, send)

    served.answers["/"] = app
    body = b"x" * 5_000_000
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with served.connect() as connection:
        connection.sendall(head.encode() + body)
        assert b"\r\n5000000\r\n" in read_all(connection)


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_comes_whole_and_is_not_gathered_for_an_application_that_is_slow(
    served: Served, data: bytes, is_announced: bool
) -> None:
    got: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["more_body"]:
            got.append(message["body"])
            await anyio.sleep(0.002)
        got.append(message["body"])
        await answer(b"taken", headers=length(5))(scope, receive, send)

    served.answers["/"] = app
    sent = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (data[:7], data[7:])) + b"0\r\n\r\n"
    head = f"Content-Length: {len(data)}" if is_announced else "Transfer-Encoding: chunked"
    with served.connect() as connection:
        connection.sendall(f"PUT / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode() + (data if is_announced else sent))
        assert read_answer(connection)[1] == b"taken"
    assert b"".join(got) == data
    assert max(map(len, got)) <= protocol.BODY_HELD_BYTES + (256 << 10), "one read of a loop at most, beyond the bound"


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHos", b"\r\n\r\n"])
def test_who_says_no_request_in_time_is_cut_off(served: Served, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(protocol, "HEAD_WITHIN_S", 0.05)
    with served.connect() as connection:
        connection.sendall(said)
        assert read_all(connection) == b""


def test_who_waits_for_an_answer_or_says_the_next_request_later_is_not_cut_off(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time for the head is long over when the answer comes, and when the next request does."""
    monkeypatch.setattr(protocol, "HEAD_WITHIN_S", 0.01)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await anyio.sleep(0.1)
        await answer(b"late", headers=length(4))(scope, receive, send)

    served.answers["/"] = app
    with served.connect() as connection:
        for _ in range(3):
            connection.sendall(GET.format("/").encode())
            assert read_answer(connection)[1] == b"late"
            threading.Event().wait(0.05)


def test_a_client_that_asks_first_is_told_to_go_on(served: Served) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"] or (await receive())["body"]
        await answer(body, headers=length(len(body)))(scope, receive, send)

    served.answers["/"] = app
    with served.connect() as connection:
        connection.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"data")
        assert read_answer(connection)[1] == b"data"


def test_what_nobody_can_send_is_not_offered(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    offered: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        offered.append(scope.get("extensions"))
        await answer(b"")(scope, receive, send)

    served.answers["/"] = app
    served.ask(LAST.format("/"))
    monkeypatch.delattr(os, "sendfile")
    served.ask(LAST.format("/"))
    assert offered == [{ZERO_COPY: {}}, None]
