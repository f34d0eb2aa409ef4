from __future__ import annotations

from tests.databases import db

__all__ = ["db"]
