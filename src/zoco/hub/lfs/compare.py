"""Which of a repository's LFS objects may it forget? The room above knows what its history names; this one what is old.

A link is old when nobody was told within the grace time that the object is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zoco.adapters.db.engine import Database, Read, Write
from zoco.core.ids import Sha256
from zoco.hub.lfs import compare_store, store

AT_ONCE = 500


def repos_to_compare(db: Database, before_ms: int) -> Iterator[int]:
    """Keys of repositories that moved since they were compared, or whose links became old since."""
    after = 0
    while True:
        with db.read() as read:
            some = compare_store.repos_to_compare(read, before_ms, after, AT_ONCE)
        if not some:
            return
        after = some[-1]
        yield from some


def old_links(read: Read, repo_key: int, before_ms: int) -> set[bytes]:
    """The objects' hashes, as bytes."""
    return compare_store.old_links(read, repo_key, before_ms)


def forget_old(write: Write, repo_key: int, shas: Iterable[bytes], before_ms: int) -> dict[Sha256, int]:
    """The repository forgets those that are still old; their sizes."""
    gone = compare_store.unlink_old(write, repo_key, (Sha256(sha.hex()) for sha in shas), before_ms)
    if gone:
        store.add_used_storage(write, repo_key, -sum(gone.values()))
    return gone


def remember(write: Write, repo_key: int, version: int, before_ms: int) -> None:
    """At this version all that was old then is named."""
    compare_store.remember(write, repo_key, version, before_ms)
