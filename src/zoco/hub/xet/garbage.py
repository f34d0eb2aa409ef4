"""Which Xet files and xorbs can go? Files that no object names; xorbs that no file uses, in two steps.

A xorb that nothing uses is dead first: no dedup answer tells of it, and the generation rises, so that clients forget
it. Only after the grace it goes. A file that is registered with it meanwhile brings it back to life.

Each batch is a transaction that locks its rows and looks again: safe to repeat, to interrupt and beside uploads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from zoco.adapters.db.engine import Database
from zoco.adapters.failpoints import hit
from zoco.core.garbage import Gone, Kind
from zoco.hub.xet import garbage_store
from zoco.hub.xet.instance import bump_generation
from zoco.jobs import doomed

AT_ONCE = 500

STORED: Final = doomed.Keys("xorbs/", known=garbage_store.named_keys, live=garbage_store.named_keys)
"""This room's keys in the store."""


def forget_files(db: Database, now_ms: int, grace_ms: int) -> Iterator[Gone]:
    after, before = "", now_ms - grace_ms
    while True:
        with db.read() as read:
            hashes = garbage_store.unnamed_files(read, before, after, AT_ONCE)
        if not hashes:
            return
        after = hashes[-1]
        with db.write() as write:
            gone = garbage_store.forget_files(write, hashes, before)
        hit("gc_after_files")
        for one in gone:
            yield Gone(Kind.XET_FILE, one.hash, one.size, "no LFS object rests in it")


def mark_dead(db: Database, now_ms: int, grace_ms: int) -> Iterator[Gone]:
    """The generation rises with the first that are found. What is marked after that was not touched since the pass
    began: whoever has the new generation's address never heard of it."""
    after, before, is_raised = "", now_ms - grace_ms, False
    with db.read() as read:
        is_wrong = garbage_store.has_dead_but_named(read)
    if is_wrong:
        with db.write() as write:
            garbage_store.revive_named(write)
    while True:
        with db.read() as read:
            hashes = garbage_store.unnamed_xorbs(read, before, after, AT_ONCE)
        if not hashes:
            return
        after = hashes[-1]
        with db.write() as write:
            gone = garbage_store.mark_dead(write, hashes, before, now_ms)
            if gone and not is_raised:
                bump_generation(write)
                is_raised = True
        hit("gc_after_mark")
        for one in gone:
            yield Gone(Kind.DEAD_XORB, one.hash, one.size, "no file uses it")


def forget_xorbs(db: Database, now_ms: int, grace_ms: int, signed_url_lifetime_ms: int) -> Iterator[Gone]:
    """Their bytes stay as long as addresses are good that were signed for them, but never longer than the grace."""
    after, before = "", now_ms - grace_ms
    while True:
        with db.read() as read:
            hashes = garbage_store.dead_xorbs(read, before, after, AT_ONCE)
        if not hashes:
            return
        after = hashes[-1]
        with db.write() as write:
            gone = garbage_store.forget_xorbs(write, hashes, before)
            doomed.doom(write, [key for _, key in gone], now_ms + min(signed_url_lifetime_ms, grace_ms))
        hit("gc_after_xorbs")
        for one, _ in gone:
            yield Gone(Kind.XORB, one.hash, one.size, "it was dead for the grace time")
