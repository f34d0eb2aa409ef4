"""What Xet routes have in common: hashes in paths, and how many large bodies are taken in at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

import anyio
from anyio.lowlevel import RunVar
from starlette.requests import Request

from zoco.core.errors import Invalid
from zoco.formats.xet.hashes import XetHash, is_xet_hash


class Bodies(Enum):
    """Clients open up to 64 connections. Who waits here is not read from, so that memory stays bounded."""

    XORBS = 8
    SHARDS = 2


_limits: RunVar[dict[Bodies, anyio.CapacityLimiter]] = RunVar("zoco_xet_bodies")


def hash_of(request: Request, name: str = "hash") -> XetHash:
    """Raises Invalid."""
    text = str(request.path_params[name])
    if not is_xet_hash(text):
        raise Invalid(f"{text[:80]!r} is no Xet hash: 64 lowercase hex digits are needed.")
    return XetHash(text)


@asynccontextmanager
async def turn(kind: Bodies) -> AsyncIterator[None]:
    try:
        limits = _limits.get()
    except LookupError:
        limits = {one: anyio.CapacityLimiter(one.value) for one in Bodies}
        _limits.set(limits)
    async with limits[kind]:
        yield
