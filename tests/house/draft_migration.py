"""Prints the body of the next migration: what `tables.py` has and the migrations do not build yet.

    python tests/house/draft_migration.py > src/zoco/adapters/db/migrations/versions/0002_why.py

A draft: read it, order it, say in its docstring why it is there and what it costs on a big table.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from zoco.adapters.db.engine import open_sqlite
from zoco.adapters.db.migrate import MIGRATIONS, VERSION_TABLE, migrate
from zoco.adapters.db.tables import metadata

HEAD = '''"""WHY, and what it costs on a big table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "{number:04}"
down_revision = "{before}"


def upgrade() -> None:
    {body}
'''


def draft() -> str:
    known = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    with tempfile.TemporaryDirectory() as folder:
        db = open_sqlite(Path(folder) / "empty.db")
        migrate(db)
        with db.read() as read:
            context = MigrationContext.configure(
                read, opts={"version_table": VERSION_TABLE, "target_metadata": metadata}
            )
            upgrade = produce_migrations(context, metadata).upgrade_ops
            assert upgrade is not None
            body = render_python_code(upgrade, render_as_batch=True)
        db.close()
    return HEAD.format(number=len(known) + 1, before=known[-1], body=body)


if __name__ == "__main__":
    print(draft())
