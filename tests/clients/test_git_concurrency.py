"""Several people push at the same moment."""

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
    return url_of(server, create_repo(server, person, "iris"), person)


def push_at_once(works: list[Git], *arguments: str) -> list[tuple[int, str]]:
    started = [work.start("push", *arguments) for work in works]
    printed = [process.communicate(timeout=120)[0].decode() for process in started]
    return [(process.returncode, text) for process, text in zip(started, printed, strict=True)]


def test_one_of_several_pushes_to_a_branch_wins_and_the_others_lose_nothing(git: Git, url: str) -> None:
    works = [git.clone(url, f"work{number}") for number in range(4)]
    for turn in range(3):
        for number, work in enumerate(works):
            work("pull", "-q", "--rebase")
            work.commit({f"file{number}": f"{turn}"})
        outcomes = push_at_once(works)
        assert sorted(status for status, _ in outcomes) == [0, 1, 1, 1]
        for work, (status, printed) in zip(works, outcomes, strict=True):
            if status:
                assert "main" in printed
                work("pull", "-q", "--rebase")
                work("push")
    final = git.clone(url, "final")
    assert final.value("rev-list", "--count", "HEAD") == str(1 + 3 * 4)
    assert final.is_sound()


def test_pushes_to_different_branches_all_win(git: Git, url: str) -> None:
    works = [git.clone(url, f"work{number}") for number in range(4)]
    tips = {}
    for number, work in enumerate(works):
        work("checkout", "-q", "-b", f"branch{number}")
        tips[f"refs/heads/branch{number}"] = work.commit({f"file{number}": os.urandom(50_000)})
    assert [status for status, _ in push_at_once(works, "origin", "HEAD")] == [0, 0, 0, 0]
    refs = remote_refs(git, url)
    assert {name: refs[name] for name in tips} == tips
    assert git.clone(url, "final", "--mirror").is_sound()


def test_clones_during_pushes_are_whole(git: Git, url: str) -> None:
    work = git.clone(url, "work")
    for number in range(6):
        work.commit({"file": os.urandom(20_000)})
        cloning = git.start("clone", "-q", "--bare", url, f"clone{number}")
        work("push")
        printed = cloning.communicate(timeout=120)[0]
        assert cloning.returncode == 0, printed
        assert git.at(git.folder / f"clone{number}").is_sound()


def test_a_client_that_leaves_in_the_middle_of_a_push_changes_nothing(git: Git, url: str) -> None:
    work = git.clone(url, "work")
    work.commit({f"part-{number}": os.urandom(900_000) for number in range(20)})
    before = remote_refs(git, url)
    with work.start("push", GIT_TRACE_CURL="1") as pushing:
        assert pushing.stdout
        for line in pushing.stdout:
            if b"Transfer-Encoding: chunked" in line:
                break
        pushing.kill()
    assert remote_refs(git, url) == before
    work("push")
    assert git.clone(url, "final").is_sound()
