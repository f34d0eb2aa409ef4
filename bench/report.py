"""How measurements are told: medians, spread, and the ratio to the peer of the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Race:
    """Two ways to do the same, taken in turns so that whatever else the machine does hits both alike."""

    name: str
    ours: list[float] = field(default_factory=list)
    peers: list[float] = field(default_factory=list)

    def run(self, rounds: int, ours: Callable[[int], object], peer: Callable[[int], object]) -> None:
        for n in range(rounds):
            first, second = (
                ((ours, self.ours), (peer, self.peers)) if n % 2 else ((peer, self.peers), (ours, self.ours))
            )
            for work, times in (first, second):
                started = time.perf_counter()
                work(n)
                times.append(time.perf_counter() - started)

    @property
    def ratio(self) -> float:
        """Our median time over the peer's: below 1 is faster."""
        return statistics.median(self.ours) / statistics.median(self.peers)

    def line(self, bound: float) -> str:
        verdict = "ok" if self.ratio <= bound else "MISSED"
        return (
            f"{self.name:<28} ours {_ms(self.ours)}   peer {_ms(self.peers)}   ratio {self.ratio:.2f}"
            f" (bound {bound:.2f}, n={len(self.ours)}) {verdict}"
        )


def _ms(times: list[float]) -> str:
    return f"{statistics.median(times) * 1000:8.1f} ms [{min(times) * 1000:.1f}–{max(times) * 1000:.1f}]"


def percentiles(times: list[float]) -> str:
    """Median and the 99th of a hundred."""
    ordered = sorted(times)
    return f"{statistics.median(ordered):8.2f} p99 {ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]:8.2f}"
