"""Stored packs that nothing names are deleted, after the grace. Each pass may be repeated or interrupted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from zoco.adapters import logs
from zoco.adapters.clock import now_ms
from zoco.hub.repos import pack_store
from zoco.hub.repos.storage import PACK_KEYS, RepoStorage, uuid_of_key

AT_ONCE = 200


def sweep(storage: RepoStorage) -> None:
    """Note what a crash left between the store and its row, then delete what has been noted for the whole grace."""
    strays, deleted = note_strays(storage), delete_due(storage)
    logs.info("packs_swept", strays=strays, deleted=deleted)


def note_strays(storage: RepoStorage) -> int:
    """How many keys no row names. One may belong to a push that is just ending, so they only go after the grace."""
    total = 0
    for keys in _batches(storage.blobs.keys(PACK_KEYS)):
        with storage.db.read() as read:
            known = pack_store.known_among(read, [uuid_of_key(key) for key in keys])
        strays = [key for key in keys if uuid_of_key(key) not in known]
        if strays:
            with storage.db.write() as write:
                pack_store.doom(write, strays, now_ms() + storage.limits.gc_grace_ms)
        total += len(strays)
    return total


def delete_due(storage: RepoStorage) -> int:
    """How many keys were deleted. One that a live pack turned out to use is only forgotten."""
    total = 0
    while True:
        with storage.db.read() as read:
            keys = pack_store.due(read, PACK_KEYS, now_ms(), AT_ONCE)
            live = pack_store.live_among(read, [uuid_of_key(key) for key in keys])
        if not keys:
            return total
        gone = [key for key in keys if uuid_of_key(key) not in live]
        for key in gone:
            storage.blobs.delete(key)
        with storage.db.write() as write:
            pack_store.forget(write, keys, [uuid_of_key(key) for key in gone])
        total += len(gone)


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch
