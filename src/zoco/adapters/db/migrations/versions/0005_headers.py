"""What GGUF headers and files of evaluation results tell stands on the card's row, and cards of older rules are found.

Two columns without a default cost nothing at any size; the index reads the cards once: a minute for a million. A job
fills the columns when it reads the cards again (`card.rules`).
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, Column
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"

Json = JSON().with_variant(JSONB, "postgresql")


def upgrade() -> None:
    op.add_column("card", Column("gguf", Json))
    op.add_column("card", Column("eval_results", Json))
    op.create_index("ix_card_rules_repo_id", "card", ["rules", "repo_id"])
