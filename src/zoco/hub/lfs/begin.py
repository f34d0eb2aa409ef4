"""Which objects come in parts, or straight to the store, and where do their uploads begin?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from zoco.adapters.blobs.parts import InParts, PartStore
from zoco.adapters.clock import fresh_uuid, now_ms
from zoco.core.ids import Sha256
from zoco.core.repos import WritableRepo
from zoco.formats.lfs.batch import AskedObject
from zoco.hub.lfs import parts_store
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.lfs.objects import TOUCHED_EVERY_MS
from zoco.hub.lfs.parts_store import PartUpload
from zoco.hub.lfs.upload import KEYS, Lfs

PART_KEYS: Final = f"{KEYS}parts/"
PART_SIZE: Final = 64 << 20
PARTS_MAX: Final = 500
"""Of one object. Files over 32 GB come in larger parts: each has an address of its own in the batch's answer."""

STRAIGHT_SIZE_MIN: Final = 8 << 20
"""Below, a straight upload costs more requests than passing the bytes on."""

STRAIGHT_SIZE_MAX: Final = 5 << 30
"""The most that S3 takes in one piece."""

PARTS_AT_ONCE_MAX: Final = 20_000
UNFINISHED_MAX: Final = 10_000
"""Of one repository. What does not fit these two comes through us, whole."""

SLOWEST_BYTES_S: Final = 1_000_000
LIFETIME_MAX_S: Final = 7 * 86_400  # S3's own limit


def address_lifetime_s(limits: LfsLimits, size: int) -> int:
    """The last part is begun when the others have been sent, so a large file's addresses are good for longer."""
    return min(limits.address_lifetime_s + size // SLOWEST_BYTES_S, LIFETIME_MAX_S)


def begin_uploads(
    lfs: Lfs, repo: WritableRepo, objects: Iterable[AskedObject], *, can_multipart: bool
) -> dict[Sha256, PartUpload]:
    """Those of `objects` that come in parts, or straight to the store in one; the others come through us, whole.

    An upload that was begun before is gone on with.
    """
    if lfs.blobs.parts is None:
        return {}
    wanted = _that_fit({one.sha256: one.size for one in objects}, lfs.blobs.parts, lfs.limits, can_multipart)
    if not wanted:
        return {}
    with lfs.db.read() as read:
        known = {one.sha256: one for one in parts_store.of_repo(read, repo.key, wanted) if _is_as(one, wanted)}
        room = UNFINISHED_MAX - parts_store.count(read, repo.key)
    new = _begin(lfs.blobs.parts, repo, [(sha, *wanted[sha]) for sha in wanted if sha not in known][: max(0, room)])
    now = now_ms()
    old = [one.uuid for one in known.values() if one.asked_at_ms < now - TOUCHED_EVERY_MS]
    if new or old:
        with lfs.db.write() as write:
            parts_store.touch(write, old, now)
            if new:
                parts_store.insert_all(write, new)
    return known | {one.sha256: one for one in new}


def _that_fit(
    sizes: dict[Sha256, int], parts: PartStore, limits: LfsLimits, can_multipart: bool
) -> dict[Sha256, tuple[int, int]]:
    """Size and part size."""
    wanted: dict[Sha256, tuple[int, int]] = {}
    left = PARTS_AT_ONCE_MAX
    for sha256, size in sizes.items():
        if can_multipart and size >= max(limits.multipart_size_min_bytes, 1):
            part_size = max(PART_SIZE, -(-size // PARTS_MAX))
        elif parts.is_straight and STRAIGHT_SIZE_MIN <= size <= STRAIGHT_SIZE_MAX:
            part_size = size
        else:
            continue
        left -= -(-size // part_size)
        if left < 0:
            break
        wanted[sha256] = (size, part_size)
    return wanted


def _is_as(one: PartUpload, wanted: dict[Sha256, tuple[int, int]]) -> bool:
    return (one.size, one.blob.part_size) == wanted[one.sha256]


def _begin(parts: PartStore, repo: WritableRepo, new: Sequence[tuple[Sha256, int, int]]) -> list[PartUpload]:
    """A distant store is asked about several at once."""

    def begun(sha256: Sha256, size: int, part_size: int) -> PartUpload:
        key = f"{PART_KEYS}{fresh_uuid()}"
        return PartUpload(fresh_uuid(), repo.key, sha256, InParts(key, size, part_size, parts.begin(key)), now_ms())

    if len(new) < 2:
        return [begun(*one) for one in new]
    with ThreadPoolExecutor(8, thread_name_prefix="begin-uploads") as pool:
        return list(pool.map(lambda one: begun(*one), new))
