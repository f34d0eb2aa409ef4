"""Large bodies: memory stays bounded, and a client that leaves takes its work with it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.clients.git_work import create_repo, git_in, remote_refs, url_of
from tests.clients.test_lfs_wire import action, batch
from tests.running import Person, Server

pytestmark = pytest.mark.client

MEBI = 1 << 20
SIZE = 256 * MEBI
GROWTH_MAX = 100 * MEBI


@pytest.fixture
def server(own_server: Callable[..., Server]) -> Server:
    return own_server().start()


@pytest.fixture
def person(server: Server) -> Person:
    return server.person("ana")


def processes(server: Server) -> Iterator[Path]:
    """Of the server's process group."""
    assert server._process
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and os.getpgid(int(entry.name)) == server._process.pid:
                yield entry


def peak_memory(server: Server) -> int:
    """Of all its Python processes together, in bytes."""
    total = 0
    for process in processes(server):
        with contextlib.suppress(OSError):
            lines = (process / "status").read_text().splitlines()
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    return total


def pieces() -> Iterator[bytes]:
    for number in range(SIZE // MEBI):
        yield number.to_bytes(4, "big") * (MEBI // 4)


@pytest.fixture(scope="module")
def sha256() -> str:
    digest = hashlib.sha256()
    for piece in pieces():
        digest.update(piece)
    return digest.hexdigest()


def ask(server: Server, address: str, range_header: str = "") -> socket.socket:
    """A connection on which the answer begins to come; nobody reads it yet."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    target = address.removeprefix(server.url)
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{range_header}\r\n".encode())
    return connection


def read(connection: socket.socket, size: int) -> None:
    while size > 0:
        got = connection.recv(MEBI)
        assert got, "the answer ended early"
        size -= len(got)


def test_memory_is_bounded_whatever_is_sent_and_however_slowly_it_is_read(
    server: Server, person: Person, sha256: str
) -> None:
    path = create_repo(server, person, "iris")
    named = {"oid": sha256, "size": SIZE}
    before = peak_memory(server)
    href = action(batch(server, person, path, "upload", named), "upload")
    assert httpx.put(href, content=pieces(), timeout=120).status_code == 200
    down = action(batch(server, person, path, "download", named), "download")
    slow = [ask(server, down, "Range: bytes=1-\r\n" if number % 2 else "") for number in range(6)]
    for connection in slow:
        read(connection, MEBI)
    for quick in ("", "Range: bytes=1-\r\n"):
        with ask(server, down, quick) as connection:
            read(connection, 200 * MEBI)
    for connection in slow:
        connection.close()
    assert peak_memory(server) - before < GROWTH_MAX, f"{(peak_memory(server) - before) >> 20} MiB"


def test_a_fetch_ends_on_the_server_when_the_client_leaves(server: Server, person: Person, tmp_path: Path) -> None:
    git = git_in(tmp_path)
    path = create_repo(server, person, "iris")
    work = git.clone(url_of(server, path, person), "work")
    work.commit({f"part-{number}": os.urandom(9_000_000) for number in range(4)})
    work("push")
    tip = remote_refs(git, url_of(server, path))["refs/heads/main"]
    body = f"0045want {tip} side-band-64k ofs-delta".encode()
    body = b"%04x" % (len(body) - 4 + 1 + 4) + body[4:] + b"\n" + b"0000" + b"0009done\n"
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    connection.sendall(
        f"POST /{path}/git-upload-pack HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-git-upload-pack-request\r\n\r\n".encode()
        + body
    )
    read(connection, MEBI)
    assert git_children(server), "git is sending"
    connection.close()
    deadline = time.monotonic() + 60
    while git_children(server):
        assert time.monotonic() < deadline, "git goes on for nobody"
        time.sleep(0.05)


def git_children(server: Server) -> list[str]:
    found = []
    for process in processes(server):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if "upload-pack" in command or "pack-objects" in command:
                found.append(command)
    return found
