"""How many of the repositories found so far carry each tag? What a filter would leave, before it is chosen."""

from __future__ import annotations

from collections.abc import Mapping

from zoco.adapters.db.engine import Database
from zoco.core.access import Actor
from zoco.hub.catalog import store
from zoco.hub.catalog.query import Query

TAGS_MAX = 3000


def count_tags(db: Database, actor: Actor | None, query: Query) -> Mapping[str, int]:
    """The most frequent tags first; page, order and cursor of `query` do not matter."""
    with db.read() as read:
        return dict(store.tag_counts_in(read, query, actor, TAGS_MAX))
