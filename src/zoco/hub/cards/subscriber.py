"""The card follows the default branch: it is read before the ref moves, and written in the same transaction.

So a push is found by its tags in the very next request. Whatever a card holds, the push stands: a card that cannot be
read is a problem to show, never a reason to refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zoco.adapters.db.engine import Write
from zoco.adapters.git.reader import Reader
from zoco.core.ids import Oid
from zoco.core.repos import WritableRepo
from zoco.formats.git.refs import branch_ref
from zoco.hub.cards import store, text_store
from zoco.hub.cards.card import Card
from zoco.hub.cards.reading import card_at
from zoco.hub.cards.texts import CardText, text_at
from zoco.hub.repos.storage import Update
from zoco.hub.xet.xorbs import Xet

PARTS_MAX = 64
"""A push does not wait for the headers of more files: their parameters are then counted when somebody asks."""


class CardSubscriber:
    def __init__(self, xet: Xet) -> None:
        self._xet = xet

    def prepare(self, repo: WritableRepo, reader: Reader, updates: Sequence[Update]) -> Callable[[Write], None] | None:
        face = branch_ref(repo.default_branch)
        of_face = [update for update in updates if update.ref == face]
        if not of_face:
            return None
        tip = of_face[-1].new
        if tip is None:
            return lambda write: _forget(write, repo.key)
        card = card_at(self._xet, repo, reader, tip, parts_max=PARTS_MAX)
        text = text_at(reader, tip, repo.id.type, card)
        return lambda write: save(write, repo.key, tip, card, text)


def save(write: Write, repo_key: int, commit: Oid, card: Card, text: CardText) -> None:
    """What is found by its tags is found by its words."""
    store.save(write, repo_key, commit, card)
    text_store.save(write, repo_key, text)


def _forget(write: Write, repo_key: int) -> None:
    store.forget(write, repo_key)
    text_store.forget(write, repo_key)
