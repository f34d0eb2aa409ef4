"""What GGUF headers and files of evaluation results tell stands on the card's row.

Two columns without a default: costs nothing at any size. A job fills them when it reads the cards again (`card.rules`).
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, Column
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"

Json = JSON().with_variant(JSONB, "postgresql")


def upgrade() -> None:
    op.add_column("card", Column("gguf", Json))
    op.add_column("card", Column("eval_results", Json))
