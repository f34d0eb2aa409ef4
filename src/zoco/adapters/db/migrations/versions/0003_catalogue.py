"""The catalogue answers what four indexes and a table of tags answered: they go, and a log of changes comes.

Reads and rewrites each card once: about a minute for a million. The tags get their kinds when a job reads the cards
again (`card.rules`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from alembic import op
from sqlalchemy import JSON, BigInteger, Column, Connection, Integer, String, Table, select, text, update
from sqlalchemy import MetaData as Meta
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"

Big = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")
LINK = "\x1f"
PREFIXES = {
    "license": "license",
    "dataset": "dataset",
    "arxiv": "arxiv",
    "base_model": "base_model",
    "language": "language",
    "task_categories": "task",
    "task_ids": "task_id",
    "size_categories": "size",
    "format": "format",
    "modality": "modality",
}
BATCH = 500

metadata = Meta()
repo_tag = Table("repo_tag", metadata, Column("repo_id", Big), Column("tag", String), Column("position", Integer))
card = Table("card", metadata, Column("repo_id", Big), Column("tags", Json), Column("links", Json))


def upgrade() -> None:
    op.create_table(
        "change",
        Column("seq", Big, primary_key=True, autoincrement=True),
        Column("repo_id", Big, nullable=False),
        Column("kind", Integer, nullable=False),
        Column("at", Big, nullable=False, index=True),
        sqlite_autoincrement=True,
    )
    op.add_column("card", Column("tags", Json, nullable=False, server_default=text("'[]'")))
    op.add_column("card", Column("links", Json, nullable=False, server_default=text("'[]'")))
    op.add_column("card", Column("rules", Integer, nullable=False, server_default=text("0")))
    op.add_column("repo", Column("trending", Big, nullable=False, server_default=text("0")))
    _move_tags(op.get_bind())
    op.drop_table("repo_tag")
    for column in ("created_at", "downloads", "likes", "updated_at"):
        op.drop_index(f"ix_repo_type_{column}", "repo")


def _move_tags(bind: Connection) -> None:
    after = -1
    while True:
        keys = select(card.c.repo_id).where(card.c.repo_id > after).order_by(card.c.repo_id).limit(BATCH)
        batch = list(bind.scalars(keys))
        if not batch:
            return
        after = batch[-1]
        mine = select(repo_tag.c.repo_id, repo_tag.c.tag).where(repo_tag.c.repo_id.in_(batch))
        rows = bind.execute(mine.order_by(repo_tag.c.repo_id, repo_tag.c.position)).all()
        for key, of_repo in groupby(rows, lambda row: row[0]):
            tags = [tag for _, tag in of_repo]
            new = {"tags": list(_typed(tags)), "links": [tag[1:] for tag in tags if tag.startswith(LINK)]}
            bind.execute(update(card).where(card.c.repo_id == key).values(new))


def _typed(tags: Iterable[str]) -> Iterator[tuple[str, str]]:
    for tag in tags:
        prefix, _, value = tag.partition(":")
        if tag.startswith(LINK):
            continue
        yield (PREFIXES[prefix], value) if value and prefix in PREFIXES else ("other", tag)
