"""Servers and clients that die in the middle of a Xet upload, and many that upload the same: what is there is whole,
and whatever is not can simply be sent again."""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.clients.hf_client import HF, environment, hf
from tests.clients.xet_store import Stored
from tests.running import Person, Server, kills
from tests.xet_files import fresh_file, shard_of

pytestmark = pytest.mark.client

RANDOM_KILLS = kills(4)
CLIENTS = 8

AT_ONCE = {"HF_XET_CLIENT_RETRY_MAX_ATTEMPTS": "0"}
"""A client that does not try again by itself: what is left behind can be looked at."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for the tests of this file, which start it again and again."""
    running = Server(tmp_path_factory.mktemp("killed") / "data").start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def person(server: Server) -> Person:
    return server.person("ana")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    (tmp_path / "machine").mkdir()
    return tmp_path / "machine"


def file_in(machine: Path, size: int = 2_000_000, name: str = "") -> Path:
    file = machine / (name or f"{secrets.token_hex(6)}.bin")
    file.write_bytes(os.urandom(size))
    return file


def uploads(server: Server, who: Person, machine: Path, file: Path, repo: str = "ana/m", **more: str) -> bool:
    command = ("upload", repo, str(file), file.name)
    return hf(server, machine, *command, check=False, HF_TOKEN=who.token, **more).returncode == 0


def starts(server: Server, who: Person, machine: Path, file: Path, **more: str) -> subprocess.Popen[bytes]:
    command = [str(HF), "upload", "ana/m", str(file), file.name]
    env = environment(server, machine, HF_TOKEN=who.token, **more)
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def content(server: Server, name: str, repo: str = "ana/m") -> bytes | None:
    answer = httpx.get(f"{server.url}/{repo}/resolve/main/{name}", timeout=60)
    return answer.content if answer.status_code == 200 else None


def scratch(server: Server) -> list[str]:
    return [path.name for path in (server.data / "scratch").iterdir()]


def until(is_so: Callable[[], bool], within_s: float = 60) -> None:
    """Polls: nobody tells when a request of a client that left has been tidied up."""
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def restart(server: Server, **environment: str) -> None:
    server.kill()
    server.start(**environment)


POINTS = ["xorb_before_put", "xorb_after_put", "xorb_after_commit", "shard_before_commit", "shard_after_commit"]


def test_death_at_each_named_point(server: Server, person: Person, machine: Path) -> None:
    """Nothing half is there, and the same uploads then work: from the same machine, whose client remembers."""
    server.stop()
    server.start(ZOCO_FAILPOINT=POINTS[0])
    for point, following in zip(POINTS, (*POINTS[1:], ""), strict=True):
        file = file_in(machine, name=f"{point}.bin")
        before = Stored.of(server)
        assert not uploads(server, person, machine, file, **AT_ONCE)
        restart(server, ZOCO_FAILPOINT=following)
        assert scratch(server) == []
        stored = Stored.of(server)
        stored.check()
        assert content(server, file.name) is None
        assert len(stored.xorbs) - len(before.xorbs) == (0 if point == "xorb_before_put" else 1), point
        assert (len(stored.named) > len(before.named)) is (point not in {"xorb_before_put", "xorb_after_put"}), point
        assert (stored.used > before.used) is (point == "shard_after_commit"), point
    hf(server, machine, "upload", "ana/m", str(machine), ".", "--include", "*.bin", HF_TOKEN=person.token)
    for point in POINTS:
        assert content(server, f"{point}.bin") == (machine / f"{point}.bin").read_bytes()
    Stored.of(server).check()


def test_an_upload_outlives_its_server(server: Server, person: Person, machine: Path) -> None:
    """The client tries again by itself, and does not notice more than that it took longer."""
    file = file_in(machine)
    server.stop()
    server.start(ZOCO_FAILPOINT="shard_before_commit")
    told = server.log.stat().st_size
    patience = {"HF_XET_CLIENT_RETRY_BASE_DELAY": "1000ms", "HF_XET_CLIENT_RETRY_MAX_ATTEMPTS": "20"}
    client = starts(server, person, machine, file, **patience)
    try:
        until(lambda: b"child_ended" in server.log.read_bytes()[told:])
        restart(server)
        printed, _ = client.communicate(timeout=120)
    finally:
        client.kill()
    assert client.returncode == 0, printed
    assert content(server, file.name) == file.read_bytes()


def test_death_at_random_moments(server: Server, person: Person, machine: Path) -> None:
    chance = random.Random(20261127)
    acknowledged: list[Path] = []
    for number in range(RANDOM_KILLS):
        killer = threading.Timer(chance.uniform(0.5, 1.6), server.kill)
        killer.start()
        file = file_in(machine, 12_000_000, f"{number}.bin")
        if uploads(server, person, machine, file, **AT_ONCE):
            acknowledged.append(file)
        killer.join()
        server.start()
        assert scratch(server) == []
        Stored.of(server).check()
        assert content(server, file.name) in (
            {file.read_bytes()} if file in acknowledged else {None, file.read_bytes()}
        )
    assert uploads(server, person, machine, file)
    acknowledged.append(file)
    assert [content(server, one.name) == one.read_bytes() for one in acknowledged] == [True] * len(acknowledged)


