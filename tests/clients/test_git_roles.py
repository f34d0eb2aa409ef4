"""What a member may do to an organisation's private repository with git, by role; and what an outsider sees of it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from tests.clients.git_work import Git, api, git_in, url_of
from tests.running import Person, Server

pytestmark = pytest.mark.client

_numbers = itertools.count(1)


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return git_in(tmp_path)


@pytest.fixture
def lab(server: Server, person: Person) -> str:
    """A private repository of an organisation that `person` administers."""
    org = f"lab-{next(_numbers)}"
    server.cli("org", "add", org, "--default-visibility", "private")
    server.cli("org", "member", "add", org, person.name, "--role", "admin")
    made = api(server, person, "POST", "/api/repos/create", {"name": "iris", "organization": org})
    assert made.status_code == 200, made.text
    return f"{org}/iris"


@pytest.mark.parametrize(
    ("role", "may_push"), [("read", False), ("contributor", False), ("write", True), ("admin", True)]
)
def test_every_member_clones_and_those_who_write_push(
    git: Git, server: Server, stranger: Person, lab: str, role: str, may_push: bool
) -> None:
    assert "not found" in git.fails("clone", url_of(server, lab, stranger), "outsider").lower()
    server.cli("org", "member", "add", lab.split("/")[0], stranger.name, "--role", role)
    work = git.clone(url_of(server, lab, stranger), "work")
    work.commit({"a": role})
    if may_push:
        work("push")
    else:
        assert "403" in work.fails("push")
    server.cli("org", "member", "remove", lab.split("/")[0], stranger.name)
    assert "not found" in work.fails("fetch").lower()
