"""Which uploads did nobody finish? Those whose addresses expired, and then the grace passed: their parts go."""

from __future__ import annotations

from zoco.adapters.blobs.parts import Unfinished
from zoco.adapters.clock import now_ms
from zoco.hub.lfs import parts_store
from zoco.hub.lfs.begin import LIFETIME_MAX_S, PART_KEYS, address_lifetime_s
from zoco.hub.lfs.parts_store import PartUpload
from zoco.hub.lfs.store import batches
from zoco.hub.lfs.upload import KEYS, Lfs

JUST_BEGUN_MS = 3_600_000
"""An upload begins at the store before its row is written."""


def sweep(lfs: Lfs, grace_ms: int) -> int:
    """How many were given up. Safe to repeat, to interrupt, and beside uploads that run."""
    return _give_up_old(lfs, grace_ms) + _abort_unknown(lfs, grace_ms)


def _give_up_old(lfs: Lfs, grace_ms: int) -> int:
    with lfs.db.read() as read:
        old = parts_store.asked_before(read, now_ms() - grace_ms)
    return sum(_give_up(lfs, one) for one in old if _has_expired(lfs, one, grace_ms))


def _has_expired(lfs: Lfs, upload: PartUpload, grace_ms: int) -> bool:
    return upload.asked_at_ms + 1000 * address_lifetime_s(lfs.limits, upload.size) + grace_ms < now_ms()


def _give_up(lfs: Lfs, upload: PartUpload) -> bool:
    """The row first: whoever completes it in this moment then either was faster, or publishes nothing."""
    with lfs.db.write() as write:
        mine = parts_store.forget(write, upload.uuid)
    if mine and lfs.blobs.parts:
        lfs.blobs.parts.abort(upload.blob)
        lfs.blobs.delete(upload.blob.key)  # joined, but never published
    return mine


def _abort_unknown(lfs: Lfs, grace_ms: int) -> int:
    """What a deleted repository, a crash, or an upload through us that was killed left at the store."""
    parts, total = lfs.blobs.parts, 0
    if parts is None:
        return 0
    for some in batches(parts.unfinished(KEYS)):
        with lfs.db.read() as read:
            known = parts_store.known_keys(read, [one.blob.key for one in some])
        for one in some:
            if one.blob.key not in known and one.since_ms + _patience_ms(one, grace_ms) < now_ms():
                parts.abort(one.blob)
                total += 1
    return total


def _patience_ms(one: Unfinished, grace_ms: int) -> int:
    """A file that comes through us whole has no row while it comes, and S3 does not say when it last got a part."""
    is_in_parts = one.blob.key.startswith(PART_KEYS)
    return max(grace_ms, JUST_BEGUN_MS) if is_in_parts else grace_ms + 1000 * LIFETIME_MAX_S
