"""What people do with git-lfs, against a running server."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from tests.clients.git_work import Git, create_repo, git_in, remote_refs, url_of
from tests.running import Person, Server

pytestmark = pytest.mark.client


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return git_in(tmp_path, lfs=True)


@pytest.fixture
def path(server: Server, person: Person) -> str:
    return create_repo(server, person, "iris")


@pytest.fixture
def url(server: Server, person: Person, path: str) -> str:
    return url_of(server, path, person)


def stored(server: Server, size: int) -> list[Path]:
    """The stored LFS files of one size: tests choose sizes nobody else uses."""
    return [path for path in server.data.rglob("lfs/*/*") if path.is_file() and path.stat().st_size == size]


def odd_bytes(size: int) -> bytes:
    return os.urandom(size)


def test_weights_are_pushed_and_cloned_byte_for_byte(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    work("lfs", "track", "*.weird")
    weights = odd_bytes(3_000_001)
    work.commit({"model.weird": weights, "model.safetensors": weights[:5000], "empty.bin": b"", "notes.txt": "plain"})
    work("push")
    other = git.clone(url, "other")
    assert (other.folder / "model.weird").read_bytes() == weights
    assert (other.folder / "model.safetensors").read_bytes() == weights[:5000]
    assert (other.folder / "empty.bin").read_bytes() == b""
    assert other.value("cat-file", "-p", "HEAD:model.weird").startswith("version https://git-lfs.github.com/spec/v1")
    assert "OK" in other("lfs", "fsck")
    assert other.is_sound()


def test_a_public_repository_is_cloned_with_its_weights_by_anybody(
    git: Git, server: Server, path: str, url: str
) -> None:
    work = git.clone(url, "iris")
    work.commit({"m.bin": b"weights"})
    work("push")
    anonymous = git.clone(url_of(server, path), "anonymous")
    assert (anonymous.folder / "m.bin").read_bytes() == b"weights"


def test_many_files_travel_at_once(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    files: dict[str, str | bytes] = {f"part-{number}.bin": odd_bytes(1000 + number) for number in range(250)}
    work.commit(files)
    work("push")
    other = git.clone(url, "other")
    assert all((other.folder / name).read_bytes() == data for name, data in files.items())


def test_the_same_file_in_two_repositories_is_stored_once(git: Git, server: Server, stranger: Person, url: str) -> None:
    weights = odd_bytes(1_234_567)
    second = url_of(server, create_repo(server, stranger, "second", private=True), stranger)
    for number, where in enumerate((url, second)):
        work = git.clone(where, f"work{number}")
        work.commit({"m.bin": weights})
        printed = work("push", GIT_LFS_FORCE_PROGRESS="1")
        assert "100% (1/1), 1.2 MB" in printed, "its bytes must be sent again: nothing is told"
    assert len(stored(server, 1_234_567)) == 1
    assert (git.clone(second, "check").folder / "m.bin").read_bytes() == weights


def test_a_file_that_the_repository_has_is_not_sent_again(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    work.commit({"m.bin": b"weights"})
    work("push")
    printed = work("lfs", "push", "--all", "origin", "main", GIT_CURL_VERBOSE="1")
    assert "objects/batch" in printed
    assert "> PUT " not in printed


def test_an_interrupted_download_goes_on_where_it_stopped(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    weights = odd_bytes(2_000_000)
    work.commit({"m.bin": weights})
    work("push")
    other = git.clone(url, "other", "--no-checkout")
    oid = hashlib.sha256(weights).hexdigest()
    half = other.folder / ".git/lfs/incomplete" / f"{oid}.part"
    half.parent.mkdir(parents=True)
    half.write_bytes(weights[:1_500_000])
    printed = other("lfs", "pull", GIT_CURL_VERBOSE="1")
    assert "Range: bytes=1500000-1999999" in printed
    assert "206 Partial Content" in printed
    other("checkout", "-q", "-f", "main")
    assert (other.folder / "m.bin").read_bytes() == weights


def test_a_pointer_without_its_object_is_refused_until_the_object_is_sent(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    work.commit({"m.bin": b"weights"})
    before = remote_refs(git, url)
    printed = work.fails("push", "--no-verify")
    assert "m.bin" in printed
    assert "git lfs push --all" in printed
    assert remote_refs(git, url) == before
    work("lfs", "push", "--all", "origin", "main")
    work("push", "--no-verify")


def test_an_object_that_only_another_repository_has_counts_as_unknown(
    git: Git, server: Server, stranger: Person, url: str
) -> None:
    theirs = git.clone(url_of(server, create_repo(server, stranger, "theirs"), stranger), "theirs")
    theirs.commit({"m.bin": b"their weights"})
    theirs("push")
    work = git.clone(url, "iris")
    work.commit({"m.bin": b"their weights"})
    assert "m.bin" in work.fails("push", "--no-verify")


def test_a_stranger_gets_no_weights_of_a_private_repository(
    git: Git, server: Server, person: Person, stranger: Person
) -> None:
    path = create_repo(server, person, "secret", private=True)
    work = git.clone(url_of(server, path, person), "work")
    work.commit({"m.bin": b"weights"})
    work("push")
    other = git.new("other")
    for who in (None, stranger):
        printed = other.fails(
            "-c", f"lfs.url={url_of(server, path, who)}.git/info/lfs", "lfs", "fetch", "--all", "origin"
        )
        assert b"weights" not in printed.encode()


def test_a_repository_moved_by_mirror_keeps_its_weights(git: Git, server: Server, person: Person, url: str) -> None:
    work = git.clone(url, "iris")
    work.commit({"m.bin": b"weights"})
    work("push")
    second = url_of(server, create_repo(server, person, "second"), person)
    mirror = git.clone(url, "mirror.git", "--mirror")
    mirror("lfs", "fetch", "--all")
    mirror("lfs", "push", "--all", second)
    mirror("push", "--mirror", second)
    assert (git.clone(second, "check").folder / "m.bin").read_bytes() == b"weights"


def test_renamed_repositories_keep_serving_weights_under_the_old_name(
    git: Git, server: Server, person: Person, path: str, url: str
) -> None:
    from tests.clients.git_work import api

    work = git.clone(url, "iris")
    moved = {"fromRepo": path, "toRepo": f"{person.name}/renamed", "type": "model"}
    assert api(server, person, "POST", "/api/repos/move", moved).status_code == 200
    work.commit({"m.bin": b"weights"})
    work("push")
    assert (git.clone(url, "check").folder / "m.bin").read_bytes() == b"weights"


def test_a_file_over_the_limit_is_refused_with_the_cure(git: Git, own_server: object) -> None:
    server: Server = own_server(lfs_file_size_max_bytes="100000").start()  # type: ignore[operator]
    person = server.person("ana")
    url = url_of(server, create_repo(server, person, "iris"), person)
    work = git.clone(url, "iris")
    work.commit({"m.bin": odd_bytes(100_001)})
    printed = work.fails("push")
    assert "more than the 100000" in printed
