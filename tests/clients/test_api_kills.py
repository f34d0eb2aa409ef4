"""A server that dies under API commits comes back with every commit it acknowledged, and no half of any other."""

from __future__ import annotations

import base64
import json
import os
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.clients.git_work import Git, create_repo, git_in, url_of
from tests.running import Person, Server, kills

pytestmark = pytest.mark.client

WRITERS = 4
PARTS = 3
"""Files of one commit: all of them are there, or none."""


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return git_in(tmp_path)


def commit(server: Server, who: Person, path: str, name: str, data: bytes) -> bool:
    """Whether the server said that it stands."""
    lines: list[dict[str, object]] = [{"key": "header", "value": {"summary": name}}]
    content = base64.b64encode(data).decode()
    for part in range(PARTS):
        lines.append({"key": "file", "value": {"path": f"{name}/{part}", "content": content, "encoding": "base64"}})
    try:
        answer = httpx.post(
            f"{server.url}/api/models/{path}/commit/main",
            content="\n".join(json.dumps(line) for line in lines),
            headers={"Authorization": f"Bearer {who.token}", "Content-Type": "application/x-ndjson"},
            timeout=60,
        )
    except httpx.TransportError:
        return False
    return answer.status_code == 200


def test_death_at_random_moments_loses_no_acknowledged_commit(git: Git, own_server: Callable[..., Server]) -> None:
    server = own_server().start()
    ana = server.person("ana")
    path = create_repo(server, ana, "iris")
    chance = random.Random(20261125)
    acknowledged: dict[str, bytes] = {}
    for round_number in range(kills(16)):
        killer = threading.Timer(chance.uniform(0.02, 0.6), server.kill)
        is_alive = threading.Event()
        is_alive.set()
        killer.start()

        def write(writer: int, number: int = round_number, alive: threading.Event = is_alive) -> None:
            turn = 0
            while alive.is_set():
                name, data = f"r{number}-w{writer}-{turn}", os.urandom(3000)
                if not commit(server, ana, path, name, data):
                    return
                acknowledged[name] = data
                turn += 1

        with ThreadPoolExecutor(WRITERS) as pool:
            done = [pool.submit(write, writer) for writer in range(WRITERS)]
            killer.join()
            is_alive.clear()
            for one in done:
                one.result()
        server.start()
        fresh = git.clone(url_of(server, path, ana), f"fresh{round_number}")
        assert fresh.is_sound()
        for name, data in acknowledged.items():
            assert [(fresh.folder / name / str(part)).read_bytes() for part in range(PARTS)] == [data] * PARTS
        halves = [folder for folder in fresh.folder.glob("r*-w*") if len(list(folder.iterdir())) != PARTS]
        assert not halves
    assert len(acknowledged) > kills(16), "the server was never alive long enough: the test proves nothing"
