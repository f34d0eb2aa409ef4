"""Devices that wait for their owner's consent (OAuth device flow): rows in, rows out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import device_code


class Status(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Device:
    user_code: str
    client_id: str
    scope: str
    status: Status
    user_id: int | None
    expires_at_ms: int
    last_poll_at_ms: int | None


_COLUMNS = (
    device_code.c.user_code,
    device_code.c.client_id,
    device_code.c.scope,
    device_code.c.status,
    device_code.c.user_id,
    device_code.c.expires_at,
    device_code.c.last_poll_at,
)


def add(write: Write, hash: str, user_code: str, client_id: str, scope: str, expires_at_ms: int) -> None:
    write.execute(
        insert(device_code).values(
            hash=hash,
            user_code=user_code,
            client_id=client_id,
            scope=scope,
            status=Status.PENDING.value,
            expires_at=expires_at_ms,
        )
    )


def count(read: Read) -> int:
    return int(read.scalar(select(func.count()).select_from(device_code)) or 0)


def by_user_code(read: Read, user_code: str) -> Device | None:
    """Only one that still waits."""
    return _one(
        read,
        (device_code.c.user_code == user_code)
        & (device_code.c.status == Status.PENDING.value)
        & (device_code.c.expires_at > now_ms()),
    )


def by_hash(write: Write, hash: str) -> Device | None:
    """Held until the transaction ends, so that of two polls at once only one is given the tokens."""
    return _one(write, device_code.c.hash == hash, for_update=True)


def answer(write: Write, user_code: str, status: Status, user_id: int) -> bool:
    """False when it no longer waits."""
    waits = (device_code.c.status == Status.PENDING.value) & (device_code.c.expires_at > now_ms())
    statement = update(device_code).where(device_code.c.user_code == user_code, waits)
    return write.execute(statement.values(status=status.value, user_id=user_id)).rowcount > 0


def polled(write: Write, hash: str, at_ms: int) -> None:
    write.execute(update(device_code).where(device_code.c.hash == hash).values(last_poll_at=at_ms))


def remove(write: Write, hash: str) -> None:
    write.execute(delete(device_code).where(device_code.c.hash == hash))


def delete_expired(write: Write, before_ms: int) -> int:
    return int(write.execute(delete(device_code).where(device_code.c.expires_at <= before_ms)).rowcount)


def _one(read: Read, condition: ColumnElement[bool], *, for_update: bool = False) -> Device | None:
    query = select(*_COLUMNS).where(condition)
    row = read.execute(query.with_for_update() if for_update else query).first()
    if row is None:
        return None
    return Device(row[0], row[1], row[2], Status(row[3]), row[4], row[5], row[6])
