from __future__ import annotations

import threading

import pytest

from zoco.core.errors import RateLimited
from zoco.hub.accounts.limits import RateLimiter, RateState


class Clock:
    now_ms = 1_000_000_000_000 // 300_000 * 300_000  # a window begins

    def __call__(self) -> int:
        return self.now_ms


def test_a_caller_has_a_quota_for_each_window() -> None:
    clock = Clock()
    limiter = RateLimiter({"api": 2}, clock=clock)
    assert limiter.check("api", "ana") == RateState("api", 2, 1, 300, 300)
    clock.now_ms += 100_000
    assert limiter.check("api", "ana") == RateState("api", 2, 0, 200, 300)
    with pytest.raises(RateLimited) as caught:
        limiter.check("api", "ana")
    assert (caught.value.bucket, caught.value.quota, caught.value.reset_s, caught.value.window_s) == (
        "api",
        2,
        200,
        300,
    )
    clock.now_ms += 200_000
    assert limiter.check("api", "ana") == RateState("api", 2, 1, 300, 300)


def test_callers_and_buckets_do_not_share() -> None:
    limiter = RateLimiter({"api": 1, "pages": 1}, clock=Clock())
    limiter.check("api", "ana")
    limiter.check("pages", "ana")
    limiter.check("api", "otto")
    with pytest.raises(RateLimited):
        limiter.check("api", "ana")


def test_no_quota_means_no_limit() -> None:
    limiter = RateLimiter({"api": 0})
    assert [limiter.check("api", "ana") for _ in range(100)] == [None] * 100


def test_looking_does_not_count() -> None:
    limiter = RateLimiter({"sign_in": 1}, clock=Clock())
    for _ in range(5):
        limiter.peek("sign_in", "ana")
    limiter.check("sign_in", "ana")
    with pytest.raises(RateLimited):
        limiter.peek("sign_in", "ana")


def test_memory_is_bounded_and_those_who_came_first_stay_limited() -> None:
    limiter = RateLimiter({"api": 1}, callers_max=10, clock=Clock())
    for n in range(1000):
        limiter.check("api", f"address {n}")
    assert sum(len(counts) for counts in limiter._counts.values()) == 10
    with pytest.raises(RateLimited):
        limiter.check("api", "address 3")


def test_threads_lose_no_count() -> None:
    limiter = RateLimiter({"api": 1000}, clock=Clock())
    allowed: list[int] = []

    def ask() -> None:
        for _ in range(500):
            try:
                limiter.check("api", "ana")
                allowed.append(1)
            except RateLimited:
                pass

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == 1000
