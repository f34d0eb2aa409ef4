"""What a request asks for: which repository, by whom, with which parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import Request

from zoco.core.access import Actor
from zoco.core.errors import Invalid, NotAuthenticated, RepoNotFound
from zoco.core.ids import NAME_LENGTH_MAX, RepoId
from zoco.surfaces.context import actor_of
from zoco.surfaces.state import Hub, hub_of

_NAME = re.compile(rf"[\w.-]{{1,{NAME_LENGTH_MAX}}}", re.ASCII)
_TRUE = frozenset({"true", "1", "yes", "on", ""})
_FALSE = frozenset({"false", "0", "no", "off", "none", "null", "undefined"})
REVISION_BYTES_MAX = 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """The repository a path names, and who asks."""

    hub: Hub
    actor: Actor | None
    id: RepoId


async def asked(request: Request) -> Asked:
    """Raises RepoNotFound for what cannot be a repository's name, before anything looks for it."""
    actor = await actor_of(request)
    of = request.path_params
    namespace, name = of["ns"], of["name"]
    if not (_NAME.fullmatch(namespace) and _NAME.fullmatch(name)):
        raise RepoNotFound(signed_in=actor is not None)
    return Asked(hub_of(request), actor, RepoId(of["T"], namespace, name))


async def signed_in(request: Request) -> Actor:
    """Raises NotAuthenticated for anonymous callers."""
    if (actor := await actor_of(request)) is None:
        raise NotAuthenticated("Invalid username or password.")
    return actor


def revision_of(request: Request) -> str:
    """The revision in the path. Whether it exists is for the repository to say."""
    return str(request.path_params["rev"])


def path_of(request: Request) -> str:
    """The path of an entry, without slashes at the ends; empty for the root."""
    return str(request.path_params.get("path", "")).strip("/")


def flag(request: Request, name: str, *, default: bool = False) -> bool:
    """A boolean of the query, as any client writes it. Raises Invalid for anything else."""
    value = request.query_params.get(name)
    if value is None:
        return default
    return parse_flag(name, value)


def parse_flag(name: str, value: str) -> bool:
    """A bare `?recursive` means yes."""
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise Invalid(f"{name} must be true or false, not {value[:50]!r}")


def number(request: Request, name: str, *, default: int, least: int = 0, most: int) -> int:
    """An integer of the query; more than `most` means `most`. Raises Invalid for anything else."""
    text = request.query_params.get(name)
    if text is None or text == "":
        return default
    if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII) or int(text) < least:
        raise Invalid(f"{name} must be a whole number of at least {least}, not {text[:50]!r}")
    return min(int(text), most)


def texts(request: Request, name: str) -> list[str]:
    """Every value of a repeated parameter, written `name` or `name[]`."""
    query = request.query_params
    return [*query.getlist(name), *query.getlist(f"{name}[]")]


def one_of(request: Request, name: str, choices: dict[str, T]) -> T | None:
    """The meaning of a word of the query; None when it is not given. Raises Invalid naming the choices."""
    word = request.query_params.get(name)
    if word is None or word == "":
        return None
    if word not in choices:
        raise Invalid(f'"{name}" must be one of [{", ".join(choices)}]')
    return choices[word]


def cursor_of(request: Request) -> str | None:
    """Raises Invalid for what we cannot have given out."""
    cursor = request.query_params.get("cursor") or None
    if cursor is not None and (len(cursor) > 8192 or "\0" in cursor):
        raise Invalid("cursor is not one of ours: take it from the Link header of the page before")
    return cursor
