"""SQL of the search inside the texts of cards: FTS5 on SQLite, a tsvector on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    cast,
    column,
    false,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from zoco.adapters.db.engine import Read
from zoco.adapters.db.full_text import lexeme
from zoco.adapters.db.tables import card_text, namespace, repo
from zoco.core.access import Actor
from zoco.core.ids import RepoId, RepoType
from zoco.hub.catalog.fulltext_query import Phrase
from zoco.hub.catalog.readable import readable_by, with_open_files

PROGRAM_WEIGHT = 0.2
"""Of a word in a Space's program, beside 1 in the README."""

_index = table("card_text_index", column("rowid", Integer))
_itself: ColumnElement[Any] = literal_column("card_text_index")  # Any: FTS5's table is its own hidden column


class Ranked(NamedTuple):
    """The smaller the rank, the better."""

    rank: float
    repo_key: int


class Text(NamedTuple):
    id: RepoId
    prose: str
    program: str
    program_path: str


def ranked(
    read: Read, phrases: Sequence[Phrase], type: RepoType | None, actor: Actor | None, limit: int
) -> list[Ranked]:
    """Repositories whose text has all phrases, in no order; of more than `limit`, as many of them."""
    if read.dialect.name == "sqlite":
        query = _on_sqlite(phrases)
    else:
        # its planner takes texts for short, and would rather read all of them than an index
        read.exec_driver_sql("SET LOCAL enable_seqscan = off")
        query = _on_postgresql(phrases)
    query = query.where(readable_by(actor), with_open_files(actor), repo.c.disabled == false())
    if type is not None:
        # not by the index of types: SQLite would then ask for the words of each repository
        query = query.where(repo.c.type.concat("") == type.value)
    return [Ranked(float(rank), key) for rank, key in read.execute(query.limit(limit))]


def texts_of(read: Read, keys: Sequence[int]) -> list[Text]:
    """In the order asked."""
    query = (
        select(repo.c.id, repo.c.type, namespace.c.name.label("space"), repo.c.name, card_text)
        .join(namespace, namespace.c.id == repo.c.namespace_id)
        .join(card_text, card_text.c.repo_id == repo.c.id)
        .where(repo.c.id.in_(keys))
    )
    found = {
        row.id: Text(RepoId(RepoType(row.type), row.space, row.name), row.prose, row.program, row.program_path)
        for row in read.execute(query)
    }
    return [found[key] for key in keys if key in found]


def _on_sqlite(phrases: Sequence[Phrase]) -> Select[Any]:
    rank = func.bm25(_itself, 1.0, PROGRAM_WEIGHT)
    joined = _index.join(repo, repo.c.id == _index.c.rowid).join(namespace, namespace.c.id == repo.c.namespace_id)
    return select(rank, repo.c.id).select_from(joined).where(_itself.op("MATCH")(bindparam("sought", fts5(phrases))))


def _on_postgresql(phrases: Sequence[Phrase]) -> Select[Any]:
    """First which, by the index; then the rank of as many as are wanted, which reads their whole texts."""
    sought = cast(bindparam("sought", tsquery(phrases)), TSQUERY)
    having = select(card_text.c.repo_id, card_text.c.words).where(card_text.c.words.op("@@")(sought))
    hits = having.cte("hits").prefix_with("MATERIALIZED")
    rank = -func.ts_rank_cd(hits.c.words, sought, 1)  # 1: a long text is not better for being long
    joined = hits.join(repo, repo.c.id == hits.c.repo_id).join(namespace, namespace.c.id == repo.c.namespace_id)
    return select(rank, repo.c.id).select_from(joined)


def fts5(phrases: Sequence[Phrase]) -> str:
    """As typed: FTS5 folds them as it folded the texts."""
    return " AND ".join(f'"{" ".join(one.typed)}"' + (" *" if one.is_prefix else "") for one in phrases)


def tsquery(phrases: Sequence[Phrase]) -> str:
    return " & ".join(
        "(" + " <-> ".join(map(lexeme, one.folded)) + (":*" if one.is_prefix else "") + ")" for one in phrases
    )
