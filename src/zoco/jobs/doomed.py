"""Which stored objects shall be deleted, and when? Each room notes what it names no more; here it is deleted later.

A key is fresh for every upload, so that nothing doomed is ever named again. A stray (bytes that no row names) may
still belong to an upload that is just ending: it goes only when nothing names it at the end of its time either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import delete, or_, select

from zoco.adapters.blobs.port import BlobNotFound, BlobStore
from zoco.adapters.db.engine import Database, Read, Write
from zoco.adapters.db.tables import doomed_object
from zoco.adapters.db.upsert import insert
from zoco.adapters.failpoints import hit
from zoco.core.garbage import Gone, Kind

AT_ONCE = 200

STRAY_KEPT_MS = 3_600_000
"""At least, whatever the grace: between the end of an upload and its row there are moments, never an hour."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one room. `known` are those that any row names, `live` those that must not be deleted; `deleted`
    tidies up after some are."""

    prefix: str
    known: Callable[[Read, Sequence[str]], set[str]]
    live: Callable[[Read, Sequence[str]], set[str]]
    deleted: Callable[[Write, Sequence[str]], None] = lambda _write, _keys: None


def doom(write: Write, keys: Iterable[str], delete_at_ms: int) -> None:
    """What was a stray once, when its upload was just ending, has its whole time from now on."""
    for some in _batches(keys):
        new = insert(write, doomed_object).values(_rows(some, delete_at_ms, is_stray=False))
        renewed = {"delete_at": new.excluded.delete_at, "is_stray": new.excluded.is_stray}
        write.execute(new.on_conflict_do_update(index_elements=["key"], set_=renewed))


def doom_strays(write: Write, keys: Iterable[str], delete_at_ms: int) -> None:
    for some in _batches(keys):
        new = insert(write, doomed_object).values(_rows(some, delete_at_ms, is_stray=True))
        write.execute(new.on_conflict_do_nothing(index_elements=["key"]))


def _rows(keys: Sequence[str], delete_at_ms: int, *, is_stray: bool) -> list[dict[str, object]]:
    return [{"key": key, "delete_at": delete_at_ms, "is_stray": is_stray} for key in dict.fromkeys(keys)]


def note_strays(db: Database, blobs: BlobStore, keys: Keys, now_ms: int, grace_ms: int) -> Iterator[Gone]:
    for some in strays(db, blobs, keys):
        with db.write() as write:
            doom_strays(write, some, now_ms + max(grace_ms, STRAY_KEPT_MS))
        yield from (as_stray(blobs, key) for key in some)


def strays(db: Database, blobs: BlobStore, keys: Keys) -> Iterator[list[str]]:
    """Stored keys that neither a row nor the list of the doomed names."""
    for some in _batches(blobs.keys(keys.prefix)):
        with db.read() as read:
            left = set(some) - keys.known(read, some)
            left -= set(read.scalars(select(doomed_object.c.key).where(doomed_object.c.key.in_(some))))
        if left:
            yield sorted(left)


def delete_due(db: Database, blobs: BlobStore, keys: Keys, now_ms: int, ahead_ms: int = 0) -> Iterator[Gone]:
    """`ahead_ms`: how much sooner than it was planned, for what is no stray. What turned out to be live is only
    forgotten."""
    for some, live in _due(db, keys, now_ms, ahead_ms):
        gone = [key for key in some if key not in live]
        sizes = {key: _size(blobs, key) for key in gone}
        for key in gone:
            blobs.delete(key)
            hit("gc_after_delete")
        with db.write() as write:
            these = doomed_object.c.key.in_(some)
            # in one order, so that two runs at once do not wait for each other in a circle
            write.execute(select(doomed_object.c.key).where(these).order_by(doomed_object.c.key).with_for_update())
            write.execute(delete(doomed_object).where(these))
            keys.deleted(write, gone)
        yield from (_bytes(key, sizes[key]) for key in gone)


def list_due(db: Database, keys: Keys, now_ms: int, ahead_ms: int = 0) -> Iterator[str]:
    """What `delete_due` would delete."""
    for some, live in _due(db, keys, now_ms, ahead_ms):
        yield from (key for key in some if key not in live)


def as_gone(blobs: BlobStore, key: str) -> Gone:
    return _bytes(key, _size(blobs, key))


def as_stray(blobs: BlobStore, key: str) -> Gone:
    return Gone(Kind.STRAY, key, _size(blobs, key), "no row names it: left by an upload that was cut off")


def _bytes(key: str, size: int) -> Gone:
    return Gone(Kind.BYTES, key, size, "nothing has named it for the grace time")


def _due(db: Database, keys: Keys, now_ms: int, ahead_ms: int) -> Iterator[tuple[list[str], set[str]]]:
    after = ""
    stray, delete_at = doomed_object.c.is_stray, doomed_object.c.delete_at
    is_due = or_(stray & (delete_at <= now_ms), ~stray & (delete_at <= now_ms + ahead_ms))
    while True:
        query = (
            select(doomed_object.c.key)
            .where(doomed_object.c.key.startswith(keys.prefix, autoescape=True), doomed_object.c.key > after, is_due)
            .order_by(doomed_object.c.key)
            .limit(AT_ONCE)
        )
        with db.read() as read:
            some = list(read.scalars(query))
            live = keys.live(read, some)
        if not some:
            return
        after = some[-1]
        yield some, live


def _size(blobs: BlobStore, key: str) -> int:
    try:
        return blobs.size(key)
    except BlobNotFound:
        return 0


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch
