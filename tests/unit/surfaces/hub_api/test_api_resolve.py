"""Files over HTTP: headers on every answer, ranges, conditions, and pages that cannot run."""

from __future__ import annotations

import hashlib

import pytest
from tests.unit.surfaces.hub_api.callers import Api

TEXT = "0123456789\n"
BLOB = hashlib.sha1(b"blob %d\0" % len(TEXT) + TEXT.encode()).hexdigest()


@pytest.fixture
def id(ana: Api) -> str:
    id = ana.repo()
    ana.put(id, {"a.txt": TEXT, "dir/ñ b.html": "<script>alert(1)</script>", "empty": ""})
    return id


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_answer_carries_commit_hash_length_and_name(ana: Api, id: str, method: str) -> None:
    answer = ana(method, f"/{id}/resolve/main/a.txt")
    sha = ana("GET", f"/api/models/{id}").json()["sha"]
    assert answer.status_code == 200
    assert answer.headers["x-repo-commit"] == sha
    assert answer.headers["etag"] == f'"{BLOB}"'
    assert answer.headers["content-length"] == str(len(TEXT))
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''a.txt; filename=\"a.txt\";"
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "x-linked-etag" not in answer.headers
    assert answer.text == (TEXT if method == "GET" else "")


def test_nothing_in_a_repository_runs_in_the_name_of_the_site(ana: Api, id: str) -> None:
    answer = ana("GET", f"/{id}/resolve/main/dir/%C3%B1%20b.html")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "allow-scripts" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_download_true_makes_an_attachment(ana: Api, id: str) -> None:
    answer = ana("GET", f"/{id}/resolve/main/dir/%C3%B1%20b.html?download=true")
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%C3%B1%20b.html;")


@pytest.mark.parametrize(
    ("header", "status", "body", "content_range"),
    [
        ("bytes=0-3", 206, "0123", "bytes 0-3/11"),
        ("bytes=4-", 206, "456789\n", "bytes 4-10/11"),
        ("bytes=-2", 206, "9\n", "bytes 9-10/11"),
        ("bytes=0-100000", 206, TEXT, "bytes 0-10/11"),
        ("bytes=-100000", 206, TEXT, "bytes 0-10/11"),
        ("bytes=11-", 416, None, "bytes */11"),
        ("bytes=-0", 416, None, "bytes */11"),
        ("bytes=5-2", 200, TEXT, None),
        ("lines=1-2", 200, TEXT, None),
        ("bytes=a-b", 200, TEXT, None),
        ("bytes=99999999999999999999999999-", 200, TEXT, None),
    ],
)
def test_ranges(ana: Api, id: str, header: str, status: int, body: str | None, content_range: str | None) -> None:
    answer = ana("GET", f"/{id}/resolve/main/a.txt", headers={"Range": header})
    assert answer.status_code == status
    assert answer.headers.get("content-range") == content_range
    if body is not None:
        assert answer.text == body
        assert answer.headers["x-repo-commit"]


def test_who_has_it_is_told_so(ana: Api, id: str) -> None:
    answer = ana("GET", f"/{id}/resolve/main/a.txt", headers={"If-None-Match": f'"{BLOB}"'})
    assert (answer.status_code, answer.text) == (304, "")
    assert answer.headers["x-repo-commit"]
    assert answer.headers["etag"] == f'"{BLOB}"'


def test_an_empty_file_is_a_file(ana: Api, id: str) -> None:
    answer = ana("GET", f"/{id}/resolve/main/empty")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("resolve/main/missing", "EntryNotFound"),
        ("resolve/main/dir", "EntryNotFound"),
        ("resolve/main/", "EntryNotFound"),
        ("resolve/main/a.txt/below", "EntryNotFound"),
        ("resolve/main/..%2F..%2Fetc%2Fpasswd", "EntryNotFound"),
        ("resolve/main/a%00.txt", "EntryNotFound"),
        ("resolve/missing/a.txt", "RevisionNotFound"),
        ("resolve/..%2Fmain/a.txt", "RevisionNotFound"),
        ("resolve/%00/a.txt", "RevisionNotFound"),
        (f"resolve/{'f' * 40}/a.txt", "RevisionNotFound"),
        (f"resolve/{'x' * 3000}/a.txt", "RevisionNotFound"),
        (f"resolve/main/{'x' * 5000}", "EntryNotFound"),
        ("raw/main/missing", "EntryNotFound"),
    ],
)
def test_what_is_missing_is_named_in_the_headers(ana: Api, id: str, method: str, path: str, code: str) -> None:
    answer = ana(method, f"/{id}/{path}")
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, code)
    assert answer.headers["x-error-message"].isascii()
    assert answer.headers["x-request-id"]
    assert ("x-repo-commit" in answer.headers) == (code == "EntryNotFound")
    if method == "GET":
        assert answer.json()["error"]


