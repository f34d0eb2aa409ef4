"""Wrong, hostile and oversized input on every call of the table: a precise answer in JSON, and nothing hidden shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import BaseModel
from tests.unit.surfaces.hub_api.callers import Api, text_file

from zoco.core.ids import RepoType
from zoco.surfaces.hub_api.calls import Call
from zoco.surfaces.hub_api.routes import calls, later

EVERY = [*calls, *later]
OF_REPOS = [call for call in EVERY if "{name:seg}" in call.path]
WITH_BODY = [call for call in EVERY if isinstance(call.body, type) and issubclass(call.body, BaseModel)]


def named(call: Call) -> str:
    return f"{call.method} {call.path}"


def paths(call: Call, **given: str) -> Iterator[str]:
    """Addresses of the call for models; parameters that are not given get something harmless."""
    harmless = {
        "ns": "nobody",
        "name": "nothing",
        "rev": "main",
        "path": "a.txt",
        "between": "main..main",
        "user": "ana",
    }
    known = {**harmless, "T": "models", **given}
    path = call.path.replace("{T:prefix}", "")
    yield re.sub(r"\{(\w+):\w+\}", lambda found: known.get(found[1], "x"), path)


def address(call: Call, **given: str) -> str:
    return next(paths(call, **given))


def good_body(call: Call) -> dict[str, Any] | None:
    """Enough to come past the check of the body."""
    return {
        "WholeCommit": {"summary": "s", "files": [{"path": "n.txt", "content": "n"}]},
        "PreuploadBody": {"files": [{"path": "a", "size": 1}]},
        "PathsBody": {"paths": ["a.txt"]},
        "TagBody": {"tag": "t"},
        "CreateBody": {"name": "n"},
        "DeleteBody": {"name": "n"},
        "MoveBody": {"fromRepo": "a/b", "toRepo": "a/c"},
        "DuplicateBody": {"repository": "copy"},
        "DeletionsBody": {"deletions": {"sha": ["a" * 64]}},
        "CopyBody": {"target": {"name": "a/b"}, "files": []},
        "CardBody": {"content": ""},
    }.get(getattr(call.body, "__name__", ""), {} if call.body else None)


def check_refusal(answer: Any, *, method: str) -> None:
    """An error in the wire's own form, which clients can read also from the headers alone."""
    assert 400 <= answer.status_code < 500 or answer.status_code == 501, (answer.status_code, answer.text[:500])
    assert answer.headers["x-request-id"]
    if method != "HEAD":
        body = answer.json()
        assert isinstance(body["error"], str)
        assert body["error"]
    message = answer.headers["x-error-message"]
    assert message.isascii()
    assert "Traceback" not in answer.text


HOSTILE = [
    "..",
    "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd",
    "%00",
    "a%00b",
    "%FF%FE",
    "%ED%A0%80",
    "%F0%9F%8C%B5",
    "a%5Cb",
    "a%2Fb%2Fc",
    "%20",
    "-",
    "refs%2Fheads%2F..%2Fmain",
    "HEAD",
    "main%5E%7B%2Ftree%7D",
    "main@%7B0%7D",
    "'%3B--",
    "x" * 5000,
    "%25252e",
    "%0d%0aSet-Cookie:%20a=b",
]


@pytest.mark.parametrize("call", EVERY, ids=named)
def test_hostile_words_in_every_place_of_every_path(ana: Api, call: Call) -> None:
    try_words(ana, call)


def try_words(ana: Api, call: Call, words: Sequence[str] = HOSTILE) -> None:
    id = ana.repo()
    ana.put(id, {"a.txt": "a"})
    namespace, name = id.split("/")
    places = [place for place in re.findall(r"\{(\w+):", call.path) if place != "T"]
    for place in places:
        for word in words:
            path = address(call, **({"ns": namespace, "name": name} | {place: word}))
            for method in {call.method, "HEAD"} if call.method == "GET" else {call.method}:
                answer = ana(method, path, json=good_body(call))
                assert "set-cookie" not in answer.headers
                if answer.status_code not in {200, 204, 206}:
                    check_refusal(answer, method=method)
    assert ana("GET", f"/api/models/{id}").status_code in {200, 404}


