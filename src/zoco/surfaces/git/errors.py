"""How a HubError looks to git: plain text, which git prints after `remote: ` when the status says no."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from zoco.core.errors import HubError
from zoco.surfaces.http_status import error_headers, status_of

CHALLENGE = 'Basic realm="Hub", charset="UTF-8"'


def git_error(error: HubError, _request: Request) -> Response:
    """401 asks for credentials: git then takes them from its helper or its user, a token as the password."""
    headers = {"Cache-Control": "no-cache", **error_headers(error)}
    status = status_of(error)
    if status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    return Response(f"{error.message}\n".encode("utf-8", "replace"), status, headers, "text/plain")