def test_the_gate_comes_before_revision_and_entry_and_after_the_repository(ana: Api, otto: Api, id: str) -> None:
    assert ana("PUT", f"/api/models/{id}/settings", json={"gated": "manual"}).status_code == 200
    for path in ("resolve/main/a.txt", "resolve/missing/a.txt", "resolve/main/missing", "raw/main/.gitattributes"):
        answer = otto("HEAD", f"/{id}/{path}")
        assert (answer.status_code, answer.headers["x-error-code"]) == (403, "GatedRepo")
    missing = otto("HEAD", f"/{id}-missing/resolve/main/a.txt")
    assert (missing.status_code, missing.headers["x-error-code"]) == (404, "RepoNotFound")


def test_branches_with_slashes_are_one_segment(ana: Api, id: str) -> None:
    assert ana("POST", f"/api/models/{id}/branch/a%2Fb", json={}).status_code == 200
    assert ana("GET", f"/{id}/resolve/a%2Fb/a.txt").text == TEXT
    assert ana("GET", f"/{id}/resolve/refs%2Fheads%2Fa%2Fb/a.txt").text == TEXT
    assert ana("GET", f"/api/models/{id}/tree/a%2Fb/dir").status_code == 200
    assert ana("GET", f"/api/models/{id}/tree/a%2Fb").status_code == 200


@pytest.mark.parametrize(("kind", "prefix"), [("model", ""), ("dataset", "datasets/"), ("space", "spaces/")])
def test_every_type_has_its_prefix(ana: Api, kind: str, prefix: str) -> None:
    sdk = {"sdk": "static"} if kind == "space" else {}
    id = ana.repo(kind=kind, **sdk)
    ana.put(id, {"f.txt": "f"}, kind=f"{kind}s")
    assert ana("GET", f"/{prefix}{id}/resolve/main/f.txt").text == "f"
    assert ana("GET", f"/api/resolve-cache/{kind}s/{id}/main/f.txt").text == "f"
    for other in {"", "datasets/", "spaces/"} - {prefix}:
        assert ana("GET", f"/{other}{id}/resolve/main/f.txt").status_code == 404


def test_a_private_repository_is_not_kept_by_caches_in_between(ana: Api, anonymous: Api, id: str) -> None:
    ana("PUT", f"/api/models/{id}/settings", json={"private": True})
    answer = ana("GET", f"/{id}/resolve/main/a.txt")
    assert "private" in answer.headers["cache-control"]
    assert anonymous("GET", f"/{id}/resolve/main/a.txt").status_code == 401


def test_a_renamed_repository_redirects_with_its_query(ana: Api, anonymous: Api, id: str) -> None:
    new = f"{ana.name}/renamed-{id.split('/')[1]}"
    assert ana("POST", "/api/repos/move", json={"fromRepo": id, "toRepo": new}).status_code == 200
    for method, path in (
        ("HEAD", f"/{id}/resolve/main/a.txt?download=true"),
        ("GET", f"/api/models/{id}/tree/main/dir?recursive=true&expand=1"),
        ("GET", f"/api/models/{id}"),
        ("POST", f"/api/models/{id}/paths-info/main"),
    ):
        answer = anonymous(method, path, json={"paths": ["a.txt"]} if method == "POST" else None)
        assert answer.status_code == 307, path
        assert answer.headers["location"].endswith(path.replace(id, new)), path
