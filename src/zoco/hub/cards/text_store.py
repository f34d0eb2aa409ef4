"""SQL of the cards' texts: written with the card; SQLite's index follows by triggers (adapters/db/full_text.py)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, or_

from zoco.adapters.db.engine import Write
from zoco.adapters.db.full_text import lexeme
from zoco.adapters.db.tables import card_text
from zoco.adapters.db.upsert import insert
from zoco.formats.cards.words import words_of
from zoco.hub.cards.texts import CardText

POSITION_MAX = 16_383
TIMES_MAX = 255
"""What a tsvector remembers: later words are found, but not in phrases, and no word counts more often."""


def save(write: Write, repo_key: int, new: CardText) -> None:
    """Takes the place of what was there. The same text again costs nothing."""
    values = {"repo_id": repo_key, "prose": new.prose, "program": new.program, "program_path": new.program_path}
    if write.dialect.name == "postgresql":
        values["words"] = tsvector(((new.prose, "A"), (new.program, "D")))
    upsert = insert(write, card_text).values(values)
    changed = {name: upsert.excluded[name] for name in values if name != "repo_id"}
    compared = ("prose", "program", "program_path")
    is_other = or_(*(card_text.c[name] != upsert.excluded[name] for name in compared))
    write.execute(upsert.on_conflict_do_update(index_elements=["repo_id"], set_=changed, where=is_other))


def forget(write: Write, repo_key: int) -> None:
    write.execute(delete(card_text).where(card_text.c.repo_id == repo_key))


def tsvector(texts: Iterable[tuple[str, str]]) -> str:
    """Texts with their weights, as PostgreSQL writes it: its own parser would take `a/b` for a file and `x.org` for a
    host, and knows no accents."""
    places: dict[str, list[str]] = {}
    position = 0
    for text, weight in texts:
        for word in words_of(text):
            position += 1
            at = places.setdefault(word.folded, [])
            if len(at) < TIMES_MAX:
                at.append(f"{min(position, POSITION_MAX)}{weight}")
        position += 1  # no phrase goes on from one text to the next
    return " ".join(f"{lexeme(word)}:{','.join(at)}" for word, at in places.items())
