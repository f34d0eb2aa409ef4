"""Where is a built file, and how is it served? Names hold a hash of the content, so they are kept for ever."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from zoco.core.errors import NotFound

DIST = Path(__file__).parent / "static/dist"
_KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".woff2": "font/woff2"}
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))


class NotBuilt(RuntimeError):
    def __init__(self) -> None:
        super().__init__("The pages' files are not built: run `python hatch_build.py` or `pip install -e .`")


@cache
def manifest() -> Mapping[str, str]:
    """Name in the source → name in `static/dist`."""
    file = DIST / "manifest.json"
    if not file.exists():
        raise NotBuilt
    names: dict[str, str] = json.loads(file.read_text("utf-8"))
    return names


def asset(name: str) -> str:
    return f"/static/{manifest()[name]}"


@cache
def _served() -> frozenset[str]:
    return frozenset(manifest().values())


async def serve(request: Request) -> Response:
    name = request.path_params["file"]
    if name not in _served():
        raise NotFound("There is no such file")
    suffix = Path(name).suffix
    kind = _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    headers = {**_KEPT, "Vary": "Accept-Encoding"}
    accepted = request.headers.get("accept-encoding", "")
    for encoding, extra in _ENCODINGS:
        if encoding in accepted and (DIST / f"{name}{extra}").exists():
            return FileResponse(
                DIST / f"{name}{extra}", media_type=kind, headers={**headers, "Content-Encoding": encoding}
            )
    return FileResponse(DIST / name, media_type=kind, headers=headers)
