"""Times, pages, names in headers."""

from __future__ import annotations

import json

import pytest

from zoco.surfaces.hub_api.people import page_of
from zoco.surfaces.hub_api.replies import iso, json_reply
from zoco.surfaces.hub_api.resolve import content_disposition


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_646_263_745_000, "2022-03-02T23:29:05.000Z"),
        (1_646_263_745_007, "2022-03-02T23:29:05.007Z"),
        (1_646_263_745_999, "2022-03-02T23:29:05.999Z"),
    ],
)
def test_times_have_milliseconds_and_z(at_ms: int, text: str) -> None:
    assert iso(at_ms) == text


def test_not_a_number_becomes_null_because_json_has_none() -> None:
    assert json.loads(bytes(json_reply({"value": float("nan")}).body)) == {"value": None}


@pytest.mark.parametrize(
    ("name", "plain", "encoded"),
    [
        ("a.txt", "a.txt", "a.txt"),
        ('q"uo\\te.txt', "q_uo_te.txt", "q%22uo%5Cte.txt"),
        ("ñandú.txt", "_and_.txt", "%C3%B1and%C3%BA.txt"),
        ("a\r\nSet-Cookie: x", "a__Set-Cookie: x", "a%0D%0ASet-Cookie%3A%20x"),
    ],
)
def test_a_file_name_cannot_break_out_of_its_header(name: str, plain: str, encoded: str) -> None:
    assert content_disposition(name, attached=False) == f"inline; filename*=UTF-8''{encoded}; filename=\"{plain}\";"
    assert content_disposition(name, attached=True).startswith("attachment;")


def test_a_short_list_pages_by_position() -> None:
    assert page_of([1, 2, 3], None, 2) == ([1, 2], "2")
    assert page_of([1, 2, 3], "2", 2) == ([3], None)
    assert page_of([1, 2, 3], "nonsense", 2) == ([1, 2], "2")
