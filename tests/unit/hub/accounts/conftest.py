from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from tests.databases import db

from zoco.hub.accounts import passwords
from zoco.hub.accounts.limits import RateLimiter

__all__ = ["db"]


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """As cheap as argon2 goes: these tests are not about its price."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", cheap)


@pytest.fixture
def limiter() -> RateLimiter:
    return RateLimiter({"sign_in": 3, "sign_in_address": 5})
