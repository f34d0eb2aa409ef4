"""How much of the Xet store's heavy work happens at once, so that memory stays bounded and nobody shuts others out?

Clients open up to 64 connections. Who waits here is not read from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum

import anyio
from anyio.lowlevel import RunVar


class Work(Enum):
    """(in one worker process at once, of these for one account)"""

    XORBS = (24, 8)
    """bodies under way: one account's slow connection leaves room for others"""
    SHARDS = (2, 1)
    """shards in memory: up to 80 MiB each, and several times that while one is parsed"""
    PROOFS = (8, 4)
    """shards being registered, from their first byte to the last of their files"""


@dataclass(slots=True)
class _Places:
    """`own` counts what each account has or waits for with `own_free`."""

    work: Work
    free: anyio.Semaphore = field(init=False)
    own_free: dict[int | None, anyio.Semaphore] = field(default_factory=dict)
    own: Counter[int | None] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.free = anyio.Semaphore(self.work.value[0])

    async def take(self, who: int | None) -> None:
        mine = self.own_free.setdefault(who, anyio.Semaphore(self.work.value[1]))
        self.own[who] += 1
        try:
            await mine.acquire()
            try:
                await self.free.acquire()
            except BaseException:
                mine.release()
                raise
        except BaseException:
            self._forget(who)
            raise

    def give_back(self, who: int | None) -> None:
        self.free.release()
        self.own_free[who].release()
        self._forget(who)

    def _forget(self, who: int | None) -> None:
        self.own[who] -= 1
        if not self.own[who]:
            del self.own[who], self.own_free[who]


class Turn:
    """A place that was taken. Any task may end it, once."""

    def __init__(self, places: _Places, who: int | None) -> None:
        self._places, self._who = places, who

    def end(self) -> None:
        self._places.give_back(self._who)


_all: RunVar[dict[Work, _Places]] = RunVar("zoco_xet_turns")


async def take_turn(work: Work, who: int | None) -> Turn:
    try:
        places = _all.get()
    except LookupError:
        places = {one: _Places(one) for one in Work}
        _all.set(places)
    await places[work].take(who)
    return Turn(places[work], who)


@asynccontextmanager
async def turn(work: Work, who: int | None) -> AsyncIterator[None]:
    taken = await take_turn(work, who)
    try:
        yield
    finally:
        taken.end()
