"""A small Hub for this room's tests."""

from __future__ import annotations

from tests.small_hub import hub, postgres_server

__all__ = ["hub", "postgres_server"]
