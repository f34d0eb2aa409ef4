"""Which uploads did nobody finish? Those whose addresses expired, and then the grace passed: their parts go.

Safe to repeat, to interrupt, and beside uploads that run.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from zoco.adapters.blobs.parts import PartStore, Unfinished
from zoco.core.garbage import Gone, Kind, Offer
from zoco.hub.lfs import parts_store
from zoco.hub.lfs.begin import LIFETIME_MAX_S, PART_KEYS, address_lifetime_s
from zoco.hub.lfs.parts_store import PartUpload
from zoco.hub.lfs.store import batches
from zoco.hub.lfs.upload import KEYS, Lfs

JUST_BEGUN_MS = 3_600_000
"""An upload begins at the store before its row is written."""


def abandoned(lfs: Lfs, now_ms: int, grace_ms: int) -> Iterator[Offer]:
    with lfs.db.read() as read:
        old = parts_store.asked_before(read, now_ms - grace_ms)
    for one in old:
        if one.asked_at_ms + 1000 * address_lifetime_s(lfs.limits, one.size) + grace_ms < now_ms:
            why = "nobody asked for its addresses since they expired"
            yield Gone(Kind.UPLOAD, one.blob.key, one.size, why), partial(_give_up, lfs, one)
    if lfs.blobs.parts is not None:
        yield from _unknown(lfs, lfs.blobs.parts, now_ms, grace_ms)


def _give_up(lfs: Lfs, upload: PartUpload) -> bool:
    """The row first: whoever completes it in this moment then either was faster, or publishes nothing."""
    with lfs.db.write() as write:
        mine = parts_store.forget(write, upload.uuid)
    if mine and lfs.blobs.parts:
        lfs.blobs.parts.abort(upload.blob)
        lfs.blobs.delete(upload.blob.key)  # joined, but never published
    return mine


def _unknown(lfs: Lfs, parts: PartStore, now_ms: int, grace_ms: int) -> Iterator[Offer]:
    """What a deleted repository, a crash, or an upload through us that was killed left at the store."""
    for some in batches(parts.unfinished(KEYS)):
        with lfs.db.read() as read:
            known = parts_store.known_keys(read, [one.blob.key for one in some])
        for one in some:
            if one.blob.key not in known and one.since_ms + _patience_ms(one, grace_ms) < now_ms:
                yield Gone(Kind.UPLOAD, one.blob.key, 0, "no row names it"), partial(_abort, parts, one)


def _abort(parts: PartStore, one: Unfinished) -> bool:
    parts.abort(one.blob)
    return True


def _patience_ms(one: Unfinished, grace_ms: int) -> int:
    """A file that comes through us whole has no row while it comes, and S3 does not say when it last got a part."""
    is_in_parts = one.blob.key.startswith(PART_KEYS)
    return max(grace_ms, JUST_BEGUN_MS) if is_in_parts else grace_ms + 1000 * LIFETIME_MAX_S
