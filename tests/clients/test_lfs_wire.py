"""The LFS wire itself, with requests no good client sends."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from typing import Any

import httpx
import pytest
from tests.clients.git_work import api, create_repo
from tests.running import Person, Server

pytestmark = pytest.mark.client

MEDIA_TYPE = "application/vnd.git-lfs+json"
Json = dict[str, Any]


@pytest.fixture
def path(server: Server, person: Person) -> str:
    return create_repo(server, person, "iris")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def post(
    server: Server, who: Person | None, path: str, body: object, *, content: bytes | None = None
) -> httpx.Response:
    return httpx.post(
        f"{server.url}/{path}",
        content=content if content is not None else json.dumps(body).encode(),
        headers={"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE},
        auth=(who.name, who.token) if who else None,
        timeout=60,
    )


def batch(server: Server, who: Person | None, path: str, operation: str, *objects: Json, **more: Any) -> httpx.Response:
    body = {"operation": operation, "transfers": ["basic"], "objects": list(objects), **more}
    return post(server, who, f"{path}.git/info/lfs/objects/batch", body)


def action(answer: httpx.Response, name: str) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["objects"][0]["actions"][name]["href"])


def upload(server: Server, who: Person, path: str, data: bytes) -> None:
    answer = batch(server, who, path, "upload", {"oid": sha(data), "size": len(data)})
    assert httpx.put(action(answer, "upload"), content=data).status_code == 200


def refusal(answer: httpx.Response, status: int) -> str:
    """In LFS's own form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith(MEDIA_TYPE)
    body = answer.json()
    assert body["request_id"] == answer.headers["x-request-id"]
    return str(body["message"])


def test_up_verify_and_down_without_any_header(server: Server, person: Person, path: str) -> None:
    data = os.urandom(100_000)
    answer = batch(server, person, path, "upload", {"oid": sha(data), "size": len(data)})
    assert answer.json()["transfer"] == "basic"
    href = action(answer, "upload")
    assert href.startswith(server.url + "/")
    assert httpx.put(href, content=data).status_code == 200
    named = {"oid": sha(data), "size": len(data)}
    assert httpx.post(action(answer, "verify"), json=named).status_code == 200
    again = batch(server, person, path, "upload", named).json()["objects"][0]
    assert again == named, "no actions: it is here"
    assert httpx.get(action(batch(server, None, path, "download", named), "download")).content == data


def test_hrefs_follow_the_address_the_client_used(server: Server, person: Person, path: str) -> None:
    answer = httpx.post(
        f"{server.url}/{path}.git/info/lfs/objects/batch",
        json={"operation": "upload", "objects": [{"oid": sha(b"x"), "size": 1}]},
        headers={"Host": "hub.example:8443", "X-Forwarded-Proto": "https"},
        auth=(person.name, person.token),
    )
    assert action(answer, "upload").startswith(f"https://hub.example:8443/{path}.git/info/lfs/objects/")


def test_small_files_go_by_basic_whatever_a_client_can(server: Server, person: Person, path: str) -> None:
    small = {"oid": sha(b"x"), "size": 499_999_999}
    for transfers in (["basic", "multipart"], ["multipart", "basic", "ssh"], [], ["basic"]):
        answer = batch(server, person, path, "upload", small, transfers=transfers)
        assert answer.json()["transfer"] == "basic"
        assert list(answer.json()["objects"][0]["actions"]["upload"]) == ["href", "expires_in"]
    large = {"oid": sha(b"y"), "size": 400 * 10**9}
    assert batch(server, person, path, "upload", large).json()["transfer"] == "basic", "it offered nothing else"


def test_every_object_of_a_batch_gets_its_own_answer(server: Server, person: Person, path: str) -> None:
    upload(server, person, path, b"here")
    answer = batch(
        server, person, path, "download",
        {"oid": sha(b"here"), "size": 4}, {"oid": sha(b"nowhere"), "size": 4}, {"oid": "xyz", "size": 4}, {"size": -1},
    )  # fmt: skip
    objects = answer.json()["objects"]
    assert "actions" in objects[0]
    assert [one.get("error", {}).get("code") for one in objects] == [None, 404, 422, 422]


