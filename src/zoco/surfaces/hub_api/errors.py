"""How a HubError looks to the Hub's API clients: JSON, and the headers they branch on.

huggingface_hub reads `X-Error-Code` and `X-Error-Message` (`utils/_http.py` `hf_raise_for_status`); the JavaScript
client reads `error` of the body.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from zoco.core.errors import AlreadyExists, HubError, Invalid
from zoco.surfaces.context import endpoint_of
from zoco.surfaces.http_status import error_headers, status_of
from zoco.surfaces.hub_api.replies import json_reply


def json_error(error: HubError, request: Request) -> Response:
    return json_reply(_body(error, request), status_of(error), error_headers(error))


def _body(error: HubError, request: Request) -> dict[str, Any]:  # Any: JSON
    body: dict[str, Any] = {"error": error.message}
    if isinstance(error, AlreadyExists) and error.repo:
        body["url"] = f"{endpoint_of(request)}/{error.repo.path}"
        body["name"] = body["id"] = error.repo.full_name
    if isinstance(error, Invalid) and error.problems:
        body["errors"] = [{"message": problem} for problem in error.problems]
    return body
