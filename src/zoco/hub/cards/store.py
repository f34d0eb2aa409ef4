"""SQL of the cards and the tags drawn from them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select

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


def save(write: Write, repo_key: int, commit: Oid, new: Card) -> None:
    """Takes the place of what was there."""
    values = {
        "repo_id": repo_key,
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
    changed = {name: value for name, value in values.items() if name != "repo_id"}
    statement = insert(write, card).values(values).on_conflict_do_update(index_elements=["repo_id"], set_=changed)
    write.execute(statement)
    changes.note(write, [repo_key])


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
