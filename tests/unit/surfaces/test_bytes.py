"""Ranges and conditions, over the real response classes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from zoco.core.errors import BadRange
from zoco.surfaces.bytes import StoredFile, answer_file

DATA = bytes(range(256)) * 8
ETAG = '"abc"'


def _file(data: bytes = DATA) -> StoredFile:
    def read(start: int, end: int) -> Iterator[bytes]:
        for at in range(start, end, 100):
            yield data[at : min(end, at + 100)]

    return StoredFile(len(data), "abc", "application/x-thing", read)


def _client(file: StoredFile) -> TestClient:
    async def answer(request: Request) -> Response:
        return answer_file(request, file, {"X-Repo-Commit": "c0ffee"})

    return TestClient(Starlette(routes=[Route("/", answer, methods=["GET"])]))


@pytest.fixture
def client() -> TestClient:
    return _client(_file())


def test_a_whole_file_says_its_length_and_name_and_that_ranges_are_taken(client: TestClient) -> None:
    got = client.get("/")
    assert (got.status_code, got.content) == (200, DATA)
    assert got.headers["content-length"] == str(len(DATA))
    assert got.headers["etag"] == ETAG
    assert got.headers["accept-ranges"] == "bytes"
    assert got.headers["content-type"] == "application/x-thing"
    assert got.headers["x-repo-commit"] == "c0ffee"


def test_head_says_the_same_without_the_bytes(client: TestClient) -> None:
    got, head = client.get("/"), client.head("/")
    assert head.content == b""
    assert dict(head.headers) == dict(got.headers)


def test_head_has_no_ranges(client: TestClient) -> None:
    head = client.head("/", headers={"Range": "bytes=0-1"})
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(DATA)))


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("0-0", 0, 1), ("5-9", 5, 10), ("2000-", 2000, 2048), ("-8", 2040, 2048), ("0-99999", 0, 2048)],
)
def test_one_range(client: TestClient, asked: str, start: int, end: int) -> None:
    got = client.get("/", headers={"Range": f"bytes={asked}"})
    assert (got.status_code, got.content) == (206, DATA[start:end])
    assert got.headers["content-range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
    assert got.headers["content-length"] == str(end - start)
    assert got.headers["x-repo-commit"] == "c0ffee"


def test_several_ranges_come_as_one_multipart_body_of_the_announced_length(client: TestClient) -> None:
    got = client.get("/", headers={"Range": "bytes=0-9,100-149,-1"})
    assert got.status_code == 206
    assert len(got.content) == int(got.headers["content-length"])
    boundary = re.fullmatch(r"multipart/byteranges; boundary=(\w+)", got.headers["content-type"])
    assert boundary
    parts = got.content.split(f"--{boundary[1]}".encode())
    bodies = [part.split(b"\r\n\r\n", 1)[1][:-2] for part in parts[1:-1]]
    assert bodies == [DATA[:10], DATA[100:150], DATA[-1:]]
    assert f"content-range: bytes 100-149/{len(DATA)}".encode() in parts[2].lower()
    assert parts[-1] == b"--\r\n"


def test_a_range_beyond_the_end_raises_with_the_size(client: TestClient) -> None:
    with pytest.raises(BadRange):
        client.get("/", headers={"Range": "bytes=2048-"})


@pytest.mark.parametrize("nonsense", ["bytes=5-1", "lines=1-2", "bytes=a-b", "bytes=0-5,0-2000,3-2047"])
def test_nonsense_is_ignored(client: TestClient, nonsense: str) -> None:
    assert client.get("/", headers={"Range": nonsense}).status_code == 200


def test_if_range_counts_only_with_the_same_strong_etag(client: TestClient) -> None:
    def status(condition: str) -> int:
        return client.get("/", headers={"Range": "bytes=0-1", "If-Range": condition}).status_code

    assert status(ETAG) == 206
    assert status('"other"') == 200
    assert status(f"W/{ETAG}") == 200
    assert status("Wed, 21 Oct 2026 07:28:00 GMT") == 200


@pytest.mark.parametrize("known", [ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*"])
def test_what_the_client_has_is_not_sent_again(client: TestClient, known: str) -> None:
    got = client.get("/", headers={"If-None-Match": known, "Range": "bytes=0-1"})
    assert (got.status_code, got.content) == (304, b"")
    assert got.headers["etag"] == ETAG
    assert got.headers["x-repo-commit"] == "c0ffee"
    assert "content-length" not in got.headers
    assert client.head("/", headers={"If-None-Match": known}).status_code == 304


def test_another_etag_is_sent(client: TestClient) -> None:
    assert client.get("/", headers={"If-None-Match": '"abcd"'}).status_code == 200


def test_if_match_of_another_content_is_refused(client: TestClient) -> None:
    assert client.get("/", headers={"If-Match": '"other"'}).status_code == 412
    assert client.get("/", headers={"If-Match": f'"other", {ETAG}'}).status_code == 200


def test_an_empty_file_is_an_empty_answer() -> None:
    got = _client(_file(b"")).get("/")
    assert (got.status_code, got.content, got.headers["content-length"]) == (200, b"", "0")
