"""How does a commit made here reach its branch? Build on the tip, try to move the branch, and build again if it moved.

The pack keeps what it holds between tries, so that content is compressed once. Threads of one process take turns at a
branch; processes race, and each round of a race has a winner.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from weakref import WeakValueDictionary

from zoco.adapters.clock import fresh_uuid
from zoco.adapters.failpoints import hit
from zoco.adapters.git.reader import Reader
from zoco.core.access import Actor
from zoco.core.errors import Conflict, RepoNotFound
from zoco.core.ids import Oid
from zoco.core.repos import WritableRepo
from zoco.formats.git.pack import PackWriter
from zoco.hub.repos import ref_store
from zoco.hub.repos.ref_store import Tip
from zoco.hub.repos.revisions import at_version
from zoco.hub.repos.storage import (
    PrunedMeanwhile,
    RefsMoved,
    RepoStorage,
    StoredPack,
    Update,
    apply_updates,
    reader,
    store_pack,
)

TRIES_MAX = 50

Build = Callable[[Reader, Tip], Oid]
"""Puts a commit and its trees into the pack, on top of the tip, and says which it is."""

_turns: WeakValueDictionary[tuple[int, str], Lock] = WeakValueDictionary()
_turns_lock = Lock()


def land(
    storage: RepoStorage, repo: WritableRepo, actor: Actor, ref: str, pack: PackWriter, build: Build, *, via: str
) -> tuple[Oid, Tip]:
    """The new commit, and the tip it replaced. What `build` raises ends it; Conflict when the race was never won."""
    with _turn(repo.key, ref):
        for _ in range(TRIES_MAX):
            tip = tip_of(storage, repo, ref)
            now = at_version(repo, tip)
            with reader(storage, now) as git:
                new = build(git, tip)
            stored = store(storage, pack)
            hit("commit_after_store")
            try:
                hit("commit_before_commit")
                apply_updates(storage, now, [Update(ref, tip.oid, new)], [stored], actor, via)
            except PrunedMeanwhile:
                continue
            except RefsMoved:
                if tip_of(storage, repo, ref).oid == tip.oid:  # it is not the tip that stands in the way
                    raise
                continue
            hit("commit_after_commit")
            return new, tip
    raise Conflict(f"{ref} is being updated by too many at once. Try again in a moment.")


def tip_of(storage: RepoStorage, repo: WritableRepo, ref: str) -> Tip:
    with storage.db.read() as read:
        tip = ref_store.tip_of(read, repo.key, ref)
    if tip is None:
        raise RepoNotFound(repo.id)
    return tip


def store(storage: RepoStorage, pack: PackWriter) -> StoredPack:
    """Durable when it returns. Then it must go to `apply_updates`."""
    name = fresh_uuid()
    pack_file, idx_file = (storage.blobs.scratch / f"{name}.{kind}" for kind in ("pack", "idx"))
    try:
        written = pack.write(pack_file, idx_file)
        return store_pack(storage, pack_file, idx_file, written)
    finally:
        pack_file.unlink(missing_ok=True)
        idx_file.unlink(missing_ok=True)


def _turn(repo_key: int, ref: str) -> Lock:
    with _turns_lock:
        turn = _turns.get((repo_key, ref))
        if turn is None:
            turn = _turns[repo_key, ref] = Lock()
        return turn
