"""What a person reads when an upload by Xet goes wrong: the reason, and what to do."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.clients.hf_client import api_of, environment, hf, run
from tests.clients.meddler import Answered, between
from tests.clients.xet_store import Stored
from tests.running import Person, Server

pytestmark = pytest.mark.client


@pytest.fixture
def repo(server: Server, person: Person) -> str:
    return api_of(server, person).create_repo(f"{person.name}/m").repo_id


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(os.urandom(2_000_000))
    return path


def printed(server: Server, who: Person, home: Path, repo: str, file: Path) -> str:
    """What a failed `hf upload` prints."""
    done = hf(server, home, "upload", repo, str(file), file.name, check=False, HF_TOKEN=who.token)
    assert done.returncode != 0, done.stdout
    return done.stderr


def before(method: str, part: str, do: Callable[[], object]) -> Callable[[str, str], None]:
    """Once, when such a request comes."""
    done: list[object] = []

    def meddle(asked: str, path: str) -> None:
        if not done and asked == method and part in path:
            done.append(do())

    return meddle


CHANGED = """
import sys
from pathlib import Path
from huggingface_hub import CommitOperationAdd, HfApi

repo, name = sys.argv[1:]
file = Path(name)
add = CommitOperationAdd("model.bin", name)
add.upload_info.sha256  # looked at now, as upload_folder does for what it remembers
data = bytearray(file.read_bytes())
data[1_000_000] ^= 1
file.write_bytes(data)
HfApi().create_commit(repo, [add], commit_message="m")
"""


def test_a_file_that_changed_while_it_was_uploaded(
    server: Server, person: Person, repo: str, file: Path, tmp_path: Path
) -> None:
    story = [sys.executable, "-c", CHANGED, repo, str(file)]
    told = run(story, environment(server, tmp_path, HF_TOKEN=person.token), check=False)
    assert told.returncode != 0
    assert "it changed while it was being uploaded. Upload it again." in told.stderr
    assert httpx.get(f"{server.url}/{repo}/resolve/main/model.bin").status_code == 404
    Stored.of(server).check()
    hf(server, tmp_path, "upload", repo, str(file), file.name, HF_TOKEN=person.token)
    assert httpx.get(f"{server.url}/{repo}/resolve/main/model.bin").content == file.read_bytes()


@pytest.mark.parametrize("call", ["/v1/xorbs/", "/v2/shards"])
def test_a_token_that_is_deleted_meanwhile(
    server: Server, person: Person, repo: str, file: Path, tmp_path: Path, call: str
) -> None:
    (listed,) = server.cli("token", "list", person.name).stdout.splitlines()[-1:]
    gone = before("POST", call, lambda: server.cli("token", "delete", person.name, listed.split()[0], "--yes"))
    with between(server, gone) as seen:
        assert "401 Unauthorized" in printed(seen, person, tmp_path, repo, file)
    assert httpx.get(f"{server.url}/{repo}/resolve/main/model.bin").status_code == 404


def test_a_repository_that_is_deleted_meanwhile(
    server: Server, person: Person, repo: str, file: Path, tmp_path: Path
) -> None:
    gone = before("POST", "/v2/shards", lambda: api_of(server, person).delete_repo(repo))
    with between(server, gone) as seen:
        assert "Repository not found" in printed(seen, person, tmp_path, repo, file)
    Stored.of(server).check()


def test_a_repository_that_is_deleted_before_its_first_xorb(
    server: Server, person: Person, repo: str, file: Path, tmp_path: Path
) -> None:
    """Only the status reaches the reader here."""
    gone = before("POST", "/v1/xorbs/", lambda: api_of(server, person).delete_repo(repo))
    with between(server, gone) as seen:
        assert "404 Not Found" in printed(seen, person, tmp_path, repo, file)


def test_a_member_who_may_no_longer_write(
    server: Server, person: Person, stranger: Person, file: Path, tmp_path: Path
) -> None:
    org = f"org-{person.name}"
    server.cli("org", "add", org)
    server.cli("org", "member", "add", org, stranger.name, "--role", "admin")
    server.cli("org", "member", "add", org, person.name, "--role", "write")
    repo = api_of(server, stranger).create_repo(f"{org}/m").repo_id
    less = before("POST", "/v2/shards", lambda: server.cli("org", "member", "add", org, person.name, "--role", "read"))
    with between(server, less) as seen:
        assert f"You may read {repo} but not write to it" in printed(seen, person, tmp_path, repo, file)


def test_a_part_that_is_not_here(server: Server, person: Person, repo: str, file: Path, tmp_path: Path) -> None:
    """A client that remembers wrongly what the store has is told how to forget it."""

    def lose(method: str, path: str) -> Answered | None:
        is_xorb = method == "POST" and "/v1/xorbs/" in path
        return Answered(200, b'{"was_inserted": true}') if is_xorb else None

    with between(server, lose) as seen:
        told = printed(seen, person, tmp_path, repo, file)
    assert "unknown xorb" in told
    assert "remove the client's cache of this Hub (~/.cache/huggingface/xet)" in told


def test_a_file_that_is_too_large(own_server: Callable[..., Server], file: Path, tmp_path: Path) -> None:
    server = own_server(lfs_file_size_max_bytes="1000000").start()
    ana = server.person("ana")
    assert "ask an administrator to raise lfs_file_size_max_bytes" in printed(server, ana, tmp_path, "ana/m", file)
