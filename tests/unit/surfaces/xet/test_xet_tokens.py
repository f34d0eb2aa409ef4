"""A Xet token opens one repository, for what it was given, for as long as its holder may: and nothing else does."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.unit.surfaces.hub_api.callers import Api
from tests.unit.surfaces.xet.cas import Cas, cas_of, check_refusal, check_refused, own, some_file, token_answer
from tests.xet_files import MadeFile, Span

from zoco.core.access import Role, TokenRole
from zoco.formats.signed import sign
from zoco.hub.accounts.orgs import create_org, remove_member, set_member
from zoco.hub.accounts.sessions import start_session
from zoco.hub.accounts.tokens import create_token, delete_token
from zoco.hub.accounts.users import disable_user, get_user
from zoco.surfaces.context import SESSION_COOKIE
from zoco.surfaces.state import Hub

PURPOSES = ["xet fetch", "lfs upload", "lfs download", "lfs verify", "xet  token", ""]


def facts_of(token: str) -> tuple[int, dict[str, int]]:
    expiry, payload, _ = token.removeprefix("xet_").split(".")
    return int(expiry), json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def calls(of: Cas, file: MadeFile) -> dict[str, Callable[[Cas], object]]:
    """Every call that a token opens."""
    first = Span(file.xorbs[0], 0, 1)
    return {
        "xorb": lambda cas: cas.send_xorb(file.xorbs[0]),
        "shard 2": lambda cas: cas.send_shard(file),
        "shard 1": lambda cas: cas.send_shard(file, version=1),
        "reconstruction 2": lambda cas: cas.reconstruction(file),
        "reconstruction 1": lambda cas: cas.reconstruction(file, version=1),
        "size of a file": lambda cas: cas("HEAD", f"/v1/files/{file.hash}"),
        "size of a xorb": lambda cas: cas("HEAD", f"/v1/xorbs/default/{file.xorbs[0].hash}"),
        "chunk": lambda cas: cas.chunk(first),
    }


WRITING = {"xorb", "shard 2", "shard 1"}
NAMES = [
    "xorb",
    "shard 2",
    "shard 1",
    "reconstruction 2",
    "reconstruction 1",
    "size of a file",
    "size of a xorb",
    "chunk",
]


@pytest.fixture
def cas(ana: Api) -> Cas:
    return own(ana)


@pytest.fixture
def file(cas: Cas) -> MadeFile:
    """In the repository of `cas`."""
    return cas.upload(some_file(), "model.bin")


@pytest.mark.parametrize("kind", ["model", "dataset", "space"])
def test_body_and_headers_say_the_same_for_every_type_of_repository(ana: Api, kind: str) -> None:
    id = ana.repo(kind=kind, **({"sdk": "static"} if kind == "space" else {}))
    for writes in (False, True):
        answer = token_answer(ana, id, writes=writes, kind=f"{kind}s")
        told = answer.json()
        assert set(told) == {"casUrl", "exp", "accessToken"}
        assert re.fullmatch(r"http://hub\.test/xet/[0-9a-f]{10}-\d+", told["casUrl"])
        assert answer.headers["x-xet-cas-url"] == told["casUrl"]
        assert answer.headers["x-xet-access-token"] == told["accessToken"]
        assert answer.headers["x-xet-token-expiration"] == str(told["exp"])
        assert answer.headers["cache-control"] == "no-store"
        assert time.time() < told["exp"] <= time.time() + ana.hub.settings.xet_token_lifetime_s + 1
    cas = cas_of(ana, id, kind=f"{kind}s")
    file = cas.upload(some_file(), "model.bin")
    assert cas.download().content == file.data


@pytest.mark.parametrize("revision", ["main", "None", "refs%2Fpr%2F1", "a%2Fb", "0" * 40])
def test_the_revision_does_not_matter(ana: Api, revision: str) -> None:
    id = ana.repo()
    assert ana("GET", f"/api/models/{id}/xet-read-token/{revision}").status_code == 200
    assert ana("GET", f"/api/models/{id}/xet-write-token/{revision}").status_code == 200


def test_anybody_reads_a_public_repository(ana: Api, cas: Cas, file: MadeFile, anonymous: Api) -> None:
    reader = cas_of(anonymous, cas.repo, writes=False)
    url = reader.reconstruction(file).json()["xorbs"][file.xorbs[0].hash][0]
    span = url["ranges"][0]["bytes"]
    got = reader.fetch(url["url"], f"{span['start']}-{span['end']}")
    assert got.content == file.xorbs[0].body
    check_refusal(token_answer(anonymous, cas.repo), 401)


def test_who_may_not_read_or_write_gets_no_token(ana: Api, otto: Api, anonymous: Api) -> None:
    secret, public = ana.repo(private=True), ana.repo()
    for writes in (False, True):
        there, nowhere = (token_answer(otto, id, writes=writes) for id in (secret, f"{ana.name}/nowhere"))
        check_refusal(there, 404, "Repository not found")
        check_refusal(nowhere, 404, "Repository not found")
        assert token_answer(anonymous, secret, writes=writes).status_code == 401
    check_refusal(token_answer(otto, public), 403, "may read")


def test_a_gated_repository_gives_a_token_only_behind_its_gate(ana: Api, otto: Api, anonymous: Api) -> None:
    id = ana.repo()
    assert ana("PUT", f"/api/models/{id}/settings", json={"gated": "auto"}).status_code == 200
    check_refusal(token_answer(otto, id, writes=False), 403, "ask for access")
    assert token_answer(anonymous, id, writes=False).status_code == 401
    assert token_answer(ana, id, writes=False).status_code == 200


def test_a_read_token_of_the_hub_gives_no_write_token(ana: Api) -> None:
    id, secret = ana.repo(), create_token(ana.hub.db, get_user(ana.hub.db, ana.name).id, "r", TokenRole.READ)[1]
    check_refusal(token_answer(replace(ana, token=secret), id), 403, "write token")


def test_pull_requests_are_not_offered_here_either(ana: Api, otto: Api) -> None:
    id = ana.repo()
    for caller in (ana, otto):
        check_refusal(token_answer(caller, id, query="?create_pr=1"), 501, "no pull requests")


def test_a_browsers_session_gives_no_write_token(hub: Hub, client: TestClient, ana: Api) -> None:
    """A session changes something only by a form with its secret word; a GET has none."""
    id = ana.repo()
    cookie = start_session(hub.db, get_user(hub.db, ana.name).id, "test", "", days=1)
    as_browser = {"Cookie": f"{SESSION_COOKIE}={cookie}"}
    answer = client.get(f"/api/models/{id}/xet-write-token/main", headers=as_browser)
    check_refusal(answer, 401, "token")
    assert client.get(f"/api/models/{id}/xet-read-token/main", headers=as_browser).status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_xet_token_opens_nothing(cas: Cas, file: MadeFile, name: str) -> None:
    call = calls(cas, file)[name]
    hub, (expiry, facts) = cas.api.hub, facts_of(cas.token)
    genuine = cas.token.removeprefix("xet_")
    forged = [sign(hub.signing_key, purpose, facts, expiry) for purpose in PURPOSES]
    forged += [sign(b"another key" * 4, "xet token", facts, expiry)]
    forged += [
        genuine[:-1],
        genuine + "A",
        genuine.upper(),
        f"9{genuine}",
        genuine.partition(".")[2],
        "",
        "..",
        "x" * 9000,
    ]
    head, payload, mac = genuine.split(".")
    other = base64.urlsafe_b64encode(json.dumps({**facts, "r": facts["r"] + 1}).encode()).decode().rstrip("=")
    forged += [f"{head}.{other}.{mac}", f"{head}.{payload}.", f"{int(head) + 1}.{payload}.{mac}"]
    tokens = [f"xet_{one}" for one in forged] + [cas.api.token, genuine, "", "xet_", f"xet_xet_{genuine}"]
    for token in tokens:
        check_refusal(call(cas.with_token(token)), 401)


def test_other_kinds_of_authorization_open_nothing(cas: Cas, file: MadeFile) -> None:
    path = f"/v2/reconstructions/{file.hash}"
    basic = base64.b64encode(f"x:{cas.token}".encode()).decode()
    for header in (f"Basic {basic}", cas.token, f"Token {cas.token}", "Bearer", "Bearer \t", f"Bearer x {cas.token}"):
        check_refusal(cas("GET", path, headers={"Authorization": header}), 401)
    check_refusal(cas.api.client.get(f"{cas.address}{path}"), 401)
    check_refusal(cas.api.client.get(f"{cas.address}{path}?token={cas.token}"), 401)
    assert cas("GET", path, headers={"Authorization": f"bearer {cas.token}"}).status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_an_expired_token_is_expired(cas: Cas, file: MadeFile, name: str) -> None:
    """401: clients then ask for another."""
    _, facts = facts_of(cas.token)
    stale = sign(cas.api.hub.signing_key, "xet token", facts, int(time.time()) - 1)
    check_refusal(calls(cas, file)[name](cas.with_token(f"xet_{stale}")), 401, "expired")


@pytest.mark.parametrize("name", NAMES)
def test_a_token_to_read_does_not_write(ana: Api, cas: Cas, file: MadeFile, name: str) -> None:
    answer = calls(cas, file)[name](cas_of(ana, cas.repo, writes=False))
    if name in WRITING:
        check_refusal(answer, 403, "may only read")
    else:
        assert answer.status_code == 200  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_a_deleted_hub_token_ends_its_xet_tokens(ana: Api, name: str) -> None:
    db, user = ana.hub.db, get_user(ana.hub.db, ana.name)
    info, secret = create_token(db, user.id, "short", TokenRole.WRITE)
    cas = cas_of(replace(ana, token=secret), ana.repo())
    file = own(ana).upload(some_file())
    delete_token(db, user.id, info.id)
    answer = calls(cas, file)[name](cas)
    check_refusal(answer, 401)


@pytest.mark.parametrize("name", NAMES)
def test_a_closed_account_ends_its_xet_tokens(otto: Api, name: str) -> None:
    cas = own(otto)
    file = cas.upload(some_file(), "model.bin")
    disable_user(otto.hub.db, None, otto.name)
    check_refusal(calls(cas, file)[name](cas), 401)


@pytest.mark.parametrize("name", NAMES)
def test_a_member_who_left_may_no_longer_use_the_token(ana: Api, otto: Api, name: str) -> None:
    org = f"org-{ana.name}-{NAMES.index(name)}"
    create_org(ana.hub.db, None, org)
    set_member(ana.hub.db, None, org, ana.name, Role.ADMIN)
    set_member(ana.hub.db, None, org, otto.name, Role.WRITE)
    id = ana.repo("secret", organization=org, private=True)
    cas = cas_of(otto, id)
    file = cas.upload(some_file(), "model.bin")
    remove_member(ana.hub.db, None, org, otto.name)
    check_refused(calls(cas, file)[name](cas), 404, "Repository not found")


@pytest.mark.parametrize("name", sorted(WRITING))
def test_a_member_who_may_only_read_now_may_no_longer_write(ana: Api, otto: Api, name: str) -> None:
    org = f"less-{ana.name}-{NAMES.index(name)}"
    create_org(ana.hub.db, None, org)
    set_member(ana.hub.db, None, org, ana.name, Role.ADMIN)
    set_member(ana.hub.db, None, org, otto.name, Role.WRITE)
    cas = cas_of(otto, ana.repo("shared", organization=org))
    file = some_file()
    set_member(ana.hub.db, None, org, otto.name, Role.READ)
    check_refused(calls(cas, file)[name](cas), 403, "write")


@pytest.mark.parametrize("name", NAMES)
def test_a_deleted_repository_ends_its_tokens(ana: Api, name: str) -> None:
    """Also when another has its name now."""
    cas = own(ana)
    file = cas.upload(some_file(), "model.bin")
    word = cas.repo.split("/")[1]
    assert ana("DELETE", "/api/repos/delete", json={"name": word, "type": "model"}).status_code == 200
    check_refused(calls(cas, file)[name](cas), 404, "Repository not found")
    ana.repo(word)
    check_refused(calls(cas, file)[name](cas), 404, "Repository not found")


def test_a_token_follows_its_repository_to_its_new_name(ana: Api) -> None:
    cas = own(ana)
    file = cas.upload(some_file(), "model.bin")
    to = f"{cas.repo}-moved"
    assert ana("POST", "/api/repos/move", json={"fromRepo": cas.repo, "toRepo": to}).status_code == 200
    assert cas.reconstruction(file).status_code == 200
