"""Files that rest in Xet, upload in parts, file locks, and what garbage collection has compared.

New tables, and new columns with nothing to fill in: neither database rewrites a row. Two new indexes read each LFS
object and link once: some seconds for a million.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
)
from sqlalchemy import UniqueConstraint as Unique

revision = "0002"
down_revision = "0001"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Big = BigInteger().with_variant(Integer, "sqlite")

repo = Table("repo", metadata, Column("id", Big, primary_key=True))
user = Table("user_account", metadata, Column("id", Big, primary_key=True))


def _to(name: str, target: str, *, primary_key: bool = False, index: bool = False) -> Column[int]:
    return Column(
        name, Big, ForeignKey(target, ondelete="CASCADE"), primary_key=primary_key, nullable=False, index=index
    )


xet_xorb = Table(
    "xet_xorb",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("key", String(300), nullable=False, index=True),
    Column("size", Big, nullable=False),
    Column("raw_size", Big, nullable=False),
    Column("created_at", Big, nullable=False),
    Column("touched_at", Big, nullable=False),
    Column("dead_at", Big, index=True),
    Column("chunks", LargeBinary, nullable=False),
)

xet_file = Table(
    "xet_file",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size", Big, nullable=False),
    Column("created_at", Big, nullable=False),
    Column("touched_at", Big, nullable=False),
    Column("terms", LargeBinary, nullable=False),
)

xet_file_xorb = Table(
    "xet_file_xorb",
    metadata,
    Column("file_hash", String(64), ForeignKey("xet_file.hash", ondelete="CASCADE"), primary_key=True),
    Column("xorb_hash", String(64), ForeignKey("xet_xorb.hash"), primary_key=True, index=True),
)

xet_dedup = Table(
    "xet_dedup",
    metadata,
    Column("chunk_hash", String(64), primary_key=True),
    Column("xorb_hash", String(64), ForeignKey("xet_xorb.hash", ondelete="CASCADE"), primary_key=True, index=True),
)

xet_instance = Table(
    "xet_instance",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(16), nullable=False),
    Column("generation", Integer, nullable=False),
)

lfs_lock = Table(
    "lfs_lock",
    metadata,
    Column("id", Big, primary_key=True),
    _to("repo_id", "repo.id"),
    Column("path_hash", String(64), nullable=False),
    Column("path", Text, nullable=False),
    Column("ref", String(1024)),
    _to("user_id", "user_account.id", index=True),
    Column("locked_at", Big, nullable=False),
    Unique("repo_id", "path_hash"),
    sqlite_autoincrement=True,
)

lfs_multipart = Table(
    "lfs_multipart",
    metadata,
    Column("uuid", String(32), primary_key=True),
    _to("repo_id", "repo.id", index=True),
    Column("sha256", String(64), nullable=False),
    Column("size", Big, nullable=False),
    Column("part_size", Big, nullable=False),
    Column("key", String(300), nullable=False),
    Column("upload_id", Text),
    Column("created_at", Big, nullable=False, index=True),
)

lfs_compared = Table(
    "lfs_compared",
    metadata,
    _to("repo_id", "repo.id", primary_key=True),
    Column("version", Big, nullable=False),
    Column("at", Big, nullable=False),
)


def upgrade() -> None:
    new = [one for one in metadata.sorted_tables if one not in (repo, user)]
    metadata.create_all(op.get_bind(), tables=new, checkfirst=False)
    op.add_column("lfs_link", Column("touched_at", Big, nullable=False, server_default="0"))
    # in one statement, because SQLite adds no constraint to a table that is there
    op.execute(
        "ALTER TABLE lfs_object ADD COLUMN xet_hash VARCHAR(64)"
        " CONSTRAINT fk_lfs_object_xet_hash REFERENCES xet_file (hash)"
    )
    op.create_index("ix_lfs_object_xet_hash", "lfs_object", ["xet_hash"])
    op.create_index("ix_lfs_object_key", "lfs_object", ["key"])
    op.create_index("ix_lfs_link_repo_id_touched_at", "lfs_link", ["repo_id", "touched_at"])
    op.add_column("doomed_object", Column("is_stray", Boolean, nullable=False, server_default=false()))
