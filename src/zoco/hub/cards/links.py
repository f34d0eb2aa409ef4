"""Which of the repositories that a card names are there, for whoever looks? Text becomes a link, and text again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zoco.adapters.db.engine import Read
from zoco.core.access import Actor
from zoco.core.ids import RepoId, RepoType
from zoco.formats.cards.tags import TagKind
from zoco.hub.cards.card import Card
from zoco.hub.repos.named import resolve_names

TYPE_OF_LINK = {
    "dataset": RepoType.DATASET,
    "model": RepoType.MODEL,
    "base_model": RepoType.MODEL,
}
"""Kind of a link (`Card.links`) → what it points to."""


def live_links(read: Read, card: Card, actor: Actor | None) -> dict[str, RepoId]:
    """Of `card.links` those that are links at this moment, as they are written there (`dataset:ana/llamas`)."""
    return live_among(read, card.links, actor)


def live_among(read: Read, links: Iterable[str], actor: Actor | None) -> dict[str, RepoId]:
    """Likewise of links of several cards. At most two queries for each type of repository."""
    by_type: dict[RepoType, dict[str, str]] = {}
    for link in links:
        kind, _, name = link.partition(":")
        if (type_ := TYPE_OF_LINK.get(kind)) and name:
            by_type.setdefault(type_, {})[link] = name
    found: dict[str, RepoId] = {}
    for type_, named in by_type.items():
        ids: Mapping[str, RepoId] = resolve_names(read, type_, named.values(), actor)
        found.update((link, ids[name]) for link, name in named.items() if name in ids)
    return found


def link_of(kind: TagKind, name: str) -> str:
    """How a name under a tag of this kind (dataset, base model) stands among the links of its card."""
    return f"{kind.value}:{name.lower()}"
