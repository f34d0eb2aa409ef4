"""SQL of the catalogue's index: repositories as it knows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select

from zoco.adapters.db.engine import Read
from zoco.adapters.db.tables import card, namespace, repo
from zoco.core.access import Gated, Visibility
from zoco.core.ids import RepoType
from zoco.formats.cards.tags import Tag, TagKind
from zoco.hub.catalog.index.document import Document, trending_number

BATCH = 500
STREAM_BATCH = 5000


def all_numbers(read: Read) -> Iterator[tuple[str, int, tuple[int, ...]]]:
    """Types, keys in their order, and the numbers that change without the document: `Number` but the parameters."""
    after = -1
    while True:
        query = select(
            *(repo.c.id, repo.c.type, repo.c.trending, repo.c.downloads),
            *(repo.c.likes, repo.c.created_at, repo.c.updated_at),
        ).where(repo.c.id > after)
        rows = read.execute(query.order_by(repo.c.id).limit(STREAM_BATCH)).all()
        for key, type, trending, downloads, likes, created_at, updated_at in rows:
            yield type, key, (trending_number(trending, downloads), downloads, likes, created_at, updated_at)
        if len(rows) < STREAM_BATCH:
            return
        after = rows[-1].id


def documents_of(read: Read, keys: Sequence[int]) -> dict[int, Document]:
    """Those that are gone are left out."""
    found: dict[int, Document] = {}
    for at in range(0, len(keys), BATCH):
        rows = read.execute(_documents().where(repo.c.id.in_(keys[at : at + BATCH])))
        found.update((row.id, _document(row)) for row in rows)
    return found


def all_documents(read: Read) -> Iterator[Document]:
    """Of all types, in the order of their keys: a database asked for one type might sort all of it for each batch."""
    after = -1
    while True:
        query = _documents().where(repo.c.id > after).order_by(repo.c.id)
        rows = read.execute(query.limit(STREAM_BATCH)).all()
        for row in rows:
            yield _document(row)
        if len(rows) < STREAM_BATCH:
            return
        after = rows[-1].id


def count_repos(read: Read, limit: int) -> int:
    """At most `limit`: a large table is not counted to its end."""
    some = select(repo.c.id).limit(limit).subquery()
    return int(read.execute(select(func.count()).select_from(some)).scalar_one())


def _documents() -> Select[Any]:
    return select(
        repo.c.id,
        repo.c.type,
        namespace.c.name.label("namespace"),
        repo.c.name,
        repo.c.visibility,
        repo.c.gated,
        repo.c.sdk,
        repo.c.downloads,
        repo.c.likes,
        repo.c.trending,
        repo.c.created_at,
        repo.c.updated_at,
        card.c.parameters,
        card.c.tags,
        card.c.links,
    ).select_from(
        repo.join(namespace, namespace.c.id == repo.c.namespace_id).outerjoin(card, card.c.repo_id == repo.c.id)
    )


_KINDS = {kind.value: kind for kind in TagKind}


def _document(row: Row[Any]) -> Document:
    tags = tuple([Tag(_KINDS[kind], value) for kind, value in row.tags or ()])
    if row.sdk and not any(tag.kind is TagKind.SDK for tag in tags):
        tags = (Tag(TagKind.SDK, row.sdk), *tags)  # chosen at its birth, and its card is silent
    return Document(
        key=row.id,
        type=RepoType(row.type),
        namespace=row.namespace,
        name=row.name,
        is_public=row.visibility == Visibility.PUBLIC,
        is_gated=row.gated != Gated.OPEN,
        tags=tags,
        links=tuple(row.links or ()),
        numbers=(
            trending_number(row.trending, row.downloads),
            row.downloads,
            row.likes,
            row.created_at,
            row.updated_at,
            row.parameters or 0,
        ),
    )
