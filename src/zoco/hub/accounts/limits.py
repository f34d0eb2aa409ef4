"""How many requests one caller may make: fixed windows, counted in memory by each worker, so approximate by design."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from zoco.adapters.clock import now_ms
from zoco.core.errors import RateLimited

WINDOW_S = 300
CALLERS_MAX = 50_000


@dataclass(frozen=True, slots=True)
class RateState:
    """What the `RateLimit` and `RateLimit-Policy` headers say."""

    bucket: str
    quota: int
    remaining: int
    reset_s: int
    window_s: int


class RateLimiter:
    """`quotas` by bucket; 0 means no limit. Threads may share it.

    Beyond `callers_max` callers in one window new ones are let through uncounted: memory is bounded, and the callers
    who came first (who fill their quotas) stay limited.
    """

    def __init__(
        self,
        quotas: Mapping[str, int],
        *,
        window_s: int = WINDOW_S,
        callers_max: int = CALLERS_MAX,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._quotas = dict(quotas)
        self._window_s = window_s
        self._callers_max = callers_max
        self._clock = clock
        self._lock = threading.Lock()
        self._window = -1
        self._counts: dict[str, dict[str, int]] = {}

    def check(self, bucket: str, who: str) -> RateState | None:
        """Counts one request. None where the bucket has no limit. Raises RateLimited when the quota is used up."""
        return self._take(bucket, who, 1)

    def peek(self, bucket: str, who: str) -> RateState | None:
        """As `check`, for a request that counts only if it fails (a password): `check` it then."""
        return self._take(bucket, who, 0)

    def _take(self, bucket: str, who: str, requests: int) -> RateState | None:
        quota = self._quotas[bucket]
        if quota <= 0:
            return None
        with self._lock:
            window, elapsed_ms = divmod(self._clock(), self._window_s * 1000)
            if window != self._window:
                self._window, self._counts = window, {}
            counts = self._counts.setdefault(bucket, {})
            used = counts.get(who, 0)
            if requests and used < quota and (who in counts or len(counts) < self._callers_max):
                counts[who] = used + requests
        reset_s = self._window_s - elapsed_ms // 1000
        if used >= quota:
            raise RateLimited(bucket, quota=quota, window_s=self._window_s, reset_s=reset_s)
        return RateState(bucket, quota, quota - used - requests, reset_s, self._window_s)