def test_bad_batches_are_refused_in_the_wire_s_own_form(server: Server, person: Person, path: str) -> None:
    where = f"{path}.git/info/lfs/objects/batch"
    assert refusal(post(server, person, where, None, content=b"{"), 400)
    assert refusal(post(server, person, where, [], content=b"[1]"), 400)
    assert "operation" in refusal(batch(server, person, path, "erase"), 422)
    assert "hash_algo" in refusal(batch(server, person, path, "upload", hash_algo="md5"), 409)
    assert "basic" in refusal(batch(server, person, path, "upload", transfers=["ssh"]), 422)
    assert "10000" in refusal(batch(server, person, path, "upload", *[{}] * 10_001), 413)
    assert refusal(post(server, person, where, None, content=b" " * 5_000_000), 413)


def test_access_is_asked_before_the_body_is_read(server: Server, person: Person, stranger: Person, path: str) -> None:
    secret = create_repo(server, person, "secret", private=True)
    for content in (b"{", json.dumps({"operation": "download", "objects": []}).encode()):
        for where in (secret, f"{person.name}/missing"):
            where = f"{where}.git/info/lfs/objects/batch"
            anonymous = post(server, None, where, None, content=content)
            refusal(anonymous, 401)
            assert anonymous.headers["lfs-authenticate"].startswith("Basic ")
            assert anonymous.headers["www-authenticate"].startswith("Basic ")
            assert refusal(post(server, stranger, where, None, content=content), 404) == "Repository not found"
    named = {"oid": sha(b"x"), "size": 1}
    refusal(batch(server, stranger, path, "upload", named), 403)
    refusal(batch(server, None, path, "upload", named), 401)
    reader = Person(person.name, "", server.token(person.name, "read"))
    assert "write token" in refusal(batch(server, reader, path, "upload", named), 403)


def test_a_foreign_object_looks_like_one_that_does_not_exist(
    server: Server, person: Person, stranger: Person, path: str
) -> None:
    theirs = create_repo(server, stranger, "theirs", private=True)
    upload(server, stranger, theirs, b"their secret weights")
    foreign, absent = {"oid": sha(b"their secret weights"), "size": 20}, {"oid": sha(b"absent"), "size": 20}
    up, down = (batch(server, person, path, op, foreign, absent).json()["objects"] for op in ("upload", "download"))
    assert up[0].keys() == up[1].keys()
    assert down[0]["error"] == down[1]["error"]


@pytest.mark.parametrize("cut", [0, 1, 50_000])
def test_a_body_that_is_cut_short_is_never_published(server: Server, person: Person, path: str, cut: int) -> None:
    data = os.urandom(100_000)
    named = {"oid": sha(data), "size": len(data)}
    href = action(batch(server, person, path, "upload", named), "upload")
    _send_and_leave(server, href, len(data), data[:cut])
    for chunked in (data[:cut], data + b"x"):
        answer = httpx.put(href, content=iter([chunked]))
        assert "bytes" in refusal(answer, 422)
    download = batch(server, person, path, "download", named).json()["objects"][0]
    assert download["error"]["code"] == 404
    assert httpx.put(href, content=data).status_code == 200, "the same address still takes the whole file"


def _send_and_leave(server: Server, href: str, announced: int, data: bytes) -> None:
    target = href.removeprefix(server.url)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"PUT {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {announced}\r\n\r\n"
        connection.sendall(head.encode() + data)


def test_other_bytes_are_refused_with_their_hash(server: Server, person: Person, path: str) -> None:
    href = action(batch(server, person, path, "upload", {"oid": sha(b"good"), "size": 4}), "upload")
    assert sha(b"evil") in refusal(httpx.put(href, content=b"evil"), 422)
    assert "announced" in refusal(httpx.put(href, content=b"longer"), 422)


