"""Which stored objects can go? Those no repository has, after the grace; and bytes that no row ever named.

Three passes, each safe to repeat and to interrupt: forget unlinked objects (their bytes are noted as doomed), note
bytes that an upload stored and then died before naming, delete what has been doomed for the whole grace. Keys are
fresh for every upload, so nothing doomed is ever named again; a stray may still belong to a running upload, so it is
deleted only when nothing names it at the end of the grace either.
"""

from __future__ import annotations

from zoco.adapters.clock import now_ms
from zoco.hub.lfs import store
from zoco.hub.lfs.upload import KEYS, Lfs

AT_ONCE = 200


def forget_unlinked(lfs: Lfs, grace_ms: int) -> int:
    """How many objects no repository had any more."""
    now, total = now_ms(), 0
    while True:
        with lfs.db.read() as read:
            shas = store.unlinked(read, now - grace_ms, AT_ONCE)
        if not shas:
            return total
        with lfs.db.write() as write:
            doomed = store.doom(write, shas, now + grace_ms)
        total += doomed
        if not doomed:  # all were linked again meanwhile
            return total


def note_strays(lfs: Lfs, grace_ms: int) -> int:
    """How many stored keys nothing names."""
    total = 0
    for keys in store.batches(lfs.blobs.keys(KEYS)):
        with lfs.db.read() as read:
            strays = store.strays(read, keys)
        if strays:
            with lfs.db.write() as write:
                store.doom_keys(write, strays, now_ms() + grace_ms)
        total += len(strays)
    return total


def delete_due(lfs: Lfs) -> int:
    """How many keys' bytes were deleted."""
    total = 0
    with lfs.db.write() as write:
        store.forget_named(write)
    while True:
        with lfs.db.read() as read:
            keys = store.due(read, KEYS, now_ms(), AT_ONCE)
        if not keys:
            return total
        for key in keys:
            lfs.blobs.delete(key)
        with lfs.db.write() as write:
            store.forget_doomed(write, keys)
        total += len(keys)
