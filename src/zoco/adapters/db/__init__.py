"""The database: SQLite embedded, PostgreSQL at scale, through SQLAlchemy Core."""
