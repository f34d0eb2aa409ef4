"""Every test of this room runs on SQLite and on a real PostgreSQL."""

from tests.databases import db, migrated

__all__ = ["db", "migrated"]
