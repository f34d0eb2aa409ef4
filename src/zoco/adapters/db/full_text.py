"""How is text searched in each database?

PostgreSQL has a column for it. SQLite's index is a virtual table beside `card_text`, with triggers that keep both
alike. The texts are stored once, in `card_text`; whatever changes it (also a repository that goes, with its rows)
changes the index in the same transaction. A step that builds `card_text` anew must make the triggers again.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy import Connection

STATEMENTS = (
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


def build(_table: object, connection: Connection, **_: object) -> None:
    """With its table, where that is made without the numbered steps."""
    if connection.dialect.name == "sqlite":
        for statement in STATEMENTS:
            connection.exec_driver_sql(statement)


def is_missing() -> bool:
    """Whether this Python's SQLite was built without FTS5."""
    connection = sqlite3.connect(":memory:")
    try:
        return connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone() is None
    finally:
        connection.close()


CURE = "use a Python from your distribution, python.org or uv, whose SQLite has it, or PostgreSQL (`database_url`)"


def lexeme(word: str) -> str:
    """As PostgreSQL writes it in a tsvector and in a tsquery."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
