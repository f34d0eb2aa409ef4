"""Revisions and paths with slashes, percent signs and worse, from the raw path to the handler."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import Scope

from zoco.core.errors import Invalid, Moved
from zoco.core.ids import RepoId, RepoType
from zoco.surfaces.routing import location_after_move, split_path


def scope_of(raw: str, query: str = "") -> Scope:
    return {"type": "http", "method": "GET", "path": "?", "raw_path": raw.encode(), "query_string": query.encode()}


async def _echo(request: Request) -> Response:
    return JSONResponse(request.path_params)


def matched(raw: str) -> dict[str, str]:
    """What a handler of tree would be given."""
    scope = scope_of(raw)
    scope["path"] = split_path(scope)
    route = Route("/api/models/{ns:seg}/{name:seg}/tree/{rev:seg}/{path:rest}", _echo)
    match, found = Router([route]).routes[0].matches(scope)
    assert match.value == 2, "no route matched"
    params: dict[str, str] = found["path_params"]
    return params


def test_an_encoded_slash_stays_inside_its_segment() -> None:
    assert matched("/api/models/ana/iris/tree/refs%2Fpr%2F1/a/b.txt")["rev"] == "refs/pr/1"
    assert matched("/api/models/ana/iris/tree/a%2Fb/x")["rev"] == "a/b"


def test_a_path_may_be_encoded_whole_or_by_segment() -> None:
    assert matched("/api/models/ana/iris/tree/main/a%2Fb%20c")["path"] == "a/b c"
    assert matched("/api/models/ana/iris/tree/main/a/b%20c")["path"] == "a/b c"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_is_quoted_arrives_unchanged(rev: str, path: str) -> None:
    raw = f"/api/models/ana/iris/tree/{quote(rev, safe='')}/{quote(path, safe='')}"
    assert matched(raw) == {"ns": "ana", "name": "iris", "rev": rev, "path": path}


def test_a_path_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(Invalid, match="UTF-8"):
        split_path(scope_of("/ana/%ff"))


def moved(asked: tuple[str, str]) -> Moved:
    return Moved(RepoId(RepoType.MODEL, *asked), RepoId(RepoType.MODEL, "eva", "Lirio"))


@pytest.mark.parametrize(
    ("raw", "asked", "location"),
    [
        ("/ana/iris", ("ana", "iris"), "/eva/Lirio"),
        ("/api/models/Ana/IRIS/tree/a%2Fb", ("ana", "iris"), "/api/models/eva/Lirio/tree/a%2Fb"),
        ("/ana/iris.git/info/refs", ("ana", "iris"), "/eva/Lirio.git/info/refs"),
        ("/gpt2/resolve/main/config.json", ("", "gpt2"), "/eva/Lirio/resolve/main/config.json"),
        ("/iris/iris/blob/main/iris", ("iris", "iris"), "/eva/Lirio/blob/main/iris"),
    ],
)
def test_a_moved_repository_keeps_the_rest_of_the_address(raw: str, asked: tuple[str, str], location: str) -> None:
    assert location_after_move(scope_of(raw, "a=1&b=2"), moved(asked)) == f"{location}?a=1&b=2"


def test_an_id_that_was_in_the_body_has_no_location() -> None:
    assert location_after_move(scope_of("/api/repos/move"), moved(("ana", "iris"))) is None
