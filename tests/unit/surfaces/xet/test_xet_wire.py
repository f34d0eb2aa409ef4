"""What is not served is a plain 404, so that clients fall back; every answer can be traced; no path breaks anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.surfaces.hub_api.callers import Api
from tests.unit.surfaces.xet.cas import Cas, check_refusal, own, some_file
from tests.xet_files import MadeFile

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

UNKNOWN = [
    "",
    "/",
    "/v1",
    "/v1/",
    "/v3/shards",
    "/v1/reconstructions",
    "/v2/reconstructions",
    "/v2/file-chunk-hashes/{hash}",
    "/v1/xorbs/{hash}",
    "/v1/xorbs/default/{hash}/more",
    "/v1/xorbs/default",
    "/v2/xorbs/default/{hash}",
    "/v2/chunks/default/{hash}",
    "/v1/xorb-grants/default/{hash}",
    "/v1/xorb-commits/default/{hash}/grant/1",
    "/v1/anything/at/all",
    "//v1/shards",
]

KNOWN = {
    "/v1/xorbs/default/{hash}": {"POST", "HEAD"},
    "/v1/shards": {"POST"},
    "/v2/shards": {"POST"},
    "/v1/reconstructions/{hash}": {"GET", "HEAD"},
    "/v2/reconstructions/{hash}": {"GET", "HEAD"},
    "/v1/files/{hash}": {"HEAD"},
    "/v1/chunks/default/{hash}": {"GET", "HEAD"},
    "/v1/telemetry": {"POST"},
}


@pytest.fixture
def cas(ana: Api) -> Cas:
    return own(ana)


@pytest.fixture
def file(cas: Cas) -> MadeFile:
    return cas.upload(some_file(), "model.bin")


@pytest.mark.parametrize("method", METHODS)
def test_unknown_calls_are_a_plain_404(cas: Cas, method: str) -> None:
    for path in UNKNOWN:
        for token in (None, "", "xet_wrong"):
            answer = cas(method, path.format(hash="0" * 64), token=token)
            check_refusal(answer, 404, "This store has no such call.")


@pytest.mark.parametrize("method", METHODS)
def test_known_calls_by_other_methods_are_unknown(cas: Cas, file: MadeFile, method: str) -> None:
    for path, served in KNOWN.items():
        answer = cas(method, path.format(hash=file.hash))
        assert answer.status_code != 405
        if method not in served:
            check_refusal(answer, 404, "This store has no such call.")


def test_fetching_is_only_reading(cas: Cas, file: MadeFile) -> None:
    (fetch,) = cas.reconstruction(file).json()["xorbs"][file.xorbs[0].hash]
    for method in METHODS[2:]:
        check_refusal(cas.api.client.request(method, fetch["url"], headers={"Range": "bytes=0-1"}), 404)


GARBAGE = [
    "x",
    "0" * 63,
    "0" * 65,
    "A" * 64,
    "g" * 64,
    "0" * 63 + "%0A",
    "%30" * 64 + "%00",
    "..",
    "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd",
    "%00",
    "%FF%FE",
    "%C3%A9" * 32,
    "%D9%A0" * 64,
    "'; DROP TABLE xet_xorb; --",
    "0" * 5000,
    " " + "0" * 64,
    "0x" + "0" * 62,
]

WITH_HASH = [
    ("POST", "/v1/xorbs/default/{}"),
    ("HEAD", "/v1/xorbs/default/{}"),
    ("GET", "/v1/reconstructions/{}"),
    ("GET", "/v2/reconstructions/{}"),
    ("HEAD", "/v1/files/{}"),
    ("GET", "/v1/chunks/default/{}"),
]


def test_what_is_no_hash_is_told_so(cas: Cas) -> None:
    for garbage in GARBAGE:
        answers = [cas(method, path.format(garbage)) for method, path in WITH_HASH]
        answers.append(cas.api.client.get(f"/xet/fetch/{garbage}?sig=x", headers={"Range": "bytes=0-1"}))
        for answer in answers:
            assert answer.status_code in {400, 404}, (garbage, answer.url, answer.status_code)
            check_refusal(answer, answer.status_code)
            assert len(answer.headers["x-error-message"]) < 1100


def test_prefixes_and_segments_are_ignored_whatever_they_are(cas: Cas, file: MadeFile) -> None:
    signed = {"Authorization": f"Bearer {cas.token}"}
    for garbage in ("%00", "..", "%2F", "%FF", "x" * 5000, "%E2%82%AC"):
        for path in (
            f"/xet/{garbage}/v2/reconstructions/{file.hash}",
            f"{cas.address}/v1/xorbs/{garbage}/{file.xorbs[0].hash}",
        ):
            answer = cas.api.client.request("HEAD", path, headers=signed)
            assert answer.status_code in {200, 400, 404}, (path, answer.status_code)
            assert answer.headers["x-request-id"]


def test_telemetry_is_taken_and_forgotten(cas: Cas) -> None:
    for path in (f"{cas.address}/v1/telemetry", "/v1/telemetry"):
        for body in (b"", b"{", json.dumps({"new_bytes": 5}).encode(), bytes(1_000_000)):
            answer = cas.api.client.post(path, content=body)
            assert (answer.status_code, answer.content) == (204, b"")
            assert answer.headers["x-request-id"]


def good_answers(cas: Cas, file: MadeFile) -> list[Any]:
    hash = file.xorbs[0].hash
    (fetch,) = cas.reconstruction(file).json()["xorbs"][hash]
    return [
        cas.send_xorb(file.xorbs[0]),
        cas.send_shard(file, version=1),
        cas.send_shard(file),
        cas.reconstruction(file, version=1),
        cas.reconstruction(file),
        cas("HEAD", f"/v1/files/{file.hash}"),
        cas("HEAD", f"/v1/xorbs/default/{hash}"),
        cas.fetch(fetch["url"], "0-9"),
    ]


def test_every_answer_can_be_traced_and_read_by_a_page(cas: Cas, file: MadeFile) -> None:
    answers = good_answers(cas, file)
    assert {answer.status_code for answer in answers} == {200, 206}
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_page_of_another_origin_may_ask(cas: Cas) -> None:
    answer = cas.api.client.options(
        f"{cas.address}/v2/shards",
        headers={"Origin": "http://elsewhere", "Access-Control-Request-Method": "POST"},
    )
    assert answer.status_code == 204
    assert "Authorization" in answer.headers["access-control-allow-headers"]


def test_tokens_and_signatures_are_not_logged(cas: Cas, file: MadeFile, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="zoco"):
        good_answers(cas, file)
        cas.reconstruction(some_file())
        (fetch,) = cas.reconstruction(file).json()["xorbs"][file.xorbs[0].hash]
        cas.fetch(fetch["url"], "0-99999")
    assert cas.token not in caplog.text
    assert "sig=" not in caplog.text
