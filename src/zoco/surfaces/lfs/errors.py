"""How a HubError looks to git-lfs: its JSON form (docs/api/batch.md, «Response Errors»)."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from zoco.core.errors import HubError
from zoco.formats.lfs.batch import MEDIA_TYPE
from zoco.surfaces.context import request_id_of
from zoco.surfaces.http_status import error_headers, status_of

CHALLENGE = 'Basic realm="Hub", charset="UTF-8"'


def lfs_error(error: HubError, request: Request) -> Response:
    headers = error_headers(error)
    status = status_of(error)
    if status == 401:
        headers |= {"LFS-Authenticate": CHALLENGE, "WWW-Authenticate": CHALLENGE}
    body = {"message": error.message, "request_id": request_id_of(request)}
    return lfs_json(body, status, headers)


def lfs_json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status, {"Cache-Control": "no-store", **(headers or {})}, MEDIA_TYPE)
