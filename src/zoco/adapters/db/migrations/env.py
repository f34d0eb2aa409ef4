"""What Alembic runs: the steps, on the connection that `migrate.py` hands over."""

from __future__ import annotations

from alembic import context

from zoco.adapters.db.migrate import VERSION_TABLE
from zoco.adapters.db.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
