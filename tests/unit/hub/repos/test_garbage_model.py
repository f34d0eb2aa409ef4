"""Whatever people do, and whenever collection runs or dies: nothing reachable goes, and at last nothing else stays."""

from __future__ import annotations

import os

import pytest
from tests.moving_clock import MovingClock, clock
from tests.small_hub import SmallHub, hub
from tests.unit.hub.repos.garbage_model import Machine

__all__ = ["clock", "hub"]

STEPS = 70
SEEDS = [int(one) for one in os.environ.get("GC_SEEDS", "0 1").split()]


@pytest.mark.parametrize("seed", SEEDS)
def test_collection_agrees_with_brute_force(
    hub: SmallHub, clock: MovingClock, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    machine = Machine(hub, clock, monkeypatch, seed)
    machine.new_repo()
    try:
        for number in range(STEPS):
            machine.step()
            if number % 10 == 9:
                machine.check_all()
        machine.finish()
    except BaseException:
        print(f"seed {seed}: {' '.join(machine.log)}")
        raise
