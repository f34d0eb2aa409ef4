"""What no ref reaches any more goes, after the grace: deleted branches, rewritten and squashed history.

The prune epoch rises with it. A push or commit that was built against objects taken away here is refused by the epoch
check of its own transaction, however warm the cache it was checked against.
"""

from __future__ import annotations

from zoco.adapters import logs
from zoco.adapters.clock import now_ms
from zoco.adapters.git.repack import workshop
from zoco.hub.repos import pack_store
from zoco.hub.repos.consolidate import fetch_packs
from zoco.hub.repos.pack_store import PackRow, RepoState
from zoco.hub.repos.storage import RepoStorage, StoredPack, object_keys, store_pack


def prune(storage: RepoStorage, repo_key: int) -> int:
    """How many objects went. Nothing happens when the repository moved meanwhile: the job is tried again then."""
    with storage.db.read() as read:
        state = pack_store.state_of(read, repo_key)
    if state is None or not state.packs:
        return 0
    with workshop(storage.blobs.scratch) as bench:
        fetch_packs(storage, state.packs, bench.packs)
        made = bench.reachable(state.tips)
        gone = bench.count_objects() - (made.objects if made else 0)
        if gone == 0:
            return 0
        stored = store_pack(storage, made.pack, made.idx, made.written) if made else None
    if not _replace(storage, repo_key, state, stored):
        return 0
    logs.info("pruned", repo=repo_key, objects=gone)
    return gone


def _replace(storage: RepoStorage, repo_key: int, state: RepoState, stored: StoredPack | None) -> bool:
    now = now_ms()
    with storage.db.write() as write:
        if pack_store.lock_state(write, repo_key) != (state.version, state.prune_epoch):
            return False
        pack_store.retire(write, [one.uuid for one in state.packs], now)
        if stored:
            pack_store.insert_pack(
                write, repo_key, PackRow(stored.uuid, stored.checksum, stored.size, stored.objects), now
            )
        pack_store.raise_version(write, repo_key, pruned=True)
        keys = [key for one in state.packs for key in object_keys(one.uuid)]
        pack_store.doom(write, keys, now + storage.limits.gc_grace_ms)
    return True
