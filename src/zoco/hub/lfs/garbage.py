"""Which LFS objects can go? Those no repository has, after the grace; their bytes follow after it once more.

Safe to repeat and to interrupt: each batch is a transaction that locks the objects and looks again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from zoco.adapters.db.engine import Database
from zoco.adapters.failpoints import hit
from zoco.core.garbage import Gone, Kind
from zoco.hub.lfs import store
from zoco.hub.lfs.upload import KEYS
from zoco.jobs import doomed

AT_ONCE = 200

STORED: Final = doomed.Keys(KEYS, known=store.named, live=store.named)
"""This room's keys in the store."""


def forget_unlinked(db: Database, now_ms: int, grace_ms: int) -> Iterator[Gone]:
    after = ""
    while True:
        with db.read() as read:
            shas = store.unlinked(read, now_ms - grace_ms, after, AT_ONCE)
        if not shas:
            return
        after = shas[-1]
        with db.write() as write:
            gone = store.forget_unlinked(write, shas, now_ms + grace_ms)
        hit("gc_after_objects")
        for one in gone:
            yield Gone(Kind.LFS_OBJECT, one.sha256, one.size, "no repository has it")
