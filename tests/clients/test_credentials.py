"""Who is let in, on every wire: an answer that is precise, the same for every cause, and true at once."""

from __future__ import annotations

import base64
import itertools
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from tests.running import Person, Server

pytestmark = pytest.mark.client
_numbers = itertools.count(1)
REFUSED = "Invalid credentials in Authorization header"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    server: Server, path: str, authorization: str, *, method: str = "GET", body: bytes | None = None, **headers: str
) -> Answer:
    request = urllib.request.Request(server.url + path, data=body, method=method)
    request.add_header("Authorization", authorization)
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return Answer(reply.status, {k.lower(): v for k, v in reply.headers.items()}, reply.read())
    except urllib.error.HTTPError as reply:
        with reply:
            return Answer(reply.code, {k.lower(): v for k, v in reply.headers.items()}, reply.read())


def bearer(secret: str) -> str:
    return f"Bearer {secret}"


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture
def owner(server: Server) -> Person:
    return server.person(f"own-{next(_numbers)}")


@pytest.fixture
def repo(server: Server, owner: Person) -> str:
    body = json.dumps({"name": "iris", "type": "model", "private": True}).encode()
    made = ask(
        server, "/api/repos/create", bearer(owner.token), method="POST", body=body, Content_Type="application/json"
    )
    assert made.status == 200, made.body
    return f"{owner.name}/iris"


def wires(repo: str) -> list[tuple[str, Callable[[Server, str], Answer]]]:
    batch = json.dumps({"operation": "download", "transfers": ["basic"], "objects": []}).encode()
    lfs = {"Content_Type": "application/vnd.git-lfs+json", "Accept": "application/vnd.git-lfs+json"}
    return [
        ("whoami", lambda server, auth: ask(server, "/api/whoami-v2", auth)),
        ("info", lambda server, auth: ask(server, f"/api/models/{repo}", auth)),
        ("head", lambda server, auth: ask(server, f"/{repo}/resolve/main/README.md", auth, method="HEAD")),
        ("git", lambda server, auth: ask(server, f"/{repo}.git/info/refs?service=git-upload-pack", auth)),
        (
            "lfs",
            lambda server, auth: ask(
                server, f"/{repo}.git/info/lfs/objects/batch", auth, method="POST", body=batch, **lfs
            ),
        ),
    ]


def statuses(server: Server, repo: str, authorization: str) -> dict[str, int]:
    return {name: wire(server, authorization).status for name, wire in wires(repo)}


ALL_REFUSED = dict.fromkeys(("whoami", "info", "head", "git", "lfs"), 401)


@pytest.mark.parametrize("secret", ["hf_wrong", "x", "hf_" + "a" * 5000, "hf_'; DROP TABLE token; --", "hf_\xe9"])
def test_a_token_that_is_none_is_refused_on_every_wire(server: Server, repo: str, secret: str) -> None:
    assert statuses(server, repo, bearer(secret)) == ALL_REFUSED
    answer = ask(server, "/api/whoami-v2", bearer(secret))
    assert answer.headers["x-error-message"] == REFUSED
    assert json.loads(answer.body) == {"error": REFUSED}


def test_a_good_token_opens_every_wire(server: Server, repo: str, owner: Person) -> None:
    for authorization in (bearer(owner.token), basic("anybody", owner.token), basic(owner.name, owner.password)):
        found = statuses(server, repo, authorization)
        assert found.pop("head") in {200, 302, 404}, "whether there is a README is another question"
        assert found == {"whoami": 200, "info": 200, "git": 200, "lfs": 200}


def test_a_deleted_token_is_refused_at_once(server: Server, repo: str, owner: Person) -> None:
    (one,) = json.loads(server.cli("token", "list", owner.name, "--json").stdout)
    assert statuses(server, repo, bearer(owner.token))["git"] == 200
    server.cli("token", "delete", owner.name, str(one["id"]), "--yes")
    assert statuses(server, repo, bearer(owner.token)) == ALL_REFUSED


def test_a_closed_account_is_refused_at_once_and_let_in_again(server: Server, repo: str, owner: Person) -> None:
    server.cli("user", "disable", owner.name)
    assert statuses(server, repo, bearer(owner.token)) == ALL_REFUSED
    assert statuses(server, repo, basic(owner.name, owner.password)) == ALL_REFUSED
    server.cli("user", "enable", owner.name)
    assert statuses(server, repo, bearer(owner.token))["git"] == 200


def test_the_token_of_a_deleted_account_is_refused(server: Server, repo: str) -> None:
    gone = server.person(f"gone-{next(_numbers)}")
    server.cli("user", "delete", gone.name, "--yes")
    assert statuses(server, repo, bearer(gone.token)) == ALL_REFUSED
    again = server.person(gone.name)
    assert statuses(server, repo, bearer(gone.token)) == ALL_REFUSED, "the name is another person's now"
    assert ask(server, "/api/whoami-v2", bearer(again.token)).status == 200


@pytest.mark.parametrize(
    "authorization",
    ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"no colon").decode(), "Digest x", "hf_alone", "Bearer"],
)
def test_broken_headers_are_refused_and_never_an_error_of_the_server(
    server: Server, repo: str, authorization: str
) -> None:
    for name, status in statuses(server, repo, authorization).items():
        assert status in {400, 401}, name


def test_guessing_passwords_is_stopped_and_tokens_go_on_working(own_server: Callable[..., Server]) -> None:
    server = own_server(rate_limit_sign_in="3").start()
    ana = server.person("ana")
    guesses: list[Answer] = []
    # counters are fresh every five minutes: when that moment is near, guess on until it is past
    while not guesses or guesses[-1].status == 401 or int(guesses[-1].headers["retry-after"]) < 10:
        guesses.append(ask(server, "/api/whoami-v2", basic("ana", f"guess {len(guesses)}")))
        assert guesses[-1].status in {401, 429}
    assert [one.status for one in guesses[:3]] == [401] * 3
    assert int(guesses[-1].headers["retry-after"]) <= 300
    assert ask(server, "/api/whoami-v2", basic("ana", ana.password)).status == 429
    assert ask(server, "/api/whoami-v2", bearer(ana.token)).status == 200
