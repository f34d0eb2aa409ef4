"""What one call of the Hub's API is: its route, and what the OpenAPI document says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zoco.core.errors import Invalid
from zoco.core.ids import RepoType
from zoco.surfaces import routing as routing  # its convertors `seg` and `rest` are used below

Handler = Callable[[Request], Awaitable[Response]]

API = "/api/{T:types}/{ns:seg}/{name:seg}"
"""Every call about one repository begins so."""

FILES = "/{T:prefix}{ns:seg}/{name:seg}"
"""Web addresses of a repository's files begin so: models live at the root."""


class _Types(Convertor[RepoType]):
    regex = "models|datasets|spaces"

    def convert(self, value: str) -> RepoType:
        return _BY_PLURAL[value]

    def to_string(self, value: RepoType) -> str:
        return value.plural


class _Prefix(Convertor[RepoType]):
    regex = "datasets/|spaces/|(?!datasets/|spaces/)"

    def convert(self, value: str) -> RepoType:
        return _BY_PREFIX[value]

    def to_string(self, value: RepoType) -> str:
        return value.prefix


class _Unoffered(Convertor[str]):
    regex = "kernels|buckets"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


_BY_PLURAL = {kind.plural: kind for kind in RepoType}
_BY_PREFIX = {kind.prefix: kind for kind in RepoType}
register_url_convertor("types", _Types())
register_url_convertor("prefix", _Prefix())
register_url_convertor("unoffered", _Unoffered())


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of the query string; `many` may be repeated, as `name=a&name=b` or `name[]=a&name[]=b`."""

    name: str
    help: str
    type: str = "string"
    many: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """`body` and `answer` are types pydantic can describe; None where there is no JSON."""

    method: str
    path: str
    handler: Handler
    summary: str
    query: tuple[Query, ...] = ()
    body: Any = None  # Any: a pydantic model or a TypedDict, whichever says it best
    answer: Any = None  # Any: likewise, also list[...] of one
    media_type: str = "application/json"
    body_media_type: str = "application/json"
    status: int = 200
    is_paged: bool = False

    @property
    def operation(self) -> str:
        """Unique in the document: `GET listTree`, by the name of its handler."""
        words = self.handler.__name__.strip("_").split("_")
        return words[0] + "".join(word.capitalize() for word in words[1:])


def routes_of(calls: Iterable[Call]) -> list[Route]:
    """One route for each path and handler; Starlette answers HEAD wherever GET is served."""
    return [Route(call.path, _checked(call.handler), methods=[call.method], name=call.operation) for call in calls]


def _checked(handler: Handler) -> Handler:
    """No database takes a NUL, and no name, tag or search holds one: refused here, once for every parameter."""

    async def answer(request: Request) -> Response:
        if b"%00" in request.scope["query_string"] or b"\0" in request.scope["query_string"]:
            raise Invalid("The query must not hold NUL characters")
        return await handler(request)

    return answer


LIMIT = Query("limit", "items on a page", type="integer")
CURSOR = Query("cursor", "where the next page begins; take it from the Link header")
PAGE = (LIMIT, CURSOR)
EXPAND = Query("expand", "names of the fields wanted; only these and the id are answered", many=True)
