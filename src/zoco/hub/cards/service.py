"""Asks of the cards by the rooms above: what does the Hub know of these repositories?"""

from __future__ import annotations

from collections.abc import Sequence

from zoco.adapters.db.engine import Read
from zoco.core.ids import Oid
from zoco.hub.cards import store
from zoco.hub.cards.card import Card


def cards_of(read: Read, repo_keys: Sequence[int]) -> dict[int, tuple[Oid, Card]]:
    """The commit each card was read at, and the card; repositories without one are left out."""
    return store.cards_of(read, repo_keys)


def card_of(read: Read, repo_key: int) -> Card | None:
    found = store.cards_of(read, [repo_key]).get(repo_key)
    return found[1] if found else None
