"""How answers are written: JSON, pages with a Link to the next, times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from zoco.surfaces.context import endpoint_of
from zoco.surfaces.routing import raw_path_of


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Any: whatever JSON can say. A card may hold dates and NaN: dates become ISO text, NaN null, as in JavaScript."""
    body = to_json(value, inf_nan_mode="null", fallback=str)
    return Response(body, status, headers, media_type="application/json")


def page_reply(
    request: Request, items: Any, next_cursor: str | None, headers: Mapping[str, str] | None = None
) -> Response:
    """Any: a list of JSON values. The next page's address keeps every parameter of this one."""
    more = {"Link": f'<{_with(request, cursor=next_cursor)}>; rel="next"'} if next_cursor else {}
    return json_reply(items, headers={**(headers or {}), **more})


def numbered_page_reply(
    request: Request, items: Any, next_page: int | None, headers: Mapping[str, str] | None = None
) -> Response:
    """Likewise for lists counted by `p` from 0."""
    more = {"Link": f'<{_with(request, p=str(next_page))}>; rel="next"'} if next_page is not None else {}
    return json_reply(items, headers={**(headers or {}), **more})


def iso(at_ms: int) -> str:
    """`2022-03-02T23:29:05.000Z`: huggingface_hub's parser wants the milliseconds and the Z."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def _with(request: Request, **changed: str) -> str:
    query = request.scope["query_string"].decode("latin-1")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in changed]
    path = raw_path_of(request.scope).decode("latin-1")
    return f"{endpoint_of(request)}{path}?{urlencode([*kept, *changed.items()])}"
