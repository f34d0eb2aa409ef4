"""What people do with git, against a running server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.clients.git_work import Git, create_repo, git_in, remote_refs, url_of
from tests.running import Person, Server

pytestmark = pytest.mark.client


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return git_in(tmp_path)


@pytest.fixture
def url(server: Server, person: Person) -> str:
    """A new model repository, with its owner's token."""
    return url_of(server, create_repo(server, person, "iris"), person)


def test_a_new_repository_is_cloned_with_its_first_commit(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    assert work.value("log", "--format=%s") == "initial commit"
    assert "filter=lfs" in (work.folder / ".gitattributes").read_text()
    assert work.value("symbolic-ref", "HEAD") == "refs/heads/main"


def test_what_is_pushed_is_cloned_by_others_byte_for_byte(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    tip = work.commit({"train.py": "print(1)\n", "data/ñandú 1.csv": "a,b\n1,2\n", "empty": ""})
    work("push")
    other = git.clone(url, "other")
    assert other.value("rev-parse", "HEAD") == tip
    assert (other.folder / "data/ñandú 1.csv").read_text() == "a,b\n1,2\n"
    assert other.is_sound()


def test_a_second_push_and_a_pull(git: Git, url: str) -> None:
    work, other = git.clone(url, "iris"), git.clone(url, "other")
    work.commit({"a": "1"})
    work("push")
    other("pull", "-q")
    tip = other.commit({"a": "2"})
    other("push")
    work("pull", "-q")
    assert work.value("rev-parse", "HEAD") == tip


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_every_version_of_the_protocol_fetches_and_pushes(git: Git, url: str, version: str) -> None:
    git("config", "--global", "protocol.version", version)
    work = git.clone(url, "iris")
    tip = work.commit({"a": version})
    work("push")
    assert git.clone(url, "other").value("rev-parse", "HEAD") == tip


def test_branches_and_tags_appear_move_and_go(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    first = work.commit({"a": "1"})
    work("push", "origin", "HEAD:main", "HEAD:refs/heads/feature/x")
    work("tag", "v1")
    work("tag", "-a", "v2", "-m", "second")
    work("push", "origin", "--tags")
    refs = remote_refs(git, url)
    assert refs["refs/heads/feature/x"] == refs["refs/tags/v1"] == refs["refs/tags/v2^{}"] == first
    assert refs["refs/tags/v2"] == work.value("rev-parse", "v2") != first
    work("push", "origin", "--delete", "feature/x", "v1")
    assert not {"refs/heads/feature/x", "refs/tags/v1"} & set(remote_refs(git, url))


def test_a_branch_of_what_is_there_already_needs_no_objects(git: Git, url: str) -> None:
    """The pack of such a push is empty; it must not be stored."""
    work = git.clone(url, "iris")
    work("push", "origin", "HEAD:refs/heads/same")
    refs = remote_refs(git, url)
    assert refs["refs/heads/same"] == refs["refs/heads/main"]


def test_history_is_rewritten_only_with_force(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    work.commit({"a": "1"})
    work("push")
    work("commit", "-q", "--amend", "-m", "better")
    assert "rejected" in work.fails("push")
    work("push", "--force-with-lease")
    assert remote_refs(git, url)["refs/heads/main"] == work.value("rev-parse", "HEAD")


def test_the_default_branch_cannot_be_deleted(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    printed = work.fails("push", "origin", "--delete", "main")
    assert "main" in printed
    assert "rejected" in printed
    assert "refs/heads/main" in remote_refs(git, url)


def test_deleting_what_is_not_there_leaves_the_repository_usable(git: Git, url: str) -> None:
    """Met in a prototype: old and new both null were stored as a ref, and every later push failed with it."""
    work = git.clone(url, "iris")
    git("push", url, ":refs/heads/never-there", check=False)
    tip = work.commit({"a": "1"})
    work("push")
    assert remote_refs(git, url) == {"refs/heads/main": tip}


@pytest.mark.parametrize("ref", ["refs/convert/parquet", "refs/pr/1"])
def test_refs_that_are_not_users_to_write_are_refused_by_name(git: Git, url: str, ref: str) -> None:
    work = git.clone(url, "iris")
    assert ref in work.fails("push", "origin", f"HEAD:{ref}")
    assert ref not in remote_refs(git, url)


def test_an_atomic_push_moves_all_refs_or_none(git: Git, url: str) -> None:
    work, other = git.clone(url, "iris"), git.clone(url, "other")
    other.commit({"b": "1"})
    other("push")
    before = remote_refs(git, url)
    work.commit({"a": "1"})
    work.fails("push", "--atomic", "origin", "HEAD:main", "HEAD:refs/heads/side")
    assert remote_refs(git, url) == before
    work("push", "--atomic", "-f", "origin", "HEAD:main", "HEAD:refs/heads/side")
    assert len(set(remote_refs(git, url).values())) == 1


def test_a_push_that_is_not_atomic_moves_what_it_can(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    tip = work.commit({"a": "1"})
    work.fails("push", "origin", "HEAD:refs/heads/side", "HEAD:refs/pr/9")
    refs = remote_refs(git, url)
    assert refs["refs/heads/side"] == tip
    assert "refs/pr/9" not in refs


def test_a_shallow_clone_is_deepened_and_pushed_from(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    for number in range(5):
        work.commit({"a": str(number)})
    work("push")
    shallow = git.clone(url, "shallow", "--depth", "1")
    assert shallow.value("rev-list", "--count", "HEAD") == "1"
    tip = shallow.commit({"b": "from a shallow clone"})
    shallow("push")
    assert remote_refs(git, url)["refs/heads/main"] == tip
    shallow("fetch", "-q", "--unshallow")
    assert shallow.value("rev-list", "--count", "HEAD") == "7"
    assert shallow.is_sound()
    assert git.clone(url, "fresh").is_sound()


def test_a_partial_clone_fetches_files_when_they_are_asked_for(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    work.commit({"big": os.urandom(100_000), "small": "s"})
    work("push")
    partial = git.clone(url, "partial", "--filter=blob:none", "--no-checkout")
    missing = partial.value("rev-list", "--objects", "--all", "--missing=print")
    assert "?" in missing
    partial("checkout", "-q", "main")
    assert (partial.folder / "big").read_bytes() == (work.folder / "big").read_bytes()


def test_a_single_old_commit_is_fetched_by_its_id(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    old = work.commit({"a": "1"})
    work.commit({"a": "2"})
    work("push")
    fresh = git.new("fresh")
    fresh("fetch", "-q", "--depth", "1", url, old)
    assert fresh.value("rev-parse", "FETCH_HEAD") == old


def test_a_push_over_a_mebibyte_comes_in_chunks_after_a_probe(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    tip = work.commit({f"part-{number}": os.urandom(900_000) for number in range(6)})
    printed = work("push", GIT_CURL_VERBOSE="1")
    assert "Transfer-Encoding: chunked" in printed
    other = git.clone(url, "other")
    assert other.value("rev-parse", "HEAD") == tip
    assert other.is_sound()


def test_a_mirror_goes_away_and_comes_back(git: Git, server: Server, person: Person, url: str) -> None:
    work = git.clone(url, "iris")
    work.commit({"a": "1"})
    work("push", "origin", "HEAD:main", "HEAD:refs/heads/b")
    work("tag", "-a", "v1", "-m", "v1")
    work("push", "origin", "v1")
    mirror = git.clone(url, "mirror.git", "--mirror")
    second = url_of(server, create_repo(server, person, "second"), person)
    mirror("push", "--mirror", second)
    assert remote_refs(git, second) == remote_refs(git, url)
    assert mirror.is_sound()


def test_datasets_and_spaces_are_repositories_too(git: Git, server: Server, person: Person) -> None:
    for kind, more in (("dataset", {}), ("space", {"sdk": "static"})):
        path = create_repo(server, person, f"own-{kind}", kind=kind, **more)
        for ending in ("", ".git"):
            work = git.clone(url_of(server, path + ending, person), f"{kind}{ending}")
            tip = work.commit({"a": ending})
            work("push")
            assert remote_refs(git, url_of(server, path, person))["refs/heads/main"] == tip


def test_names_are_found_whatever_their_case(git: Git, server: Server, person: Person, url: str) -> None:
    shouted = url_of(server, f"{person.name.upper()}/IRIS.git", person)
    assert remote_refs(git, shouted) == remote_refs(git, url)


def test_two_thousand_files_in_one_push(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    tip = work.commit({f"d{n % 40}/f{n}": f"{n}\n" * 50 for n in range(2000)})
    work("push")
    other = git.clone(url, "other")
    assert other.value("rev-parse", "HEAD") == tip
    assert len(other.value("ls-files").splitlines()) == 2001


def test_submodules_and_symbolic_links_are_kept_as_they_are_and_never_followed(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    (work.folder / "out").symlink_to("/etc/passwd")
    (work.folder / "up").symlink_to("../../../../etc/passwd")
    (work.folder / ".gitmodules").write_text('[submodule "s"]\n\tpath = s\n\turl = file:///etc\n')
    tip = work.value("rev-parse", "HEAD")
    work("add", "-A")
    work("update-index", "--add", "--cacheinfo", f"160000,{tip},s")
    work("commit", "-q", "-m", "links")
    work("push")
    other = git.clone(url, "other")
    assert other.value("ls-files", "-s", "out").startswith("120000")
    assert other.value("ls-files", "-s", "s").startswith("160000")
    assert other.is_sound()


def test_ls_remote_of_an_empty_push_target_and_no_op_fetches(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    assert work("fetch") == ""
    assert "Everything up-to-date" in work("push")
