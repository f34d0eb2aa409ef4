"""SQL of the one row that names this Hub's Xet store."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select, update

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import xet_instance
from zoco.adapters.db.upsert import insert

_ROW = 1


class Instance(NamedTuple):
    name: str
    generation: int


def find(read: Read) -> Instance | None:
    row = read.execute(select(xet_instance.c.name, xet_instance.c.generation).where(xet_instance.c.id == _ROW)).first()
    return Instance(*row) if row else None


def find_or_make(write: Write, new: Instance) -> Instance:
    """`new`, unless somebody was first."""
    write.execute(insert(write, xet_instance).values(id=_ROW, **new._asdict()).on_conflict_do_nothing())
    found = find(write)
    assert found is not None, "nobody deletes the row"
    return found


def raise_generation(write: Write) -> int:
    raised = update(xet_instance).where(xet_instance.c.id == _ROW).values(generation=xet_instance.c.generation + 1)
    return int(write.execute(raised.returning(xet_instance.c.generation)).scalar_one())


def replace(write: Write, new: Instance) -> None:
    write.execute(update(xet_instance).where(xet_instance.c.id == _ROW).values(**new._asdict()))