def test_a_client_that_is_killed_leaves_nothing_half(server: Server, person: Person, machine: Path) -> None:
    file = file_in(machine, 150_000_000)
    client = starts(server, person, machine, file)
    until(lambda: any(name.endswith(".incoming") for name in scratch(server)))
    client.send_signal(signal.SIGKILL)
    client.communicate(timeout=60)
    until(lambda: scratch(server) == [])
    Stored.of(server).check()
    assert content(server, file.name) is None
    assert uploads(server, person, machine, file)
    assert content(server, file.name) == file.read_bytes()


def test_a_connection_that_ends_in_the_middle_of_a_xorb(server: Server, person: Person, machine: Path) -> None:
    hf(server, machine, "repos", "create", "ana/m", "--exist-ok", HF_TOKEN=person.token)
    cas, headers = store_of(server, person)
    xorb, before = fresh_file(100_000, 100_000, seed="half").xorbs[0], Stored.of(server)

    def half() -> Iterator[bytes]:
        yield xorb.body[:150_000]
        until(lambda: scratch(server) != [])
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        httpx.post(f"{cas}/v1/xorbs/default/{xorb.hash}", content=half(), headers=headers)
    until(lambda: scratch(server) == [])
    assert Stored.of(server).xorbs == before.xorbs
    answer = httpx.post(f"{cas}/v1/xorbs/default/{xorb.hash}", content=xorb.body, headers=headers)
    assert answer.json() == {"was_inserted": True}


def test_slow_connections_of_one_account_leave_room_for_others(server: Server, person: Person, machine: Path) -> None:
    """As many as clients open at most, each with a xorb that never ends."""
    otto = server.person("otto")
    hf(server, machine, "repos", "create", "ana/m", "--exist-ok", HF_TOKEN=person.token)
    cas, headers = store_of(server, person)
    xorb = fresh_file(100_000, seed="slow").xorbs[0]
    done = threading.Event()

    def endless() -> Iterator[bytes]:
        yield xorb.body[:50_000]
        done.wait(60)
        raise ConnectionAbortedError

    def send(_number: int) -> None:
        with pytest.raises(ConnectionAbortedError):
            httpx.post(f"{cas}/v1/xorbs/default/{xorb.hash}", content=endless(), headers=headers, timeout=120)

    with ThreadPoolExecutor(64) as threads:
        slow = [threads.submit(send, number) for number in range(64)]
        until(lambda: len(scratch(server)) >= 8)
        try:
            file = file_in(machine)
            assert uploads(server, otto, machine, file, "otto/m", **AT_ONCE)
        finally:
            done.set()
        for one in slow:
            one.result(60)
    until(lambda: scratch(server) == [])


def test_a_client_that_leaves_while_its_files_are_proven_finds_them_there(
    server: Server, person: Person, machine: Path
) -> None:
    hf(server, machine, "repos", "create", "ana/m", "--exist-ok", HF_TOKEN=person.token)
    cas, headers = store_of(server, person)
    file = fresh_file(100_000, seed="leaves")
    httpx.post(f"{cas}/v1/xorbs/default/{file.xorbs[0].hash}", content=file.xorbs[0].body, headers=headers)
    with httpx.stream("POST", f"{cas}/v2/shards", content=shard_of(file), headers=headers) as answer:
        assert answer.status_code == 200
    until(lambda: httpx.head(f"{cas}/v1/files/{file.hash}", headers=headers).status_code == 200)


def store_of(server: Server, who: Person) -> tuple[str, dict[str, str]]:
    signed = {"Authorization": f"Bearer {who.token}"}
    told = httpx.get(f"{server.url}/api/models/{who.name}/m/xet-write-token/main", headers=signed).json()
    return told["casUrl"], {"Authorization": f"Bearer {told['accessToken']}"}


def test_many_clients_upload_the_same_at_once(own_server: Callable[..., Server], tmp_path: Path) -> None:
    """Each from a machine of its own, into a repository of its own, and through two processes of one server."""
    server = own_server(workers=2).start()
    ana = server.person("ana")
    file = file_in(tmp_path, 5_000_000)

    def one(number: int) -> bool:
        machine = tmp_path / f"machine-{number}"
        machine.mkdir()
        return uploads(server, ana, machine, file, f"ana/m{number}")

    with ThreadPoolExecutor(CLIENTS) as threads:
        assert all(threads.map(one, range(CLIENTS)))
    for number in range(CLIENTS):
        assert content(server, file.name, f"ana/m{number}") == file.read_bytes()
    stored = Stored.of(server)
    stored.check()
    assert sum(stored.named.values()) < 1.1 * file.stat().st_size, "what one of them sent serves all"
    assert scratch(server) == []
