"""Cards that older rules read are read again: a newer Zoco knows more kinds of tags, headers and files.

In the background, a batch at a time, each card at the commit it was read at: a push that comes in between has read its
own card by the new rules, and wins. A repository that cannot be read is told and left for the next run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from zoco.adapters import logs
from zoco.adapters.blobs import port
from zoco.core.errors import HubError
from zoco.hub.cards import store, text_store
from zoco.hub.cards.card import RULES, Card
from zoco.hub.cards.reading import card_at
from zoco.hub.cards.store import Stale
from zoco.hub.cards.texts import CardText, text_at
from zoco.hub.repos.open import reopen_for_facts
from zoco.hub.repos.storage import RepoStorage, reader_of_key

BATCH = 50
RUN_S = 240
"""A run ends after so long: other jobs get their turn."""


@dataclass(slots=True)
class Reread:
    """How many cards a run read, how many of them say something else now, and how many could not be read."""

    read: int = 0
    changed: int = 0
    failed: int = 0


class CardRereader:
    """Goes on where the last run of this process ran out of time, so that broken repositories hold up nobody."""

    def __init__(self, storage: RepoStorage, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._storage = storage
        self._clock = clock
        self._after: Stale | None = None

    def run(self, *, run_s: float = RUN_S, batch: int = BATCH) -> Reread:
        """Logs its counts when there was anything to do."""
        done = Reread()
        ends = self._clock() + run_s
        while stale := self._next(batch):
            self._read_again(stale, done)
            self._after = stale[-1]
            if self._clock() >= ends:
                break
        else:
            self._after = None
        if done.read or done.failed:
            logs.info("cards_read_again", rules=RULES, read=done.read, changed=done.changed, failed=done.failed)
        return done

    def _next(self, batch: int) -> list[Stale]:
        with self._storage.db.read() as read:
            return store.older_than(read, RULES, self._after, batch)

    def _read_again(self, stale: list[Stale], done: Reread) -> None:
        with self._storage.db.read() as read:
            before = store.cards_of(read, [one.repo_key for one in stale])
        new: dict[int, Card] = {}
        texts: dict[int, CardText] = {}
        for one in stale:
            try:
                found = self._card(one)
            except HubError as error:
                port.demand(self._storage.blobs)  # a store that is away breaks all of them: the job is tried again
                self._failed(one, error.message, done)
            except Exception as error:  # noqa: BLE001 - the loop must outlive whatever somebody pushed
                self._failed(one, repr(error), done)
            else:
                if found is not None:
                    new[one.repo_key], texts[one.repo_key] = found
        same = [one for one in stale if one.repo_key in new and before.get(one.repo_key) == _at(one, new)]
        other = [one for one in stale if one.repo_key in new and one not in same]
        with self._storage.db.write() as write:
            kept = [one for one in same if store.mark_read(write, one)]
            changed = [one for one in other if store.save_again(write, one, new[one.repo_key])]
            for one in (*kept, *changed):
                text_store.save(write, one.repo_key, texts[one.repo_key])
        done.changed += len(changed)
        done.read += len(new)

    def _card(self, stale: Stale) -> tuple[Card, CardText] | None:
        """None when the repository is gone."""
        repo = reopen_for_facts(self._storage, stale.repo_key)
        if repo is None:
            return None
        with reader_of_key(self._storage, stale.repo_key) as git:
            if git is None:
                return None
            card = card_at(self._storage.xet, repo, git, stale.commit)
            return card, text_at(git, stale.commit, repo.id.type, card)

    def _failed(self, stale: Stale, why: str, done: Reread) -> None:
        done.failed += 1
        logs.warning("card_not_read_again", repo=stale.repo_key, commit=stale.commit, why=why)


def _at(stale: Stale, new: dict[int, Card]) -> tuple[str, Card]:
    return stale.commit, new[stale.repo_key]
