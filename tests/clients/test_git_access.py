"""Who may clone and push, and what everybody else learns: nothing."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.clients.git_work import Git, api, create_repo, git_in, remote_refs, url_of
from tests.running import Person, Server

pytestmark = pytest.mark.client

SERVICES = ("git-upload-pack", "git-receive-pack")


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return git_in(tmp_path)


def info_refs(server: Server, path: str, service: str, auth: tuple[str, str] | None = None) -> httpx.Response:
    return httpx.get(f"{server.url}/{path}/info/refs", params={"service": service}, auth=auth, timeout=60)


def told(answer: httpx.Response) -> tuple[object, ...]:
    """All that an outsider can see, but for what differs between any two requests."""
    changing = {"x-request-id", "ratelimit", "date", "connection"}  # the last: whether the body was read in time
    return answer.status_code, answer.text, {k: v for k, v in answer.headers.items() if k not in changing}


def test_a_public_repository_is_cloned_by_anybody_and_pushed_only_by_its_people(
    git: Git, server: Server, person: Person, stranger: Person
) -> None:
    path = create_repo(server, person, "iris")
    work = git.clone(url_of(server, path), "work")
    work.commit({"a": "1"})
    assert "Authentication failed" in work.fails("push")
    refused = work.fails("push", url_of(server, path, stranger), "main")
    assert "403" in refused
    assert f"You may read {path} but not write to it" in refused
    work("push", url_of(server, path, person), "main")


def test_a_private_repository_is_cloned_by_its_people(git: Git, server: Server, person: Person) -> None:
    path = create_repo(server, person, "secret", private=True)
    work = git.clone(url_of(server, path, person), "work")
    tip = work.commit({"a": "1"})
    work("push")
    assert remote_refs(git, url_of(server, path, person))["refs/heads/main"] == tip


@pytest.mark.parametrize("service", SERVICES)
def test_a_private_repository_looks_like_a_missing_one(
    server: Server, person: Person, stranger: Person, service: str
) -> None:
    secret = create_repo(server, person, "secret", private=True)
    missing = f"{person.name}/missin"
    for path in (secret, missing):
        anonymous = info_refs(server, path, service)
        assert anonymous.status_code == 401
        assert anonymous.headers["www-authenticate"].startswith("Basic ")
    assert told(info_refs(server, secret, service)) == told(info_refs(server, missing, service))
    outsider = (stranger.name, stranger.token)
    assert info_refs(server, secret, service, outsider).status_code == 404
    assert told(info_refs(server, secret, service, outsider)) == told(info_refs(server, missing, service, outsider))


@pytest.mark.parametrize("route", ["git-upload-pack", "git-receive-pack", "HEAD", "objects/info/packs"])
def test_no_other_address_tells_of_a_private_repository(
    server: Server, person: Person, stranger: Person, route: str
) -> None:
    secret = create_repo(server, person, "secret", private=True)
    method = "POST" if route.startswith("git-") else "GET"
    headers = {"Content-Type": f"application/x-{route}-request"}
    for auth, status in ((None, 401), ((stranger.name, stranger.token), 404)):
        answers = [
            httpx.request(method, f"{server.url}/{path}/{route}", auth=auth, headers=headers, content=b"0000")
            for path in (f"{secret}.git", f"{person.name}/missin.git")
        ]
        assert answers[0].status_code == status
        assert told(answers[0]) == told(answers[1])


def test_the_token_counts_whatever_the_user_name_is(git: Git, server: Server, person: Person) -> None:
    path = create_repo(server, person, "secret", private=True)
    for name in (person.name, "anything", "hf_user"):
        assert info_refs(server, path, "git-upload-pack", (name, person.token)).status_code == 200
    bearer = api(server, person, "GET", f"/{path}/info/refs?service=git-upload-pack")
    assert bearer.status_code == 200


def test_the_password_of_the_account_opens_too(git: Git, server: Server, person: Person) -> None:
    path = create_repo(server, person, "secret", private=True)
    git.clone(url_of(server, path, person, password=person.password), "work")
    refused = git.fails("clone", url_of(server, path, person, password="wrong"), "no")
    assert "Authentication failed" in refused


@pytest.mark.parametrize("bad", ["hf_wrong", "hf_" + "x" * 5000, "ñ€", ""])
def test_wrong_credentials_are_401_even_where_anybody_may_read(server: Server, person: Person, bad: str) -> None:
    path = create_repo(server, person, "iris")
    answer = info_refs(server, path, "git-upload-pack", (person.name, bad))
    assert answer.status_code == 401
    assert "www-authenticate" in answer.headers


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic " + "A" * 7000, "Digest x", "Bearer", "Bearer \xff"])
def test_a_broken_authorization_header_is_refused(server: Server, person: Person, header: str) -> None:
    path = create_repo(server, person, "iris")
    raw = [(b"Authorization", header.encode("latin-1"))]
    answer = httpx.get(f"{server.url}/{path}/info/refs?service=git-upload-pack", headers=raw)
    assert answer.status_code == 401


def test_a_read_token_clones_but_does_not_push_and_git_says_why(git: Git, server: Server, person: Person) -> None:
    path = create_repo(server, person, "secret", private=True)
    read_token = server.token(person.name, "read")
    work = git.clone(url_of(server, path, person, password=read_token), "work")
    work.commit({"a": "1"})
    assert "A write token is needed" in work.fails("push")


def test_a_renamed_repository_is_found_under_its_old_name(git: Git, server: Server, person: Person) -> None:
    old = create_repo(server, person, "old-name")
    work = git.clone(url_of(server, old, person), "work")
    moved = {"fromRepo": old, "toRepo": f"{person.name}/new-name", "type": "model"}
    assert api(server, person, "POST", "/api/repos/move", moved).status_code == 200
    for ending in ("", ".git"):
        answer = info_refs(server, old + ending, "git-upload-pack")
        assert answer.status_code == 307
        location = f"/{person.name}/new-name{ending}/info/refs?service=git-upload-pack"
        assert answer.headers["location"].endswith(location)
    tip = work.commit({"a": "1"})
    work("push")
    assert remote_refs(git, url_of(server, old))["refs/heads/main"] == tip
    assert remote_refs(git, url_of(server, f"{person.name}/new-name"))["refs/heads/main"] == tip


def test_the_old_name_of_a_private_repository_tells_nothing(server: Server, person: Person) -> None:
    old = create_repo(server, person, "old-secret", private=True)
    moved = {"fromRepo": old, "toRepo": f"{person.name}/new-secret", "type": "model"}
    assert api(server, person, "POST", "/api/repos/move", moved).status_code == 200
    missing = info_refs(server, f"{person.name}/missing-one", "git-upload-pack")
    assert told(info_refs(server, old, "git-upload-pack")) == told(missing)


def test_a_one_word_name_leads_to_the_repository_it_stands_for(git: Git, server: Server, person: Person) -> None:
    path = create_repo(server, person, "iris")
    word = f"word-{person.name}"
    server.cli("alias", "add", word, path)
    for name in (word, f"{word}.git"):
        assert remote_refs(git, url_of(server, name)) == remote_refs(git, url_of(server, path))
    assert info_refs(server, "no-such-word", "git-upload-pack").status_code == 401


def test_the_dumb_protocol_is_refused_clearly(git: Git, server: Server, person: Person) -> None:
    path = create_repo(server, person, "iris")
    dumb = httpx.get(f"{server.url}/{path}/info/refs")
    assert dumb.status_code == 403
    assert "smart protocol" in dumb.text
    assert info_refs(server, path, "git-upload-archive").status_code == 403
    assert httpx.get(f"{server.url}/{path}.git/objects/info/packs").status_code == 403
    assert "smart protocol" in git.fails("clone", url_of(server, path), "no", GIT_SMART_HTTP="0")
    assert httpx.get(f"{server.url}/{path}.git/HEAD").text == "ref: refs/heads/main\n"


def test_answers_are_not_cached(server: Server, person: Person) -> None:
    path = create_repo(server, person, "iris")
    assert "no-cache" in info_refs(server, path, "git-upload-pack").headers["cache-control"]


@pytest.mark.parametrize("service", SERVICES)
def test_another_content_type_is_refused(server: Server, person: Person, service: str) -> None:
    path = create_repo(server, person, "iris")
    for wrong in ("text/plain", "application/x-git-other-request", ""):
        answer = httpx.post(
            f"{server.url}/{path}/{service}",
            content=b"0000",
            auth=(person.name, person.token),
            headers={"Content-Type": wrong},
        )
        assert answer.status_code == 415


def test_a_strange_protocol_header_is_refused(server: Server, person: Person) -> None:
    """It goes into the environment of a child process."""
    path = create_repo(server, person, "iris")
    for value in ("version=2\tGIT_DIR=/", "x" * 300, "version=2; rm"):
        answer = httpx.get(f"{server.url}/{path}/info/refs?service=git-upload-pack", headers={"Git-Protocol": value})
        assert answer.status_code == 400
