"""The texts of cards can be searched, and scores that are computed each hour are found without reading every row.

Reads the repositories once: seconds for a million. The texts come when a job reads the cards again (`card.rules`).
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Text, text
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0004"
down_revision = "0003"

Big = BigInteger().with_variant(Integer, "sqlite")

SQLITE_INDEX = (
    """
    CREATE VIRTUAL TABLE card_text_index USING fts5(
        prose, program, content='card_text', content_rowid='repo_id', tokenize='unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER card_text_added AFTER INSERT ON card_text BEGIN
        INSERT INTO card_text_index(rowid, prose, program) VALUES (new.repo_id, new.prose, new.program);
    END
    """,
    """
    CREATE TRIGGER card_text_removed AFTER DELETE ON card_text BEGIN
        INSERT INTO card_text_index(card_text_index, rowid, prose, program)
            VALUES ('delete', old.repo_id, old.prose, old.program);
    END
    """,
    """
    CREATE TRIGGER card_text_changed AFTER UPDATE ON card_text BEGIN
        INSERT INTO card_text_index(card_text_index, rowid, prose, program)
            VALUES ('delete', old.repo_id, old.prose, old.program);
        INSERT INTO card_text_index(rowid, prose, program) VALUES (new.repo_id, new.prose, new.program);
    END
    """,
)


def upgrade() -> None:
    scored = text("trending <> 0")
    op.create_index("ix_repo_with_trending", "repo", ["id"], sqlite_where=scored, postgresql_where=scored)
    op.create_table(
        "card_text",
        Column("repo_id", Big, ForeignKey("repo.id", ondelete="CASCADE"), primary_key=True),
        Column("prose", Text, nullable=False),
        Column("program", Text, nullable=False),
        Column("program_path", Text, nullable=False),
        Column("words", Text().with_variant(TSVECTOR, "postgresql")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE_INDEX:
            op.execute(statement)
    else:
        op.create_index("ix_card_text_words", "card_text", ["words"], postgresql_using="gin")
