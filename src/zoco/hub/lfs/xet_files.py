"""Files that rest in Xet, as the LFS objects they are: which repository has which, and how one gets another.

A file that came by Xet is an LFS object like any other: git, git-lfs and older clients read it by its SHA-256. The
SHA-256 was proven, so that it does not matter who uploaded it, or how it was cut into chunks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database, Write
from zoco.adapters.failpoints import hit
from zoco.core.errors import TooLarge
from zoco.core.ids import Sha256
from zoco.core.repos import ContentsRepo, WritableRepo
from zoco.formats.xet.hashes import XetHash
from zoco.hub.lfs import store, xet_store
from zoco.hub.lfs.batch import LfsLimits, too_large
from zoco.hub.lfs.store import LfsObject
from zoco.hub.xet import shards
from zoco.hub.xet.shards import CheckedFile
from zoco.jobs import doomed

_FILES_OF_A_SHARD_MAX = 4
"""Times the largest file: clients cut shards long before that."""


def check_sizes(files: Sequence[CheckedFile], limits: LfsLimits) -> None:
    """Raises TooLarge. A few megabytes of a shard can name petabytes, which would all be read to be proven."""
    for one in files:
        if one.file.size > limits.file_size_max_bytes:
            raise TooLarge(too_large(one.file.size, limits))
    if sum(one.file.size for one in files) > _FILES_OF_A_SHARD_MAX * limits.file_size_max_bytes:
        raise TooLarge("The files of this shard are too large together: upload fewer at once.")


def publish(
    db: Database, repo: WritableRepo, files: Sequence[CheckedFile], user_id: int | None, *, grace_ms: int
) -> None:
    """The repository has the files from now on. They must be proven. One transaction: all of them or none.

    Raises XorbCollected (Unavailable) when a xorb went since the check.
    """
    hit("shard_before_commit")
    with db.write() as write:
        shards.insert(write, files)
        now = now_ms()
        held = [_held(write, one, now, grace_ms) for one in sorted(files, key=_sha256)]
        store.hold_repo(write, repo.key)
        added = sum(one.size for one in held if store.link(write, repo.key, one, user_id, now))
        store.add_used_storage(write, repo.key, added)
    hit("shard_after_commit")


def has_file(db: Database, repo: ContentsRepo, file: XetHash) -> bool:
    """Whether the repository has an object that rests in this file."""
    with db.read() as read:
        return xet_store.is_linked(read, repo.key, file)


def has_xorb(db: Database, repo: ContentsRepo, xorb: XetHash) -> bool:
    """Whether one of the repository's files rests in it."""
    with db.read() as read:
        return xet_store.is_xorb_linked(read, repo.key, xorb)


def holders(db: Database, files: Iterable[XetHash]) -> Mapping[XetHash, frozenset[int]]:
    """Which repositories (their keys) have each file. Says nothing of who may know: the caller's rule does."""
    with db.read() as read:
        return xet_store.holders(read, files)


def _sha256(one: CheckedFile) -> Sha256:
    return one.file.sha256


def _held(write: Write, one: CheckedFile, now: int, grace_ms: int) -> LfsObject:
    wanted = LfsObject(one.file.sha256, one.file.size, "", one.file.hash)
    held = store.insert_object(write, wanted, now)
    if held.xet_hash is None:  # stored as it is: from now on its chunks serve, and the copy goes after the grace
        xet_store.move_into(write, held, one.file.hash)
        doomed.doom(write, [held.key], now + grace_ms)
    return held
