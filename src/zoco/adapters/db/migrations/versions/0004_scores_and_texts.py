"""Scores are computed again each hour: those that have one are found without reading every repository.

Reads the repositories once: seconds for a million.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    scored = text("trending <> 0")
    op.create_index("ix_repo_with_trending", "repo", ["id"], sqlite_where=scored, postgresql_where=scored)
