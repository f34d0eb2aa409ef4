"""A server that dies in the middle of a push comes back with everything it acknowledged, and nothing half done."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.clients.git_work import Git, create_repo, git_in, remote_refs, url_of
from tests.running import Server, kills

pytestmark = pytest.mark.client

RANDOM_KILLS = kills(20)


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return git_in(tmp_path)


@pytest.fixture
def server(own_server: Callable[..., Server]) -> Server:
    return own_server().start()


@pytest.fixture
def url(server: Server) -> str:
    person = server.person("ana")
    return url_of(server, create_repo(server, person, "iris"), person)


@pytest.mark.parametrize(
    ("failpoint", "stands"), [("push_after_store", False), ("push_before_commit", False), ("push_after_commit", True)]
)
def test_death_at_a_named_point(git: Git, server: Server, url: str, failpoint: str, stands: bool) -> None:
    work = git.clone(url, "work")
    before = remote_refs(git, url)["refs/heads/main"]
    tip = work.commit({"a": os.urandom(10_000)})
    server.stop()
    server.start(ZOCO_FAILPOINT=failpoint)
    work.fails("push")
    server.kill()
    server.start()
    assert remote_refs(git, url)["refs/heads/main"] == (tip if stands else before)
    work("push")
    final = git.clone(url, "final")
    assert final.value("rev-parse", "HEAD") == tip
    assert final.is_sound()


def test_death_at_random_moments_loses_nothing_acknowledged(git: Git, server: Server, url: str) -> None:
    """Each round: pushes one after the other until the server dies under them; then all it said yes to is there."""
    chance = random.Random(20261123)
    work = git.clone(url, "work")
    acknowledged = {remote_refs(git, url)["refs/heads/main"]}
    for round_number in range(RANDOM_KILLS):
        killer = threading.Timer(chance.uniform(0.05, 1.0), server.kill)
        killer.start()
        while True:
            tip = work.commit({f"r{round_number}": os.urandom(chance.choice((10, 3000, 400_000)))})
            if work.run("push").returncode:
                break
            acknowledged.add(tip)
        killer.join()
        server.start()
        there = remote_refs(git, url)["refs/heads/main"]
        fresh = git.clone(url, f"fresh{round_number}", "--bare")
        assert fresh.is_sound()
        reachable = set(fresh.value("rev-list", there).split())
        assert acknowledged <= reachable
        work("push")
        acknowledged.add(tip)


def test_what_died_leaves_no_scratch_behind(git: Git, server: Server, url: str) -> None:
    work = git.clone(url, "work")
    work.commit({"a": os.urandom(10_000)})
    server.stop()
    server.start(ZOCO_FAILPOINT="push_after_store")
    work.fails("push")
    server.kill()
    server.start()
    work("push")
    assert list((server.data / "scratch").iterdir()) == []
