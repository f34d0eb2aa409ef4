"""Every test of this room runs on SQLite and on a real PostgreSQL."""

from tests.databases import db, migrated
from tests.services import postgres_server
from tests.small_hub import hub

__all__ = ["db", "hub", "migrated", "postgres_server"]
