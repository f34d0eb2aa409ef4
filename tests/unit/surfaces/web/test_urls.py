"""Addresses survive any name, and redirects stay here."""

from __future__ import annotations

import pytest

from zoco.core.ids import RepoId, RepoType
from zoco.surfaces.web import urls

IRIS = RepoId(RepoType.MODEL, "alba", "iris")
FLOWERS = RepoId(RepoType.DATASET, "alba", "flores")


def test_revisions_are_one_segment_and_paths_keep_their_slashes() -> None:
    assert urls.tree(IRIS, "refs/pr/1", "a b/ñ") == "/alba/iris/tree/refs%2Fpr%2F1/a%20b/%C3%B1"
    assert urls.blob(FLOWERS, "main", "100%?#.csv") == "/datasets/alba/flores/blob/main/100%25%3F%23.csv"


def test_empty_parts_of_a_query_are_left_out() -> None:
    assert (
        urls.listing(RepoType.MODEL, language=["es", "en"], search="", author=None) == "/models?language=es&language=en"
    )


@pytest.mark.parametrize("address", ["/", "/alba/iris", "/models?search=a&p=1", "/a%20b"])
def test_local_addresses(address: str) -> None:
    assert urls.is_local(address)


@pytest.mark.parametrize(
    "address",
    ["", "models", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "/a\\b", "/a\nb",
     "javascript:alert(1)", " /x", "/ x"],
)  # fmt: skip
def test_what_could_leave_the_hub_is_not_local(address: str) -> None:
    assert not urls.is_local(address)
