"""A server that dies in the middle of an LFS upload: acknowledged files are whole, others can simply be sent again."""

from __future__ import annotations

import hashlib
import os
import random
import threading
from collections.abc import Callable

import httpx
import pytest
from tests.clients.git_work import create_repo
from tests.clients.test_lfs_wire import action, batch, sha
from tests.running import Person, Server, kills

pytestmark = pytest.mark.client

RANDOM_KILLS = kills(16)


@pytest.fixture
def server(own_server: Callable[..., Server]) -> Server:
    return own_server().start()


@pytest.fixture
def person(server: Server) -> Person:
    return server.person("ana")


@pytest.fixture
def path(server: Server, person: Person) -> str:
    return create_repo(server, person, "iris")


def named(data: bytes) -> dict[str, object]:
    return {"oid": sha(data), "size": len(data)}


def sent(server: Server, who: Person, path: str, data: bytes) -> bool:
    """Whether the server said that it has it."""
    try:
        answer = batch(server, who, path, "upload", named(data))
        if "actions" not in answer.json()["objects"][0]:
            return True
        return httpx.put(action(answer, "upload"), content=data, timeout=60).status_code == 200
    except httpx.TransportError:
        return False


def is_whole(server: Server, path: str, data: bytes) -> bool | None:
    """None: the server has no such object."""
    answer = batch(server, None, path, "download", named(data))
    if "error" in answer.json()["objects"][0]:
        return None
    got = httpx.get(action(answer, "download"), timeout=60).content
    return hashlib.sha256(got).hexdigest() == sha(data)


@pytest.mark.parametrize(
    ("failpoint", "stands"), [("lfs_before_put", None), ("lfs_after_put", None), ("lfs_after_commit", True)]
)
def test_death_at_a_named_point(server: Server, person: Person, path: str, failpoint: str, stands: bool | None) -> None:
    data = os.urandom(200_000)
    server.stop()
    server.start(ZOCO_FAILPOINT=failpoint)
    assert not sent(server, person, path, data)
    server.kill()
    server.start()
    assert is_whole(server, path, data) is stands
    assert sent(server, person, path, data)
    assert is_whole(server, path, data)
    assert list((server.data / "scratch").iterdir()) == []


def test_death_at_random_moments_keeps_what_was_acknowledged_whole(server: Server, person: Person, path: str) -> None:
    chance = random.Random(20261124)
    acknowledged: list[bytes] = []
    for _ in range(RANDOM_KILLS):
        killer = threading.Timer(chance.uniform(0.02, 0.6), server.kill)
        killer.start()
        while True:
            data = os.urandom(chance.choice((10, 100_000, 5_000_000)))
            if not sent(server, person, path, data):
                break
            acknowledged.append(data)
        killer.join()
        server.start()
        assert is_whole(server, path, data) is not False
        assert all(is_whole(server, path, old) for old in acknowledged[-5:])
    assert all(is_whole(server, path, old) for old in acknowledged)