HOSTILE_VALUES = ["", "nonsense", "-1", "9" * 40, "1e9", "%00", "%FF", "x" * 5000, "%27%3B--", "0.5", "%D9%A3"]


@pytest.mark.parametrize("call", [call for call in EVERY if call.query], ids=named)
def test_hostile_values_of_every_parameter(ana: Api, call: Call) -> None:
    try_values(ana, call)


def try_values(ana: Api, call: Call, values: Sequence[str] = HOSTILE_VALUES) -> None:
    id = ana.repo()
    namespace, name = id.split("/")
    for query in call.query:
        for value in (
            "",
            "nonsense",
            "-1",
            "9" * 40,
            "1e9",
            "%00",
            "%FF",
            "x" * 5000,
            "%27%3B--",
            "[]",
            "null",
            "0.5",
            "٣",
        ):
            for spelt in (query.name, f"{query.name}[]"):
                path = address(call, ns=namespace, name=name)
                answer = ana(call.method, f"{path}?{spelt}={value}", json=good_body(call))
                if answer.status_code not in {200, 204, 302, 404, 409}:
                    check_refusal(answer, method=call.method)


@pytest.mark.parametrize("call", OF_REPOS, ids=named)
def test_a_private_repository_answers_exactly_as_a_missing_one(ana: Api, otto: Api, anonymous: Api, call: Call) -> None:
    id = ana.repo(private=True)
    ana.put(id, {"a.txt": "secret"})
    namespace, name = id.split("/")
    for caller in (otto, anonymous):
        for method in {call.method, "HEAD"} if call.method == "GET" else {call.method}:
            seen = []
            for asked in (name, f"{name}0"):
                answer = caller(method, address(call, ns=namespace, name=asked), json=good_body(call))
                check_refusal(answer, method=method)
                told = {
                    header: value
                    for header, value in answer.headers.items()
                    if header not in {"x-request-id", "ratelimit", "date"}
                }
                seen.append((answer.status_code, answer.text.replace(asked, "NAME"), told))
            hidden, missing = seen
            assert hidden[:2] == missing[:2]
            assert {k: v.replace(name, "NAME") for k, v in hidden[2].items() if k != "content-length"} == {
                k: v.replace(f"{name}0", "NAME") for k, v in missing[2].items() if k != "content-length"
            }
            assert hidden[2]["x-error-code"] == "RepoNotFound"
            assert hidden[0] == (401 if caller is anonymous else 404)


@pytest.mark.parametrize("call", OF_REPOS, ids=named)
def test_a_token_that_is_not_good_is_always_told_so(hub: Any, client: Any, ana: Api, call: Call) -> None:
    namespace, name = ana.repo().split("/")
    wrong = Api(hub, client, "nobody", "hf_wrong")
    answer = wrong(call.method, address(call, ns=namespace, name=name), json=good_body(call))
    assert answer.status_code == 401
    assert answer.headers["x-error-message"] == "Invalid credentials in Authorization header"
    assert answer.json() == {"error": "Invalid credentials in Authorization header"}
    assert "x-error-code" not in answer.headers


@pytest.mark.parametrize("call", [call for call in OF_REPOS if call.method != "GET" and call not in later], ids=named)
def test_a_stranger_and_a_read_token_change_nothing(
    ana: Api, otto: Api, anonymous: Api, reader_token: Api, call: Call
) -> None:
    """Likes are everybody's; asking for paths, duplicating a public repository and copying files out of it change
    nothing in it."""
    harmless = {"list_paths_info", "check_upload", "copy_files_in_lfs"}
    id = ana.repo()
    ana.put(id, {"a.txt": "a"})
    before = (ana("GET", f"/api/models/{id}").json(), ana("GET", f"/api/models/{id}/refs").json())
    namespace, name = id.split("/")
    own = {"add_like", "remove_like", "duplicate"}
    for caller, status in ((otto, 403), (reader_token, 403), (anonymous, 401)):
        operation = call.handler.__name__
        if operation in harmless or (caller is otto and operation in own):
            continue
        answer = caller(call.method, address(call, ns=namespace, name=name), json=good_body(call))
        assert answer.status_code == status, answer.text
        check_refusal(answer, method=call.method)
    after = (ana("GET", f"/api/models/{id}").json(), ana("GET", f"/api/models/{id}/refs").json())
    if call.handler.__name__ not in own:
        assert before == after


