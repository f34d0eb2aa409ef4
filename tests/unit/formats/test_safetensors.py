"""The header of a safetensors file: counted as written, and refused when it lies."""

from __future__ import annotations

import json

import pytest

from zoco.core.errors import Invalid
from zoco.formats.safetensors import HEADER_SIZE_MAX, header_size, parameter_counts, parse_header


def tensor(dtype: object, shape: object) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [0, 1]}


def test_parameters_are_counted_by_their_kind() -> None:
    header = {
        "__metadata__": {"format": "pt"},
        "a": tensor("F32", [3, 4]),
        "b": tensor("BF16", [10]),
        "c": tensor("F32", []),
    }
    assert parameter_counts(parse_header(json.dumps(header).encode())) == {"F32": 13, "BF16": 10}


def test_the_headers_length_is_read_and_bounded() -> None:
    assert header_size((17).to_bytes(8, "little") + b"rest") == 17
    for first in (b"", b"1234567", (HEADER_SIZE_MAX + 1).to_bytes(8, "little"), b"\xff" * 8):
        with pytest.raises(Invalid):
            header_size(first)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        json.dumps({"a": 1}).encode(),
        json.dumps({"a": tensor("F32", None)}).encode(),
        json.dumps({"a": tensor(None, [1])}).encode(),
        json.dumps({"a": tensor("F32", [-1])}).encode(),
        json.dumps({"a": tensor("F32", [2**60])}).encode(),
        json.dumps({"a": tensor("F32", [2**47] * 2)}).encode(),
        json.dumps({"a": tensor("F32", [True])}).encode(),
        json.dumps({"a": tensor("F32", [1] * 100)}).encode(),
    ],
)
def test_a_header_that_is_none_is_refused(header: bytes) -> None:
    with pytest.raises(Invalid):
        parameter_counts(parse_header(header))
