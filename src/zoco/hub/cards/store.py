"""SQL of the cards and the tags drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, delete, literal, select, tuple_, update

from zoco.adapters.db import changes
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import card
from zoco.adapters.db.upsert import insert
from zoco.core.ids import Oid
from zoco.formats.cards.tags import Tag, TagKind
from zoco.hub.cards.card import RULES, Card

PARAMETERS_MAX = 2**62
"""What a header claims may be more than a database's integer holds."""

_LIBRARY = select(card.c.library_name).where(card.c.repo_id == bindparam("repo_key"))


class Stale(NamedTuple):
    """A card that older rules read, in the order in which they are read again."""

    rules: int
    repo_key: int
    commit: Oid


def save(write: Write, repo_key: int, commit: Oid, new: Card) -> None:
    """Takes the place of what was there."""
    values = _values(commit, new)
    statement = insert(write, card).values(repo_id=repo_key, **values)
    write.execute(statement.on_conflict_do_update(index_elements=["repo_id"], set_=values))
    changes.note(write, [repo_key])


def _values(commit: Oid, new: Card) -> dict[str, Any]:  # Any: columns of several types
    return {
        "commit_oid": commit,
        "data": dict(new.data),
        "problem": new.problem,
        "pipeline_tag": new.pipeline_tag,
        "library_name": new.library_name,
        "license": new.license,
        "description": new.description,
        "config": dict(new.config) if new.config is not None else None,
        "weights": dict(new.weights) if new.weights is not None else None,
        "gguf": dict(new.gguf) if new.gguf is not None else None,
        "eval_results": list(new.eval_results) or None,
        "parameters": min(new.parameters, PARAMETERS_MAX) if new.parameters is not None else None,
        "tags": [[tag.kind.value, tag.value] for tag in new.tags],
        "links": list(new.links),
        "rules": RULES,
    }


def older_than(read: Read, rules: int, after: Stale | None, limit: int) -> list[Stale]:
    """Cards of rules before these, in the order of rules and repositories."""
    place = tuple_(card.c.rules, card.c.repo_id)
    query = select(card.c.rules, card.c.repo_id, card.c.commit_oid).where(card.c.rules < rules)
    if after is not None:
        query = query.where(place > tuple_(literal(after.rules), literal(after.repo_key)))
    rows = read.execute(query.order_by(card.c.rules, card.c.repo_id).limit(limit))
    return [Stale(row.rules, row.repo_id, Oid(row.commit_oid)) for row in rows]


def save_again(write: Write, stale: Stale, new: Card) -> bool:
    """False when a push came in between: its card is the newer one."""
    statement = update(card).where(_still(stale)).values(_values(stale.commit, new))
    if write.execute(statement).rowcount == 0:
        return False
    changes.note(write, [stale.repo_key])
    return True


def mark_read(write: Write, stale: Stale) -> bool:
    """The new rules say what the old ones said: no list changes. False when a push came in between."""
    return write.execute(update(card).where(_still(stale)).values(rules=RULES)).rowcount > 0


def _still(stale: Stale) -> ColumnElement[bool]:
    return and_(card.c.repo_id == stale.repo_key, card.c.commit_oid == stale.commit, card.c.rules == stale.rules)


def forget(write: Write, repo_key: int) -> None:
    """The default branch is gone, and with it the card."""
    write.execute(delete(card).where(card.c.repo_id == repo_key))
    changes.note(write, [repo_key])


def cards_of(read: Read, repo_keys: Sequence[int]) -> dict[int, tuple[Oid, Card]]:
    """The commit each card was read at, and the card; repositories without one are left out."""
    found: dict[int, tuple[Oid, Card]] = {}
    for row in read.execute(select(card).where(card.c.repo_id.in_(repo_keys))):
        found[row.repo_id] = (
            Oid(row.commit_oid),
            Card(
                data=row.data,
                problem=row.problem,
                tags=tags_of(row.tags),
                pipeline_tag=row.pipeline_tag,
                library_name=row.library_name,
                license=row.license,
                description=row.description,
                config=row.config,
                links=tuple(row.links),
                weights=row.weights,
                gguf=row.gguf,
                eval_results=tuple(row.eval_results or ()),
            ),
        )
    return found


def library_of(read: Read, repo_key: int) -> str | None:
    """The library of a model's card, if it has both."""
    return read.execute(_LIBRARY, {"repo_key": repo_key}).scalar()


def tags_of(stored: Sequence[tuple[str, str]]) -> tuple[Tag, ...]:
    return tuple(Tag(TagKind(kind), value) for kind, value in stored)
