"""Two servers with separate caches over one PostgreSQL and one object store: every node serves every repository."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from tests.clients.git_work import Git, create_repo, git_in, remote_refs, url_of
from tests.clients.hf_client import api_of
from tests.running import Person, Server
from tests.services import PostgresServer, S3Server, postgres_server, s3_server

__all__ = ["postgres_server", "s3_server"]

pytestmark = [pytest.mark.client, pytest.mark.postgres, pytest.mark.s3]


@pytest.fixture
def nodes(
    own_server: Callable[..., Server], postgres_server: PostgresServer, s3_server: S3Server
) -> tuple[Server, Server]:
    shared = {
        "database_url": postgres_server.fresh_database(),
        "storage_url": s3_server.fresh_bucket(),
        "storage_endpoint": s3_server.endpoint,
        "storage_access_key": s3_server.access_key,
        "storage_secret_key": s3_server.secret_key,
        "secret_key": "one secret that both nodes share",
    }
    one, two = own_server(name="one", **shared), own_server(name="two", **shared)
    one.data.mkdir(parents=True)
    one.cli("migrate")
    return one.start(), two.start()


@pytest.fixture
def person(nodes: tuple[Server, Server]) -> Person:
    return nodes[0].person("ana")


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return git_in(tmp_path, lfs=True)


def test_what_is_pushed_to_one_is_at_once_at_the_other(git: Git, nodes: tuple[Server, Server], person: Person) -> None:
    path = create_repo(nodes[0], person, "iris", private=True)
    urls = [url_of(node, path, person) for node in nodes]
    works = [git.clone(url, f"work{number}") for number, url in enumerate(urls)]
    for turn in range(6):
        writer, reader = works[turn % 2], works[1 - turn % 2]
        writer("pull", "-q")
        tip = writer.commit({"a.txt": f"{turn}", "weights.bin": os.urandom(50_000)})
        writer("push")
        assert remote_refs(git, urls[1 - turn % 2])["refs/heads/main"] == tip
        reader("pull", "-q")
        assert (reader.folder / "weights.bin").read_bytes() == (writer.folder / "weights.bin").read_bytes()
    for number, url in enumerate(urls):
        assert git.clone(url, f"fresh{number}").is_sound()


def test_what_is_pushed_to_one_is_in_the_next_list_of_the_other(
    git: Git, nodes: tuple[Server, Server], person: Person
) -> None:
    path = create_repo(nodes[0], person, "listed", private=True)
    work = git.clone(url_of(nodes[0], path, person), "work")
    one, other = (api_of(node, person) for node in nodes)
    assert not list(other.list_models(filter="turn-0"))
    for turn in range(4):
        work.commit({"README.md": f"---\ntags: [turn-{turn}]\n---\n"})
        work("push", "-q")
        for api in (other, one):
            assert [found.id for found in api.list_models(filter=f"turn-{turn}")] == [path]
            assert not list(api.list_models(filter=f"turn-{turn - 1}"))
    assert not list(HfApi(nodes[1].url, token=False).list_models(filter="turn-3")), "it is private"


def test_of_two_pushes_through_two_nodes_one_wins(git: Git, nodes: tuple[Server, Server], person: Person) -> None:
    path = create_repo(nodes[0], person, "iris")
    urls = [url_of(node, path, person) for node in nodes]
    works = [git.clone(url, f"work{number}") for number, url in enumerate(urls)]
    for turn in range(4):
        for number, work in enumerate(works):
            work("pull", "-q", "--rebase")
            work.commit({f"f{number}": f"{turn}"})
        started = [work.start("push") for work in works]
        printed = [process.communicate(timeout=120)[0] for process in started]
        statuses = [process.returncode for process in started]
        assert sorted(statuses) == [0, 1], printed
        loser = works[statuses.index(1)]
        loser("pull", "-q", "--rebase")
        loser("push")
    for number, url in enumerate(urls):
        fresh = git.clone(url, f"fresh{number}")
        assert fresh.is_sound()
        assert fresh.value("rev-list", "--count", "HEAD") == "9"


def test_a_node_whose_cache_is_gone_builds_it_again(git: Git, nodes: tuple[Server, Server], person: Person) -> None:
    import shutil

    path = create_repo(nodes[0], person, "iris")
    work = git.clone(url_of(nodes[0], path, person), "work")
    for number in range(3):
        work.commit({"a": str(number)})
        work("push")
    for node in nodes:
        node.stop()
        shutil.rmtree(node.data / "cache")
        node.start()
        fresh = git.clone(url_of(node, path, person), f"fresh-{node.data.name}")
        assert fresh.value("rev-parse", "HEAD") == work.value("rev-parse", "HEAD")
        assert fresh.is_sound()


def test_weights_come_straight_from_the_store(git: Git, nodes: tuple[Server, Server], person: Person) -> None:
    """The server answers with the store's own signed address, and is out of the bytes' path."""
    path = create_repo(nodes[0], person, "iris")
    work = git.clone(url_of(nodes[0], path, person), "work")
    work.commit({"m.bin": b"weights" * 1000})
    work("push")
    other = git.clone(url_of(nodes[1], path, person), "other", "--no-checkout")
    printed = other("lfs", "pull", GIT_CURL_VERBOSE="1")
    assert "302 Found" in printed
    assert "X-Amz-Signature" in printed
    assert (other.folder / "m.bin").read_bytes() == b"weights" * 1000
