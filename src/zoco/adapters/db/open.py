"""Which database: the embedded one in the data folder, or the PostgreSQL of the settings."""

from __future__ import annotations

from zoco.adapters.db.engine import Database, open_postgresql, open_sqlite
from zoco.settings import Settings


def open_database(settings: Settings) -> Database:
    """Opens, but does not migrate."""
    if not settings.is_embedded:
        return open_postgresql(settings.database_url)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return open_sqlite(settings.data / "zoco.db")
