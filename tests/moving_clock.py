"""A clock that tests move: every time the Hub writes down or compares comes from it."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from zoco.adapters import clock as its

HOUR_MS = 3_600_000


class MovingClock:
    """Goes on by itself, so that what comes later is later; `pass_hours` jumps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead_ms = 0
        monkeypatch.setattr(its, "time", SimpleNamespace(time_ns=self._time_ns))

    def pass_ms(self, ms: int) -> None:
        self._ahead_ms += ms

    def pass_hours(self, hours: float) -> None:
        self.pass_ms(round(hours * HOUR_MS))

    @property
    def now_ms(self) -> int:
        return its.now_ms()

    def _time_ns(self) -> int:
        return time.time_ns() + self._ahead_ms * 1_000_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> MovingClock:
    return MovingClock(monkeypatch)
