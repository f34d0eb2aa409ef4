"""Who changed what, and when: written inside the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database, Write
from zoco.core.access import Actor
from zoco.core.pages import Page
from zoco.hub.accounts.store import audit as store
from zoco.hub.accounts.store.audit import AuditEvent

__all__ = ["AuditEvent", "AuditQuery", "list_events", "record"]

SUBJECT_LENGTH_MAX = 300


def record(
    write: Write,
    actor: Actor | str | None,
    action: str,
    subject: str,
    address: str | None = None,
    details: Mapping[str, object] | None = None,
) -> None:
    """`actor` is a name where nobody is signed in yet, None for the operator at the command line.

    `action` is `noun.verb` (`token.create`); `subject` what it was done to. Never a password, token or signed address.
    """
    name = actor.name if isinstance(actor, Actor) else actor
    store.add(write, now_ms(), name, action, subject[:SUBJECT_LENGTH_MAX], address, dict(details) if details else None)


@dataclass(frozen=True, slots=True)
class AuditQuery:
    actor: str | None = None
    action: str | None = None
    """a whole action or a noun: `token` finds `token.create`"""
    subject: str | None = None


def list_events(
    db: Database, query: AuditQuery | None = None, *, cursor: str | None = None, limit: int = 100
) -> Page[AuditEvent]:
    """Newest first."""
    query = query or AuditQuery()
    before = int(cursor) if cursor and cursor.isascii() and cursor.isdigit() else None
    with db.read() as read:
        found = store.newest(read, query.actor, query.action, query.subject, before, limit + 1)
    more = len(found) > limit
    return Page(tuple(found[:limit]), next_cursor=str(found[limit - 1].id) if more else None)
