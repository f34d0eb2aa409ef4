"""Garbage collection as people meet it: space comes back, and clients that remember what went upload all the same."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.clients.hf_client import api_of, hf
from tests.clients.xet_store import Stored
from tests.running import Person, Server

pytestmark = pytest.mark.client

SIZE = 3_000_000


@pytest.fixture
def server(own_server: Callable[..., Server]) -> Server:
    return own_server().start()


@pytest.fixture
def ana(server: Server) -> Person:
    return server.person("ana")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    file = tmp_path / "model.bin"
    file.write_bytes(os.urandom(SIZE))
    return file


def upload(server: Server, home: Path, person: Person, repo: str, file: Path) -> None:
    hf(server, home, "upload", repo, str(file), "model.bin", HF_TOKEN=person.token)


def collect(server: Server) -> None:
    """All that no ref leads to, at once: each pass finds what the one before set free."""
    for _ in range(4):
        server.cli("gc", "--grace-hours", "0")


def generation(server: Server, person: Person, repo: str) -> str:
    address = f"{server.url}/api/models/{repo}/xet-read-token/main"
    answer = httpx.get(address, headers={"Authorization": f"Bearer {person.token}"}).json()
    found = re.search(r"/xet/([0-9a-z]+-\d+)$", answer["casUrl"])
    assert found
    return found[1]


def test_a_deleted_repository_gives_its_space_back_and_its_files_can_come_again(
    server: Server, ana: Person, weights: Path, tmp_path: Path
) -> None:
    """The same client remembers the xorbs it sent: had the store's address not changed, its upload would fail."""
    api = api_of(server, ana)
    api.create_repo("ana/other")
    before = generation(server, ana, "ana/other")
    upload(server, tmp_path, ana, "ana/m", weights)
    assert Stored.of(server).xorb_bytes > SIZE
    api.delete_repo("ana/m")
    collect(server)
    assert Stored.of(server).xorbs == {}
    assert generation(server, ana, "ana/other") != before
    upload(server, tmp_path, ana, "ana/again", weights)
    assert httpx.get(f"{server.url}/ana/again/resolve/main/model.bin").content == weights.read_bytes()


def test_what_another_repository_has_stays(server: Server, ana: Person, weights: Path, tmp_path: Path) -> None:
    upload(server, tmp_path, ana, "ana/one", weights)
    upload(server, tmp_path, ana, "ana/two", weights)
    api_of(server, ana).delete_repo("ana/one")
    collect(server)
    assert httpx.get(f"{server.url}/ana/two/resolve/main/model.bin").content == weights.read_bytes()
    fsck = server.cli("fsck", "--json")
    assert fsck.returncode == 0


def test_squashed_history_gives_its_space_back(server: Server, ana: Person, weights: Path, tmp_path: Path) -> None:
    upload(server, tmp_path, ana, "ana/m", weights)
    weights.write_bytes(os.urandom(SIZE))
    upload(server, tmp_path, ana, "ana/m", weights)
    collect(server)
    assert len(Stored.of(server).xorbs) == 2, "the history still leads to the first version"
    api_of(server, ana).super_squash_history("ana/m")
    collect(server)
    assert len(Stored.of(server).xorbs) == 1
    assert httpx.get(f"{server.url}/ana/m/resolve/main/model.bin").content == weights.read_bytes()


def test_a_rehearsal_tells_what_would_go_and_takes_nothing(
    server: Server, ana: Person, weights: Path, tmp_path: Path
) -> None:
    upload(server, tmp_path, ana, "ana/m", weights)
    api_of(server, ana).delete_repo("ana/m")
    stored = Stored.of(server)
    for _ in range(3):
        told = server.cli("gc", "--grace-hours", "0", "--dry-run", "--json").stdout
        assert json.loads(told)["items"]
    assert Stored.of(server).xorbs == stored.xorbs


def test_within_the_grace_nothing_goes(server: Server, ana: Person, weights: Path, tmp_path: Path) -> None:
    """Somebody may be about to commit what was uploaded."""
    upload(server, tmp_path, ana, "ana/m", weights)
    api_of(server, ana).delete_repo("ana/m")
    server.cli("gc")
    assert Stored.of(server).xorb_bytes > SIZE
