"""Parameters as every client writes them."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from tests.unit.surfaces.hub_api.callers import Api

from zoco.core.errors import Invalid
from zoco.surfaces.hub_api.asked import flag, number, texts


def asking(query: str) -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


@pytest.mark.parametrize("word", ["true", "True", "TRUE", "1", "yes", "on", ""])
def test_yes(word: str) -> None:
    assert flag(asking(f"full={word}"), "full")


@pytest.mark.parametrize("word", ["false", "False", "0", "no", "off", "None", "null", "undefined"])
def test_no(word: str) -> None:
    assert not flag(asking(f"full={word}"), "full", default=True)


def test_neither_is_refused_by_name_and_silence_is_the_default() -> None:
    with pytest.raises(Invalid, match="full"):
        flag(asking("full=perhaps"), "full")
    assert flag(asking("other=1"), "full", default=True)


@pytest.mark.parametrize(("text", "value"), [("", 7), ("3", 3), ("1000000", 50)])
def test_numbers_stay_within_their_bounds(text: str, value: int) -> None:
    assert number(asking(f"limit={text}"), "limit", default=7, least=1, most=50) == value


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1e3", "٣", "one", "9" * 40, "%2B3"])
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="limit"):
        number(asking(f"limit={text}"), "limit", default=7, least=1, most=50)


def test_repeated_values_in_both_spellings() -> None:
    assert texts(asking("expand=a&expand=b&expand[]=c&expand%5B%5D=d"), "expand") == ["a", "b", "c", "d"]


def test_a_listing_takes_pythons_spelling_of_true(anonymous: Api) -> None:
    assert anonymous("GET", "/api/models?full=True&cardData=1&limit=1").status_code == 200
