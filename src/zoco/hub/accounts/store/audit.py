"""The audit trail: rows in, rows out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, or_, select

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import audit


@dataclass(frozen=True, slots=True)
class AuditEvent:
    id: int
    at_ms: int
    actor: str | None
    """None: the operator at the command line"""
    action: str
    subject: str
    address: str | None
    details: dict[str, Any] | None  # Any: JSON


def add(
    write: Write,
    at_ms: int,
    actor: str | None,
    action: str,
    subject: str,
    address: str | None,
    details: dict[str, object] | None,
) -> None:
    write.execute(
        insert(audit).values(
            at=at_ms, actor=actor, action=action, subject=subject, address=(address or None), details=details
        )
    )


def newest(
    read: Read, actor: str | None, action: str | None, subject: str | None, before: int | None, limit: int
) -> list[AuditEvent]:
    columns = (
        audit.c.id, audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.address, audit.c.details
    )  # fmt: skip
    query = select(*columns).order_by(audit.c.id.desc()).limit(limit)
    if actor:
        query = query.where(audit.c.actor == actor)
    if action:
        query = query.where(or_(audit.c.action == action, audit.c.action.startswith(f"{action}.", autoescape=True)))
    if subject:
        query = query.where(audit.c.subject == subject)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [AuditEvent(*row) for row in read.execute(query)]
