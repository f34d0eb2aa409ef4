"""Sealed keys: rows in, rows out."""

from __future__ import annotations

from sqlalchemy import select

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import keyring
from zoco.adapters.db.upsert import insert


def find(read: Read, name: str) -> str | None:
    return read.scalar(select(keyring.c.sealed).where(keyring.c.name == name))


def add_if_absent(write: Write, name: str, sealed: str) -> None:
    statement = insert(write, keyring).values(name=name, sealed=sealed, created_at=now_ms())
    write.execute(statement.on_conflict_do_nothing(index_elements=["name"]))
