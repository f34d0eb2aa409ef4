"""Which LFS objects does a repository have? Everything is asked through an opened repository.

Bytes are stored once for the whole Hub, but nobody learns from it: an object that only other repositories have is
unknown here until its bytes are sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database, Write
from zoco.core.errors import NotFound, Unprocessable
from zoco.core.ids import Sha256
from zoco.core.repos import ContentsRepo, WritableRepo
from zoco.formats.lfs.pointer import Pointer
from zoco.hub.lfs import store
from zoco.hub.lfs.publish import attach
from zoco.hub.lfs.store import LfsObject, PointerInfo

__all__ = [
    "LfsObject",
    "PointerInfo",
    "copy_links",
    "find",
    "find_all",
    "keep",
    "link_existing",
    "missing",
    "unlink",
    "verify",
]

TOUCHED_EVERY_MS = 3_600_000
"""A client that asks again and again writes once an hour: garbage collection's grace is longer by far."""


def find(db: Database, repo: ContentsRepo, sha256: Sha256) -> LfsObject | None:
    return find_all(db, repo, [sha256]).get(sha256)


def find_all(db: Database, repo: ContentsRepo, shas: Iterable[Sha256]) -> dict[Sha256, LfsObject]:
    """Those of `shas` that the repository has."""
    with db.read() as read:
        return store.linked(read, repo.key, shas)


def missing(db: Database, repo: ContentsRepo, pointers: Iterable[Pointer]) -> list[Pointer]:
    """Pointers to objects that were not uploaded to this repository, or that are of another size than they say."""
    asked = list(dict.fromkeys(pointers))
    found = find_all(db, repo, [pointer.sha256 for pointer in asked])
    return [p for p in asked if not ((has := found.get(p.sha256)) and has.size == p.size)]


def keep(db: Database, repo: ContentsRepo, shas: Sequence[Sha256]) -> set[Sha256]:
    """Somebody is told that these are here and need not be sent: garbage collection's grace begins anew.

    Those that garbage collection took in this very moment come back: they are not here.
    """
    now = now_ms()
    with db.read() as read:
        here = store.touched(read, repo.key, shas)
    if old := sorted(sha for sha, at in here.items() if at < now - TOUCHED_EVERY_MS):
        with db.write() as write:
            kept = store.touch(write, repo.key, old, now)
        here = {sha: at for sha, at in here.items() if at >= now - TOUCHED_EVERY_MS or sha in kept}
    return set(shas) - set(here)


def verify(db: Database, repo: ContentsRepo, sha256: Sha256, size: int) -> None:
    """Raises NotFound when the upload did not arrive, Unprocessable when its size is another."""
    found = find(db, repo, sha256)
    if found is None or keep(db, repo, [sha256]):
        raise NotFound(f"LFS object {sha256} is not in this repository: upload it again ('git lfs push --all').")
    if found.size != size:
        raise Unprocessable(f"LFS object {sha256} has {found.size} bytes here, not {size}.")


def link_existing(
    db: Database, source: ContentsRepo, target: WritableRepo, shas: Sequence[Sha256], user_id: int | None
) -> list[Sha256]:
    """Give `target` what `source` has, without sending bytes. Those that `source` has not come back."""
    found = find_all(db, source, shas)
    linked: set[Sha256] = set()
    if found:
        with db.write() as write:
            held = [one for sha in sorted(found) if (one := store.hold_object(write, sha))]
            store.hold_repo(write, target.key)
            for one in held:
                attach(write, target, one, user_id, now_ms())
                linked.add(one.sha256)
    return [sha for sha in shas if sha not in linked]


def copy_links(write: Write, source: ContentsRepo, target: WritableRepo, user_id: int | None) -> None:
    """Inside the transaction that makes `target`: it has from its first moment what `source` has."""
    store.add_used_storage(write, target.key, store.copy_links(write, source.key, target.key, user_id, now_ms()))


def unlink(db: Database, repo: WritableRepo, shas: Sequence[Sha256]) -> int:
    """The repository forgets the objects; the bytes freed there. The bytes themselves go when nobody has them."""
    with db.write() as write:
        store.hold_repo(write, repo.key)
        freed = store.unlink(write, repo.key, shas)
        store.add_used_storage(write, repo.key, -freed)
    return freed
