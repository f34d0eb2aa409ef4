"""What the Hub asks of a machine: memory when nobody is there, bytes to download, and bounds on what strangers send."""

from __future__ import annotations

import importlib.metadata
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.house.test_licences import closure
from tests.running import Server

pytestmark = pytest.mark.client

IDLE_MAX_MB = 200
INSTALLED_MAX_MB = 400


def family_of(pid: int) -> list[int]:
    """The process and all that it started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family_of(int(child))
    return found


def proportional_mb(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    assert found
    return int(found[1]) / 1000


def test_an_idle_hub_with_one_worker_is_small(own_server: Callable[..., Server]) -> None:
    server = own_server().start()
    assert server._process
    family = family_of(server._process.pid)
    assert len(family) >= 3, "a parent, a web worker, a jobs process"
    assert sum(proportional_mb(pid) for pid in family) < IDLE_MAX_MB


def test_what_is_installed_stays_small() -> None:
    """Unpacked size of all dependencies; the downloads are about a third of it."""
    total = 0
    for name in closure("zoco", {}):
        for file in importlib.metadata.files(name) or []:
            path = Path(str(file.locate()))
            total += path.stat().st_size if path.is_file() and path.suffix != ".pyc" else 0
    assert 10_000_000 < total < INSTALLED_MAX_MB * 1_000_000


@pytest.mark.parametrize(
    "hostile",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Huge: " + b"a" * 5_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Many: 1\r\n" * 100_000 + b"\r\n",
        b"GET /" + b"a" * 5_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/whoami-v2 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + b"h" * 300_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 100,
        b"GET / HTTP/1.1\r\nHost: a b\r\nHost: c\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_a_request_that_is_no_request_is_refused_and_the_next_is_served(server: Server, hostile: bytes) -> None:
    answer = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        try:
            raw.sendall(hostile)
            answer = raw.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            pass  # cut off while it was still sending: as good a refusal
    assert answer == b"" or re.match(rb"HTTP/1.1 4\d\d ", answer), answer[:200]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert raw.recv(65536).startswith(b"HTTP/1.1 200 ")
