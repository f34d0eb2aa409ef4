"""Heavy work waits for its turn, one account's many for its own."""

from __future__ import annotations

import anyio
import pytest
from anyio.lowlevel import checkpoint

from zoco.surfaces.xet.turns import Turn, Work, take_turn

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Asked:
    """Somebody who asks for a turn and keeps it."""

    def __init__(self, group: anyio.abc.TaskGroup, who: int | None, work: Work = Work.XORBS) -> None:
        self.turn: Turn | None = None
        self._scope = anyio.CancelScope()
        group.start_soon(self._take, work, who)

    async def _take(self, work: Work, who: int | None) -> None:
        with self._scope:
            self.turn = await take_turn(work, who)

    def give_up(self) -> None:
        self._scope.cancel()

    def end(self) -> None:
        assert self.turn
        self.turn.end()


async def settled() -> None:
    for _ in range(20):
        await checkpoint()


def served(some: list[Asked]) -> int:
    return sum(one.turn is not None for one in some)


async def test_one_account_leaves_room_for_another() -> None:
    in_all, own = Work.XORBS.value
    async with anyio.create_task_group() as group:
        greedy = [Asked(group, 1) for _ in range(64)]
        await settled()
        assert served(greedy) == own < in_all
        other = Asked(group, 2)
        await settled()
        assert other.turn
        greedy[0].end()
        await settled()
        assert served(greedy) == own + 1
        group.cancel_scope.cancel()


async def test_all_accounts_together_have_a_limit() -> None:
    in_all, own = Work.XORBS.value
    async with anyio.create_task_group() as group:
        some = [Asked(group, who) for who in range(in_all) for _ in range(own)]
        await settled()
        assert served(some) == in_all
        next(one for one in some if one.turn).end()
        await settled()
        assert served(some) == in_all + 1
        group.cancel_scope.cancel()


async def test_who_gives_up_waiting_keeps_no_place() -> None:
    in_all, own = Work.PROOFS.value
    async with anyio.create_task_group() as group:
        for _ in range(3):
            first = [Asked(group, who, Work.PROOFS) for who in range(in_all // own) for _ in range(own)]
            await settled()
            waiting = [Asked(group, who, Work.PROOFS) for who in (0, 1, 99)]
            await settled()
            assert served(waiting) == 0
            for one in waiting:
                one.give_up()
            await settled()
            for one in first:
                one.end()
            await settled()
            assert served(first) == in_all
        last = [Asked(group, None, Work.PROOFS), Asked(group, 99, Work.PROOFS)]
        await settled()
        assert served(last) == 2
        group.cancel_scope.cancel()
