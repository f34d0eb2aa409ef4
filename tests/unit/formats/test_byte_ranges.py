from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoco.core.errors import BadRange
from zoco.formats.byte_ranges import RANGES_MAX, ByteRange, parse_ranges


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", [(0, 10)]),
        ("bytes=90-", [(90, 100)]),
        ("bytes=-10", [(90, 100)]),
        ("bytes=-1000", [(0, 100)]),
        ("bytes=0-100000", [(0, 100)]),
        ("bytes=99-99", [(99, 100)]),
        ("Bytes = 0-0", [(0, 1)]),
        ("bytes=0-1, 5-6", [(0, 2), (5, 7)]),
        ("bytes=5-6,0-1", [(5, 7), (0, 2)]),
        ("bytes=0-1,200-300", [(0, 2)]),
        ("bytes=0-1,,", [(0, 2)]),
    ],
)
def test_ranges_are_clipped_to_the_file(header: str, expected: list[tuple[int, int]]) -> None:
    assert parse_ranges(header, 100) == [ByteRange(*one) for one in expected]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "items=0-9",
        "bytes=9-0",
        "bytes=a-b",
        "bytes=--5",
        "bytes=1",
        "bytes=0x1-2",
        "bytes=\u0661-2",
        "bytes=0-1;5-6",
        "bytes=" + "9" * 30 + "-",
        "bytes=0-9,nonsense",
        "bytes=0-99,0-99",
        "bytes=" + ",".join(["0-0"] * (RANGES_MAX + 1)),
    ],
)
def test_what_is_malformed_or_wasteful_is_ignored(header: str) -> None:
    assert parse_ranges(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=500-600,700-"])
def test_ranges_beyond_the_file_are_refused_with_its_size(header: str) -> None:
    with pytest.raises(BadRange) as caught:
        parse_ranges(header, 100)
    assert caught.value.size_bytes == 100


def test_an_empty_file_has_no_ranges() -> None:
    with pytest.raises(BadRange):
        parse_ranges("bytes=0-", 0)


@settings(deadline=None)
@given(st.text(alphabet="bytes=0123456789-, ", max_size=40), st.integers(0, 200))
def test_whatever_is_asked_stays_inside_the_file_and_costs_no_more_than_it(header: str, size: int) -> None:
    try:
        ranges = parse_ranges(header, size)
    except BadRange:
        return
    if ranges is not None:
        assert all(0 <= one.start < one.end <= size for one in ranges)
        assert sum(one.size for one in ranges) <= max(size, ranges[0].size)
