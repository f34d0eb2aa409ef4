"""A full disk: it says so in words, keeps nothing half, lets people read, and takes files again when there is room."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.clients.git_work import git_in, url_of
from tests.clients.hf_client import hf
from tests.clients.test_lfs_wire import action, batch, sha
from tests.clients.test_xet_kills import AT_ONCE, content, file_in, scratch, store_of, uploads
from tests.clients.xet_store import Stored
from tests.running import Person, Server
from tests.xet_files import fresh_file, shard_of

pytestmark = pytest.mark.client

DISK_MIB = 48
TOO_LARGE = 60_000_000
SAID = "The server's disk is full"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own, which only root may make."""
    folder = tmp_path / "data"
    folder.mkdir()
    options = f"size={DISK_MIB}m,uid={os.geteuid()},mode=700"
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    mount = [*root, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("nobody may mount the small disk of this test here")
    if done.returncode:
        pytest.skip(f"nobody may mount the small disk of this test here: {done.stderr}")
    yield folder
    subprocess.run([*root, "umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def server(disk: Path, own_server: Callable[..., Server]) -> Server:
    return own_server(name=disk.name).start()


@pytest.fixture
def person(server: Server) -> Person:
    return server.person("ana")


@pytest.fixture
def machine(tmp_path: Path, server: Server, person: Person) -> Path:
    folder = tmp_path / "machine"
    folder.mkdir()
    hf(server, folder, "repos", "create", "ana/m", HF_TOKEN=person.token)
    return folder


def fill(server: Server) -> Path:
    """To the last byte, by somebody who is not the Hub."""
    ballast = server.data / "ballast"
    out = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(out, bytes(4096))
    except OSError:
        return ballast
    finally:
        os.close(out)


def check_nothing_is_half(server: Server, *names: str) -> None:
    assert scratch(server) == []
    Stored.of(server).check()
    for name in names:
        assert content(server, name) is None


def test_a_file_for_which_there_is_no_room(server: Server, person: Person, machine: Path, tmp_path: Path) -> None:
    """By every way of uploading. Small files still come: the database and git keep some room for themselves."""
    file = file_in(machine, TOO_LARGE)
    command = ("upload", "ana/m", str(file), file.name)
    by_xet = hf(server, machine, *command, check=False, HF_TOKEN=person.token, **AT_ONCE)
    assert "507 Insufficient Storage" in by_xet.stderr
    check_nothing_is_half(server, file.name)

    by_lfs = hf(server, machine, *command, check=False, HF_TOKEN=person.token, HF_HUB_DISABLE_XET="1")
    assert SAID in by_lfs.stderr
    check_nothing_is_half(server, file.name)

    git = git_in(tmp_path, lfs=True)
    work = git.clone(url_of(server, "ana/m", person), "work")
    work.commit({"large.bin": file.read_bytes(), ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"})
    assert SAID in work.fails("push")
    check_nothing_is_half(server, "large.bin")

    plain = git_in(tmp_path).clone(url_of(server, "ana/m", person), "plain")
    plain.commit({f"{number}.dat": os.urandom(9_000_000) for number in range(6)})
    printed = plain.fails("push", "origin", "HEAD:main")
    assert SAID in printed
    assert "unpacker error" in printed
    check_nothing_is_half(server, "1.dat")

    small = file_in(machine, name="small.bin")
    assert uploads(server, person, machine, small)
    assert content(server, small.name) == small.read_bytes()


def test_a_disk_that_fills_while_a_file_comes(server: Server, person: Person, machine: Path) -> None:
    cas, headers = store_of(server, person)
    xorb = fresh_file(*[100_000] * 40, seed="fills").xorbs[0]
    data = os.urandom(4_000_000)
    put = action(batch(server, person, "ana/m", "upload", {"oid": sha(data), "size": len(data)}), "upload")
    tries: list[tuple[str, str, bytes]] = [
        ("POST", f"{cas}/v1/xorbs/default/{xorb.hash}", xorb.body),
        ("PUT", put, data),
    ]
    for method, url, body in tries:
        filled: list[Path] = []

        def pieces(body: bytes = body, filled: list[Path] = filled) -> Iterator[bytes]:
            yield body[:2_500_000]
            while not any((server.data / "scratch").iterdir()):
                threading.Event().wait(0.02)
            filled.append(fill(server))
            yield body[2_500_000:]

        sized = {"Content-Length": str(len(body))}
        answer = httpx.request(method, url, content=pieces(), headers=headers | sized, timeout=60)
        assert answer.status_code == 507, answer.text
        assert SAID in answer.headers["X-Error-Message"]
        assert SAID in answer.text
        assert "Retry-After" not in answer.headers
        check_nothing_is_half(server)
        filled[0].unlink()
        assert httpx.request(method, url, content=body, headers=headers, timeout=60).status_code == 200
    assert Stored.of(server).xorb_bytes == len(xorb.body)


def test_a_full_disk_is_told_at_once_and_people_read_on(
    server: Server, person: Person, machine: Path, tmp_path: Path
) -> None:
    first = file_in(machine, name="first.bin")
    assert uploads(server, person, machine, first)
    cas, headers = store_of(server, person)
    shard = fresh_file(50_000, seed="full")
    assert httpx.post(f"{cas}/v1/xorbs/default/{shard.xorbs[0].hash}", content=shard.xorbs[0].body, headers=headers)
    ballast = fill(server)

    second = file_in(machine, name="second.bin")
    told = hf(server, machine, "upload", "ana/m", str(second), second.name, check=False, HF_TOKEN=person.token)
    assert SAID in told.stderr, "before a byte was sent"
    by_api = {"Authorization": f"Bearer {person.token}"}
    made = httpx.post(f"{server.url}/api/repos/create", json={"name": "other"}, headers=by_api)
    assert (made.status_code, SAID in made.text) == (507, True)
    for size in (10, 200_000):
        answer = httpx.post(
            f"{server.url}/api/models/ana/m/commit/main",
            content=b"".join(
                json.dumps(line).encode() + b"\n"
                for line in (
                    {"key": "header", "value": {"summary": "s"}},
                    {"key": "file", "value": {"path": "a.txt", "content": "x" * size}},
                )
            ),
            headers=by_api | {"Content-Type": "application/x-ndjson"},
        )
        assert (answer.status_code, SAID in answer.text) == (507, True)
    asked = batch(server, person, "ana/m", "upload", {"oid": sha(b"x"), "size": 1}).json()
    assert asked["objects"][0]["error"]["code"] == 507
    work = git_in(tmp_path).clone(url_of(server, "ana/m", person), "work")
    work.commit({"a.txt": "a"})
    assert SAID in work.fails("push")
    registered = httpx.post(f"{cas}/v2/shards", content=shard_of(shard), headers=headers)
    last = json.loads(registered.text.splitlines()[-1])
    assert last["type"] == "result" or (SAID in last["message"] and not last["retryable"]), "if it fits in a page"
    check_nothing_is_half(server, second.name, "a.txt")

    assert "user: ana" in hf(server, machine, "auth", "whoami", HF_TOKEN=person.token).stdout
    hf(server, machine, "download", "ana/m", first.name, "--local-dir", str(tmp_path / "copy"), HF_TOKEN=person.token)
    assert (tmp_path / "copy" / first.name).read_bytes() == first.read_bytes()

    ballast.unlink()
    work("push")
    assert uploads(server, person, machine, second)
    assert content(server, second.name) == second.read_bytes()
    check_nothing_is_half(server)