NOT_OBJECTS = [
    b"",
    b"{",
    b"nonsense",
    b"[]",
    b"null",
    b'"text"',
    b"1",
    b"\xff\xfe\x00",
    b"[" * 20_000,
    b'{"a":' * 5_000,
]


@pytest.mark.parametrize("call", WITH_BODY, ids=named)
def test_bodies_that_are_no_objects(ana: Api, call: Call) -> None:
    namespace, name = ana.repo().split("/")
    for data in NOT_OBJECTS:
        for media_type in ("application/json", "application/x-www-form-urlencoded", "text/plain", ""):
            answer = ana(
                call.method,
                address(call, ns=namespace, name=name),
                content=data,
                headers={"Content-Type": media_type},
            )
            if not (data == b"" or "form" in media_type) or answer.status_code not in {200, 404}:
                check_refusal(answer, method=call.method)


@pytest.mark.parametrize("call", WITH_BODY, ids=named)
def test_every_field_of_a_wrong_type_is_named(ana: Api, call: Call) -> None:
    namespace, name = ana.repo().split("/")
    for field in call.body.model_fields:
        for value in ({"deep": [{}]}, [[[]]], "\0"):
            body = {**(good_body(call) or {}), field: value}
            answer = ana(
                call.method,
                address(call, ns=namespace, name=name),
                content=json.dumps(body),
                headers={"Content-Type": "application/json"},
            )
            if value == "\0" and answer.status_code in {200, 404, 422}:
                continue  # content may hold any character
            assert answer.status_code == 400, (field, value, answer.text)
            said = answer.json()
            assert field in said.get("error_description", said["error"]), (field, answer.text)


def test_a_body_that_is_too_large_is_413_and_never_429(ana: Api) -> None:
    answer = ana("POST", "/api/repos/move", content=b'{"fromRepo":"' + b"x" * 5_000_000 + b'"}')
    assert answer.status_code == 413
    check_refusal(answer, method="POST")


def test_a_broken_line_in_the_middle_applies_nothing(ana: Api) -> None:
    id = ana.repo()
    before = ana("GET", f"/api/models/{id}").json()["sha"]
    lines = [
        json.dumps({"key": "header", "value": {"summary": "s"}}),
        json.dumps(text_file("a.txt", "a")),
        '{"key":"file","value":{"path":"b.txt","content":"YQ=',
        json.dumps(text_file("c.txt", "c")),
    ]
    answer = ana("POST", f"/api/models/{id}/commit/main", content="\n".join(lines).encode())
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Line 3 of the commit")
    assert ana("GET", f"/api/models/{id}").json()["sha"] == before
    assert ana("GET", f"/api/models/{id}/tree/main").json()[0]["path"] == ".gitattributes"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/abs",
        "a//b",
        "..",
        "../up",
        "a/../b",
        "./a",
        "a/.",
        "a\\b",
        "nul\0",
        "line\nbreak",
        ".git",
        ".git/config",
        ".GIT/config",
        "a/.Git/b",
        ".git /x",
        "git~1/x",
        ".g\u200cit/x",
        "x" * 256,
        "/".join(["x" * 200] * 21),
        "trailing/",
    ],
)
@pytest.mark.parametrize("key", ["file", "lfsFile", "deletedFile"])
def test_a_bad_path_in_a_commit_is_refused_and_applies_nothing(ana: Api, path: str, key: str) -> None:
    id = ana.repo()
    before = ana("GET", f"/api/models/{id}").json()["sha"]
    value = {"path": path, "content": "x", "oid": "a" * 64, "size": 1, "algo": "sha256"}
    answer = ana.commit(id, text_file("good.txt", "good"), {"key": key, "value": value})
    is_deleting_a_folder = key == "deletedFile" and path == "trailing/"
    allowed = {404} if is_deleting_a_folder else {422, 400}
    if key == "deletedFile":
        allowed |= {404}
    assert answer.status_code in allowed, answer.text
    check_refusal(answer, method="POST")
    assert ana("GET", f"/api/models/{id}").json()["sha"] == before


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a b",
        "a..b",
        "a~1",
        "a^",
        "a:b",
        "a?b",
        "a*b",
        "a[b",
        "a\\b",
        ".a",
        "a.",
        "a.lock",
        "a/.b",
        "a//b",
        "/a",
        "a/",
        "a@{1}",
        "refs/heads/x",
        "\x7f",
        "x" * 1100,
    ],
)
@pytest.mark.parametrize("noun", ["branch", "tag"])
def test_forbidden_ref_names(ana: Api, name: str, noun: str) -> None:
    id = ana.repo()
    before = ana("GET", f"/api/models/{id}/refs").json()
    if noun == "branch":
        answer = ana("POST", f"/api/models/{id}/branch/{quote(name, safe='')}", json={})
    else:
        answer = ana("POST", f"/api/models/{id}/tag/main", json={"tag": name})
    check_refusal(answer, method="POST")
    assert ana("GET", f"/api/models/{id}/refs").json() == before


