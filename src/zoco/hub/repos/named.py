"""Which repositories do these names mean today, of those the caller may read?

A card names datasets and models that may not exist yet, no longer, under another name, or not for everybody: a name is
a link exactly as long as it is found here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zoco.adapters.db.engine import Read
from zoco.core.access import Access, Actor
from zoco.core.ids import NAME_LENGTH_MAX, RepoId, RepoType, name_key
from zoco.core.repos import RepoRow
from zoco.core.text import is_storable
from zoco.hub.repos import store
from zoco.hub.repos.open import access_of

NAMES_MAX = 100
_FULL_NAME_LENGTH_MAX = 2 * NAME_LENGTH_MAX + 1


def resolve_names(read: Read, type: RepoType, names: Iterable[str], actor: Actor | None) -> dict[str, RepoId]:
    """By the name as it was given; only those that exist and may be read. Follows renames and one-word aliases.

    Of more than `NAMES_MAX` names the first are looked up, in two queries at most.
    """
    asked = list(dict.fromkeys(name for name in names if _can_be_one(name)))[:NAMES_MAX]
    keys = {name: name_key(name) for name in asked}
    full = list(dict.fromkeys(key for key in keys.values() if "/" in key))
    rows: Mapping[str, RepoRow] = store.find_named(read, type, full) if full else {}
    if left := [key for key in dict.fromkeys(keys.values()) if key not in rows]:
        rows = {**rows, **store.find_moved_names(read, type, left)}
    return {name: rows[key].id for name, key in keys.items() if key in rows and _is_readable(rows[key], actor)}


def names_of(read: Read, repo_key: int, id: RepoId) -> list[str]:
    """In lower case, its own first: what cards that mean this repository may call it (renames, one-word aliases)."""
    return [name_key(id.full_name), *store.moved_names(read, repo_key)]


def _can_be_one(name: str) -> bool:
    return 0 < len(name) <= _FULL_NAME_LENGTH_MAX and name.count("/") <= 1 and is_storable(name)


def _is_readable(row: RepoRow, actor: Actor | None) -> bool:
    return not row.disabled and access_of(row, actor) >= Access.READ
