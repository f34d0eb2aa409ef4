"""How a request finds its handler: revisions and paths may hold slashes, written `%2F`.

ASGI servers decode `path`, which would turn `tree/refs%2Fpr%2F1` into three segments. So the raw path is split first
and each segment decoded after; a slash or a percent sign inside a segment stays escaped until the route's convertor
gives the value to the handler. Route paths use only `{x:seg}` (one segment) and `{x:rest}` (the rest of the path).
"""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import Scope

from zoco.core.errors import Invalid, Moved


class _Segment(Convertor[str]):
    regex = "[^/]+"

    def convert(self, value: str) -> str:
        return value.replace("%2F", "/").replace("%25", "%")

    def to_string(self, value: str) -> str:
        return quote(value, safe="")


class _Rest(_Segment):
    regex = "(?s:.*)"  # a newline is a character of a path like any other

    def to_string(self, value: str) -> str:
        return quote(value)


register_url_convertor("seg", _Segment())
register_url_convertor("rest", _Rest())


def raw_path_of(scope: Scope) -> bytes:
    """The path as it came, without the query."""
    raw: bytes | None = scope.get("raw_path")
    return raw.split(b"?", 1)[0] if raw else quote(scope["path"]).encode()


def split_path(scope: Scope) -> str:
    """The path to route by. Raises Invalid when a segment is not UTF-8."""
    try:
        segments = [unquote_to_bytes(part).decode("utf-8") for part in raw_path_of(scope).split(b"/")]
    except UnicodeDecodeError as error:
        raise Invalid("The address is not valid UTF-8: percent-encode it again") from error
    return "/".join(segment.replace("%", "%25").replace("/", "%2F") for segment in segments)


def location_after_move(scope: Scope, moved: Moved) -> str | None:
    """The same address under the new id, query kept; None when the old id is not in the path (it was in the body)."""
    parts = raw_path_of(scope).decode("latin-1").split("/")
    old = [part for part in (moved.asked.namespace, moved.asked.name) if part]
    for start in range(1, len(parts) - len(old) + 1):
        if suffix := _matches(parts[start : start + len(old)], old):
            new = [moved.to.namespace, moved.to.name + suffix.strip()]
            query = scope.get("query_string", b"").decode("latin-1")
            return "/".join(parts[:start] + new + parts[start + len(old) :]) + (f"?{query}" if query else "")
    return None


def _matches(parts: list[str], old: list[str]) -> str:
    """'' when the segments are another repository's; else the suffix they carry ('.git', or a blank for none)."""
    names = [unquote_to_bytes(part).decode("utf-8", "replace").lower() for part in parts]
    wanted = [name.lower() for name in old]
    if names == wanted:
        return " "
    return ".git" if names == [*wanted[:-1], f"{wanted[-1]}.git"] else ""