def test_an_lfs_file_that_was_never_uploaded_is_refused(ana: Api, otto: Api) -> None:
    id = ana.repo()
    line = {"key": "lfsFile", "value": {"path": "w.bin", "algo": "sha256", "oid": "a" * 64, "size": 5}}
    answer = ana.commit(id, line)
    check_refusal(answer, method="POST")
    assert "w.bin" in answer.json()["error"] or "a" * 10 in answer.json()["error"]


def test_a_regular_file_over_the_limit_is_413_with_the_cure(ana: Api) -> None:
    limit = ana.hub.settings.regular_file_size_max_bytes
    answer = ana.commit(ana.repo(), text_file("big.txt", "x" * (limit + 1)))
    assert answer.status_code == 413
    assert "LFS" in answer.json()["error"]


def test_unknown_addresses_and_methods(ana: Api) -> None:
    id = ana.repo()
    for method, path, status in (
        ("GET", "/api/nothing", 404),
        ("GET", "/api", 404),
        ("GET", f"/api/models/{id}/nothing", 404),
        ("GET", f"/api/models/{id}/nothing/at/all", 404),
        ("PATCH", f"/api/models/{id}", 405),
        ("DELETE", f"/api/models/{id}/tree/main", 405),
        ("POST", "/api/whoami-v2", 405),
        ("GET", "/api/kernels", 400),
        ("GET", "/api/kernels/a/b", 400),
        ("POST", "/api/buckets/a/b", 400),
    ):
        answer = ana(method, path)
        assert answer.status_code == status, (method, path, answer.text)
        check_refusal(answer, method=method)
        assert answer.headers.get("x-error-code") is None
    assert "kernel" in ana("GET", "/api/kernels/a/b").json()["error"]
    assert "bucket" in ana("POST", "/api/repos/create", json={"name": "b", "type": "bucket"}).json()["error"]


def test_every_error_of_every_type_says_what_is_not_offered(ana: Api) -> None:
    id = ana.repo()
    namespace, name = id.split("/")
    for call in later:
        for kind in RepoType:
            path = address(call, ns=namespace, name=name, T=kind.plural)
            answer = ana(call.method, path)
            assert answer.status_code == (501 if kind is RepoType.MODEL else 404), path
            check_refusal(answer, method=call.method)


@pytest.mark.postgres
@pytest.mark.parametrize("call", EVERY, ids=named)
def test_postgresql_takes_the_same_words_and_values(ana_on_postgresql: Api, call: Call) -> None:
    """It refuses NUL and lone surrogates where SQLite stores them, and compares types strictly."""
    refused_by_it = ["%00", "%ED%A0%80", "'%3B--", "x" * 5000, "9" * 40]
    try_words(ana_on_postgresql, call, refused_by_it)
    try_values(ana_on_postgresql, call, refused_by_it)
