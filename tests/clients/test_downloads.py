"""Large files going out of a real server: ranges, connections, clients that stall or leave, and servers that end."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from tests.clients.git_work import create_repo
from tests.clients.test_footprint import family_of
from tests.clients.test_lfs_streams import ask, read
from tests.clients.test_lfs_wire import action, batch
from tests.running import Person, Server

pytestmark = pytest.mark.client

MEBI = 1 << 20
SIZE = 40 * MEBI + 3
STALLED = 100
"""More than the threads that long work may have, so that one for each would leave none."""


@pytest.fixture(scope="module")
def data() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture
def hub(own_server: Callable[..., Server]) -> Server:
    return own_server().start()


def stored(server: Server, person: Person, name: str, data: bytes) -> str:
    """Address to download it from."""
    path = create_repo(server, person, name)
    named = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}
    href = action(batch(server, person, path, "upload", named), "upload")
    assert httpx.put(href, content=data, timeout=120).status_code == 200
    return action(batch(server, person, path, "download", named), "download")


@pytest.fixture(scope="module")
def shared(server: Server, data: bytes) -> str:
    return stored(server, server.person("ana-downloads"), "shared", data)


@pytest.fixture
def own(hub: Server, data: bytes) -> str:
    return stored(hub, hub.person("ana"), "own", data)


def web_workers(server: Server) -> list[int]:
    assert server._process
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in family_of(server._process.pid)}
    return [pid for pid, command in commands.items() if b"zoco.cli.web_worker" in command]


def open_in(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def until(is_so: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


def rest_of(connection: socket.socket) -> bytes:
    got = bytearray()
    try:
        while chunk := connection.recv(MEBI):
            got += chunk
    except ConnectionResetError:
        pass
    return bytes(got)


@pytest.mark.parametrize(
    ("asked", "start", "end"), [("0-0", 0, 1), ("5000000-29999999", 5_000_000, 30_000_000), ("-7", SIZE - 7, SIZE)]
)
def test_a_range_is_just_that(shared: str, data: bytes, asked: str, start: int, end: int) -> None:
    got = httpx.get(shared, headers={"Range": f"bytes={asked}"})
    assert (got.status_code, got.headers["content-range"]) == (206, f"bytes {start}-{end - 1}/{SIZE}")
    assert got.content == data[start:end]


def test_several_ranges_are_one_answer(shared: str, data: bytes) -> None:
    got = httpx.get(shared, headers={"Range": "bytes=0-9,1000000-3999999,-100000"})
    assert len(got.content) == int(got.headers["content-length"])
    boundary = re.fullmatch(r"multipart/byteranges; boundary=(\w+)", got.headers["content-type"])
    assert boundary
    parts = got.content.split(f"--{boundary[1]}".encode())[1:-1]
    assert [part.split(b"\r\n\r\n", 1)[1][:-2] for part in parts] == [
        data[:10],
        data[1_000_000:4_000_000],
        data[-100_000:],
    ]


def test_head_conditions_and_what_cannot_be(shared: str, data: bytes) -> None:
    head = httpx.head(shared)
    assert (head.content, head.headers["content-length"], head.headers["accept-ranges"]) == (b"", str(SIZE), "bytes")
    etag = head.headers["etag"]
    part = {"Range": "bytes=1-2"}
    assert httpx.get(shared, headers={"If-None-Match": etag}).status_code == 304
    assert httpx.get(shared, headers={"Range": f"bytes={SIZE}-"}).status_code == 416
    assert httpx.get(shared, headers={**part, "If-Range": etag}).content == data[1:3]
    assert httpx.get(shared, headers={**part, "If-Range": '"other"'}).content == data


def test_a_connection_serves_on_after_a_large_file(shared: str, data: bytes, server: Server) -> None:
    with httpx.Client() as client:
        for _ in range(3):
            assert client.get(shared).content == data
            assert client.get(f"{server.url}/healthz").json() == {"status": "ok"}
            assert client.get(shared, headers={"Range": "bytes=3-99999"}).content == data[3:100_000]


def test_many_downloads_at_once_come_whole(shared: str, data: bytes) -> None:
    problems: list[object] = []

    def fetch(number: int) -> None:
        start = number * 1_000_003 % SIZE
        got = httpx.get(shared, headers={"Range": f"bytes={start}-"}, timeout=120)
        if got.content != data[start:]:
            problems.append((number, got.status_code, len(got.content)))

    threads = [threading.Thread(target=fetch, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


def test_clients_that_stall_hold_nobody_up_and_leave_nothing_behind(hub: Server, own: str, data: bytes) -> None:
    [worker] = web_workers(hub)
    for address in (own, f"{hub.url}/ana/own"):  # what is opened once for all is open
        httpx.get(address, timeout=60)
    before = open_in(worker)
    with ExitStack() as held:
        for number in range(STALLED):
            connection = held.enter_context(ask(hub, own, "Range: bytes=1-,0-\r\n" if number % 2 else ""))
            read(connection, 1000)
        assert open_in(worker) > before + STALLED
        assert httpx.get(own, timeout=60).content == data
        assert httpx.get(f"{hub.url}/ana/own", timeout=60).status_code == 200
    until(lambda: open_in(worker) <= before, "what stalled clients had stays open")


def test_a_file_that_is_cut_short_never_ends_an_answer(hub: Server, own: str, data: bytes) -> None:
    [file] = [path for path in (hub.data / "store").rglob("*") if path.is_file() and path.stat().st_size == SIZE]
    with ask(hub, own) as connection:
        began = connection.recv(1000)
        os.truncate(file, SIZE - 5 * MEBI)
        body = (began + rest_of(connection)).partition(b"\r\n\r\n")[2]
    assert body == data[: SIZE - 5 * MEBI]
    with ask(hub, own, "Range: bytes=40000000-\r\n") as connection:
        assert rest_of(connection).partition(b"\r\n\r\n")[2] == b""
    file.unlink()
    gone = httpx.get(own)
    assert gone.status_code == 503
    assert "zoco fsck" in gone.headers["X-Error-Message"]
    assert "answer_cut" in hub.log.read_text()


@pytest.fixture
def two_workers(own_server: Callable[..., Server]) -> Iterator[Server]:
    yield own_server(workers=2).start()


def test_connections_spread_over_the_workers(two_workers: Server, data: bytes) -> None:
    address = stored(two_workers, two_workers.person("ana"), "own", data)
    until(lambda: len(web_workers(two_workers)) == 2, "two workers")
    workers = web_workers(two_workers)
    before = [open_in(worker) for worker in workers]
    with ExitStack() as held:
        for _ in range(40):
            read(held.enter_context(ask(two_workers, address)), 1000)
        shares = [open_in(worker) - was for worker, was in zip(workers, before, strict=True)]
    print(shares)
    assert min(shares) > sum(shares) / 8, shares


def test_a_stop_lets_the_answers_finish_that_have_begun(two_workers: Server, data: bytes) -> None:
    address = stored(two_workers, two_workers.person("ana"), "own", data)
    with ExitStack() as held:
        connections = [held.enter_context(ask(two_workers, address)) for _ in range(4)]
        began = [connection.recv(1000) for connection in connections]
        assert two_workers._process
        two_workers._process.send_signal(signal.SIGTERM)
        until(lambda: not is_taken(two_workers.port), "the port is still open")
        for connection, start in zip(connections, began, strict=True):
            assert (start + rest_of(connection)).partition(b"\r\n\r\n")[2] == data
    assert two_workers._process.wait(timeout=60) == 0


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_worker_that_dies_is_replaced_and_nobody_is_refused(hub: Server) -> None:
    [worker] = web_workers(hub)
    os.kill(worker, signal.SIGKILL)
    assert httpx.get(f"{hub.url}/healthz", timeout=60).status_code == 200
    assert web_workers(hub) != [worker]


def test_workers_end_with_a_parent_that_is_killed(hub: Server) -> None:
    assert hub._process
    hub._process.kill()
    hub._process.wait()
    until(lambda: not is_taken(hub.port), "a worker outlives its parent")
    hub._process = None
