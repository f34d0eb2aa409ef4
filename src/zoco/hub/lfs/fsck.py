"""Is each LFS object what its hash says, where it rests as it is? And what rests in Xet: is its file the same?"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from zoco.adapters.blobs import port
from zoco.adapters.blobs.port import BlobNotFound
from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.core.damage import UPLOAD_AGAIN, Damage, restore
from zoco.core.errors import Unavailable
from zoco.core.ids import Sha256
from zoco.formats.xet.hashes import XetHash
from zoco.hub.lfs import fsck_store, store
from zoco.hub.lfs.store import LfsObject
from zoco.hub.xet import fsck as xet_fsck
from zoco.hub.xet.files import find_file
from zoco.hub.xet.xorbs import Xet
from zoco.jobs import doomed

AT_ONCE = 500
OBJECT = "lfs object"
_FROM_DATABASE = f"restore the database from a backup, {UPLOAD_AGAIN}"


def check_objects(
    xet: Xet, repo_keys: Sequence[int] | None, bad_files: Collection[str], tally: Counter[str], *, fast: bool
) -> Iterator[Damage]:
    """All, or those that these repositories have. `what` of the damage is the object's hash."""
    after = ""
    while True:
        with xet.db.read() as read:
            found = fsck_store.objects(read, repo_keys, after, AT_ONCE)
        if not found:
            return
        after = found[-1].sha256
        for one in found:
            tally["LFS objects"] += 1
            problem, cure = _problem_with(xet, one, bad_files, fast=fast)
            if problem and _is_still_so(xet.db, one):
                yield Damage(OBJECT, one.sha256, problem, cure)


def xet_files_of(db: Database, repo_keys: Sequence[int]) -> list[XetHash]:
    with db.read() as read:
        return fsck_store.files_of(read, repo_keys)


def holders(db: Database, sha256: Sha256) -> list[int]:
    """Keys of the repositories that have it."""
    with db.read() as read:
        return fsck_store.holders(read, sha256)


def linked(db: Database, repo_key: int, shas: Sequence[Sha256]) -> dict[Sha256, LfsObject]:
    with db.read() as read:
        return store.linked(read, repo_key, shas)


def forget(db: Database, shas: Sequence[Sha256], files: Sequence[str], xorbs: Sequence[str]) -> int:
    """Damaged objects, and what rests in damaged Xet files or xorbs, with all links to them: whoever still has such a
    file is then asked to send it. How many objects that were."""
    with db.write() as write:
        all_files = xet_fsck.hold(write, files, xorbs)
        gone = fsck_store.hold(write, [*shas, *fsck_store.resting_in(write, all_files)])
        freed: Counter[int] = Counter()
        for link in fsck_store.links_to(write, gone):
            freed[link.repo_key] += link.size
        for repo_key in sorted(freed):
            store.add_used_storage(write, repo_key, -freed[repo_key])
        keys = fsck_store.forget(write, gone) + xet_fsck.forget(write, all_files, xorbs)
        doomed.doom(write, keys, now_ms())
    return len(gone)


def _problem_with(xet: Xet, one: LfsObject, bad_files: Collection[str], *, fast: bool) -> tuple[str, str]:
    """And its cure."""
    if one.key:
        return _problem_with_bytes(xet, one, fast=fast), f"{restore(one.key)}, {UPLOAD_AGAIN}"
    return _problem_with_file(xet, one, bad_files), _FROM_DATABASE


def _problem_with_bytes(xet: Xet, one: LfsObject, *, fast: bool) -> str:
    digest = hashlib.sha256()
    try:
        if (size := xet.blobs.size(one.key)) != one.size:
            return f"its bytes in the store, {one.key}, are {size}, not {one.size}"
        if fast:
            return ""
        for piece in xet.blobs.read(one.key):
            digest.update(piece)
    except BlobNotFound:
        return f"its bytes are not in the store: {one.key}"
    except Unavailable as error:
        port.demand(xet.blobs)
        return f"its bytes cannot be read: {error.message}"
    if digest.hexdigest() == one.sha256:
        return ""
    return f"its bytes in the store, {one.key}, have SHA-256 {digest.hexdigest()}"


def _problem_with_file(xet: Xet, one: LfsObject, bad_files: Collection[str]) -> str:
    if not one.xet_hash:
        return "the database names no place where it rests"
    if one.xet_hash in bad_files:
        return f"it rests in Xet file {one.xet_hash}, which is damaged"
    file = find_file(xet, XetHash(one.xet_hash))
    if file is None:
        return f"it rests in Xet file {one.xet_hash}, which is not here"
    if (file.sha256, file.size) != (one.sha256, one.size):
        return f"it rests in Xet file {one.xet_hash}, which has SHA-256 {file.sha256} and {file.size} bytes"
    return ""


def _is_still_so(db: Database, one: LfsObject) -> bool:
    with db.read() as read:
        return fsck_store.is_as(read, one)