def test_a_signed_address_is_good_for_one_thing_only(server: Server, person: Person, path: str) -> None:
    upload(server, person, path, b"here")
    down = action(batch(server, person, path, "download", {"oid": sha(b"here"), "size": 4}), "download")
    up = action(batch(server, person, path, "upload", {"oid": sha(b"new"), "size": 3}), "upload")
    refusal(httpx.put(down, content=b"here"), 401)
    refusal(httpx.get(up), 401)
    refusal(httpx.get(down.replace(sha(b"here"), sha(b"else"))), 401)
    refusal(httpx.get(down[:-3] + "abc"), 401)
    refusal(httpx.get(down.split("?")[0]), 401)
    other = create_repo(server, person, "other")
    refusal(httpx.put(up.replace(f"/{path}.git", f"/{other}.git"), content=b"new"), 404)
    assert httpx.put(up, content=b"new").status_code == 200


def test_an_expired_address_says_so(own_server: Any) -> None:
    server: Server = own_server(signed_url_lifetime_s="-1").start()
    person = server.person("ana")
    path = create_repo(server, person, "iris")
    up = action(batch(server, person, path, "upload", {"oid": sha(b"x"), "size": 1}), "upload")
    assert "expired" in refusal(httpx.put(up, content=b"x"), 401)


def test_a_signed_address_ends_with_the_access_it_was_made_from(server: Server, person: Person, path: str) -> None:
    secret = create_repo(server, person, "secret", private=True)
    upload(server, person, secret, b"here")
    named = {"oid": sha(b"here"), "size": 4}
    up = action(batch(server, person, secret, "upload", {"oid": sha(b"new"), "size": 3}), "upload")
    down = action(batch(server, person, secret, "download", named), "download")
    assert httpx.get(down).content == b"here"
    deleted = api(server, person, "DELETE", "/api/repos/delete", {"name": "secret", "organization": None})
    assert deleted.status_code == 200
    assert httpx.get(down).status_code == 404
    assert httpx.put(up, content=b"new").status_code == 404
    create_repo(server, person, "secret", private=True)
    refusal(httpx.get(down), 404)


def test_downloads_answer_ranges_and_conditions(server: Server, person: Person, path: str) -> None:
    data = os.urandom(300_000)
    upload(server, person, path, data)
    href = action(batch(server, None, path, "download", {"oid": sha(data), "size": len(data)}), "download")
    part = httpx.get(href, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, data[1000:2000])
    assert part.headers["content-range"] == "bytes 1000-1999/300000"
    tail = httpx.get(href, headers={"Range": "bytes=299990-999999"})
    assert (tail.status_code, tail.content) == (206, data[-10:])
    beyond = httpx.get(href, headers={"Range": "bytes=300000-"})
    refusal(beyond, 416)
    assert beyond.headers["content-range"] == "bytes */300000"
    assert httpx.get(href, headers={"If-None-Match": f'"{sha(data)}"'}).status_code == 304
    head = httpx.head(href)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "300000", b"")


def test_verify_takes_credentials_too(server: Server, person: Person, stranger: Person, path: str) -> None:
    upload(server, person, path, b"here")
    where = f"{path}.git/info/lfs/verify"
    assert post(server, person, where, {"oid": sha(b"here"), "size": 4}).status_code == 200
    refusal(post(server, person, where, {"oid": sha(b"here"), "size": 5}), 422)
    refusal(post(server, person, where, {"oid": sha(b"gone"), "size": 4}), 404)
    refusal(post(server, person, where, {"oid": "../../etc", "size": 4}), 422)
    secret = create_repo(server, person, "secret", private=True)
    refusal(post(server, stranger, f"{secret}.git/info/lfs/verify", {"oid": sha(b"here"), "size": 4}), 404)


def test_addresses_work_with_and_without_the_ending_and_for_every_kind(server: Server, person: Person) -> None:
    for kind, more in (("dataset", {}), ("space", {"sdk": "static"})):
        path = create_repo(server, person, f"own-{kind}", kind=kind, **more)
        body = {"operation": "upload", "objects": [{"oid": sha(b"x"), "size": 1}]}
        for ending in ("", ".git"):
            answer = post(server, person, f"{path}{ending}/info/lfs/objects/batch", body)
            assert action(answer, "upload").startswith(f"{server.url}/{path}.git/info/lfs/objects/")
        assert httpx.put(action(answer, "upload"), content=b"x").status_code == 200
