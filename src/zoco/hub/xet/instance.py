"""Which address do Xet clients know this Hub's store by? One that changes when what they remember of it may be gone.

A client remembers for three weeks which chunks the store at an address has, and its upload fails on one that went. So
the address holds a generation, which garbage collection raises as soon as it turns clients away from something.
"""

from __future__ import annotations

from zoco.adapters.clock import fresh_public_id
from zoco.adapters.db.engine import Database, Write
from zoco.hub.xet import instance_store
from zoco.hub.xet.instance_store import Instance

NAME_LENGTH = 10


def cas_segment(db: Database) -> str:
    """The part of the path that names instance and generation: `3f9c02b71e-4`."""
    with db.read() as read:
        found = instance_store.find(read)
    if found is None:
        with db.write() as write:
            found = instance_store.find_or_make(write, _fresh())
    return f"{found.name}-{found.generation}"


def bump_generation(write: Write) -> int:
    """The new one. Clients that hear of it forget all they remember."""
    instance_store.find_or_make(write, _fresh())
    return instance_store.raise_generation(write)


def begin_anew(write: Write) -> str:
    """The new name. For a database that was put back to an older state: the generations after that state were given
    out already, with what was stored then."""
    instance_store.find_or_make(write, _fresh())
    anew = _fresh()
    instance_store.replace(write, anew)
    return anew.name


def _fresh() -> Instance:
    return Instance(fresh_public_id()[:NAME_LENGTH], 1)
