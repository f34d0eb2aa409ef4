from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoco.core.errors import Conflict, HubError, Invalid, TooLarge, Unprocessable
from zoco.formats.lfs.batch import OBJECTS_MAX, AskedObject, Operation, parse_batch_request, parse_object

SHA = "ab" * 32


def body(**changes: Any) -> bytes:
    return json.dumps({"operation": "upload", "objects": [{"oid": SHA, "size": 5}]} | changes).encode()


def test_a_batch_as_git_lfs_sends_it() -> None:
    asked = parse_batch_request(
        body(transfers=["lfs-standalone-file", "basic"], ref={"name": "refs/heads/main"}, hash_algo="sha256")
    )
    assert asked.operation is Operation.UPLOAD
    assert asked.objects == (AskedObject(SHA, 5),)
    assert asked.transfers == ("lfs-standalone-file", "basic")
    assert asked.ref == "refs/heads/main"


def test_a_client_that_names_no_transfer_means_basic() -> None:
    assert parse_batch_request(body()).transfers == ("basic",)


def test_the_spelling_of_the_javascript_client_is_understood() -> None:
    assert parse_batch_request(body(hash_algo="sha_256")).objects


def test_another_hash_is_a_conflict() -> None:
    with pytest.raises(Conflict, match="sha256"):
        parse_batch_request(body(hash_algo="sha512"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"oid": "", "size": 1},
        {"oid": SHA.upper(), "size": 1},
        {"oid": SHA + "0", "size": 1},
        {"oid": "../" + SHA, "size": 1},
        {"oid": 5, "size": 1},
        {"size": 1},
        {"oid": SHA, "size": -1},
        {"oid": SHA, "size": "1"},
        {"oid": SHA, "size": True},
        {"oid": SHA, "size": 1.5},
        {"oid": SHA, "size": 2**63},
        {"oid": SHA},
        "text",
        None,
        [],
    ],
)
def test_a_wrong_object_is_told_alone_and_does_not_spoil_the_others(wrong: object) -> None:
    objects = parse_batch_request(body(objects=[wrong, {"oid": SHA, "size": 5}])).objects
    assert objects[0].problem
    assert objects[1] == AskedObject(SHA, 5)
    with pytest.raises(Unprocessable):
        parse_object(wrong)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid):
        parse_batch_request(text)


@pytest.mark.parametrize("wrong", [{"operation": "erase"}, {"operation": None}, {"objects": 5}, {"transfers": "basic"}])
def test_a_wrong_field_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unprocessable, match=next(iter(wrong))):
        parse_batch_request(body(**wrong))


def test_too_many_objects_are_refused() -> None:
    with pytest.raises(TooLarge, match="at most"):
        parse_batch_request(body(objects=[{}] * (OBJECTS_MAX + 1)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["oid", "size", "name"]), inner),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["operation", "objects", "transfers", "ref", "hash_algo"]), JSON))
def test_any_json_is_a_batch_or_a_clear_refusal(asked: dict[str, Any]) -> None:
    try:
        parse_batch_request(json.dumps({"operation": "download"} | asked).encode())
    except HubError as error:
        assert error.message
