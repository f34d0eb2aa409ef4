"""A running Hub with thousands of repositories: the index is written in the background and taken up, answers go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from bench.made_catalogue import Size, load
from tests.clients.hf_client import api_of
from tests.running import Server

from zoco.adapters.db.engine import open_sqlite
from zoco.adapters.db.migrate import migrate
from zoco.hub.catalog.current_index import CATALOGUE, current

pytestmark = pytest.mark.client

SIZE = Size(2600, 300, 200)


@pytest.fixture
def filled(own_server: Callable[..., Server]) -> Server:
    server = own_server(workers="2")
    server.data.mkdir(parents=True)
    db = open_sqlite(server.data / "zoco.db")
    migrate(db)
    load(db, SIZE)
    db.close()
    return server


def written(folder: Path, other_than: str | None = None) -> str:
    """The name of the generation in use, once there is another one."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        name = current(folder)
        if name is not None and name != other_than:
            return name
        time.sleep(0.1)
    raise AssertionError("the index was not written")


def total(server: Server, query: str = "") -> int:
    answer = httpx.get(f"{server.url}/api/models?limit=1{query}", timeout=60)
    assert answer.status_code == 200, answer.text
    return int(answer.headers["X-Total-Count"])


def test_the_index_is_written_and_taken_up_while_answers_go_on(filled: Server) -> None:
    server = filled.start()
    before = total(server)
    assert 2300 < before < 2600, "nineteen in twenty are public"
    name = written(server.data / CATALOGUE)
    assert {total(server) for _ in range(20)} == {before}, "whichever worker answers"
    person = server.person("ana")
    api = api_of(server, person)
    api.create_repo("ana/fresh")
    card = b"---\ntags: [quite-fresh]\n---\n"
    api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id="ana/fresh")
    assert {total(server) for _ in range(20)} == {before + 1}
    assert {total(server, "&filter=quite-fresh") for _ in range(20)} == {1}
    done = server.cli("reindex")
    assert "2601 models, 300 datasets, 200 spaces" in done.stderr
    assert written(server.data / CATALOGUE, name)
    assert {total(server, "&filter=quite-fresh") for _ in range(20)} == {1}
    api.delete_repo("ana/fresh")
    assert {total(server) for _ in range(20)} == {before}


def test_a_killed_writer_leaves_nothing_wrong(filled: Server) -> None:
    """The server is killed as soon as the writing has begun; the next start writes it anew."""
    filled.start()
    folder = filled.data / CATALOGUE
    end = time.monotonic() + 120
    while time.monotonic() < end and not list(folder.glob("writing-*")):
        time.sleep(0.005)
    filled.kill()
    assert list(folder.glob("writing-*")) or current(folder)
    filled.start()
    before = total(filled)
    written(folder)
    assert total(filled) == before
    end = time.monotonic() + 60
    while time.monotonic() < end and list(folder.glob("writing-*")):
        time.sleep(0.1)
    assert not list(folder.glob("writing-*"))
