"""SQL that finds the accounts behind the addresses that commits name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, select

from zoco.adapters.db.engine import Read
from zoco.adapters.db.tables import namespace, user

BATCH = 500


def names_by_email(read: Read, emails: Iterable[str]) -> dict[str, str]:
    """By address in lower case: the account's name."""
    asked = sorted({email.lower() for email in emails})
    return _found(read, user.c.email_key, asked)


def names_by_name(read: Read, names: Iterable[str]) -> dict[str, str]:
    """By name in lower case: the name as its owner writes it."""
    return _found(read, namespace.c.name_key, sorted({name.lower() for name in names}))


def _found(read: Read, key: ColumnElement[str], asked: Sequence[str]) -> dict[str, str]:
    query = select(key, namespace.c.name).select_from(namespace.join(user, user.c.id == namespace.c.id))
    found: dict[str, str] = {}
    for start in range(0, len(asked), BATCH):
        rows = read.execute(query.where(key.in_(asked[start : start + BATCH])))
        found.update((row[0], row[1]) for row in rows)
    return found
