"""Many small packs become few: every push adds one, and each clone pays for all.

The packs to join are chosen so that those left alone each hold at least twice what all smaller ones hold together:
an object is then rewritten only about log2(n) times in a repository's life. Unreachable objects are kept, so that
nothing is taken from a push that is just arriving; taking them away is `prune`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zoco.adapters import logs
from zoco.adapters.clock import now_ms
from zoco.adapters.git.repack import workshop
from zoco.hub.repos import pack_store
from zoco.hub.repos.pack_store import PackRow
from zoco.hub.repos.storage import RepoStorage, object_keys, store_pack
from zoco.jobs import doomed

GROWTH = 2


def packs_to_join(packs: Sequence[PackRow]) -> list[PackRow]:
    """The small ones, smallest first; empty when they are in good order already."""
    ordered = sorted(packs, key=lambda one: (one.objects, one.uuid))
    kept = len(ordered)
    smaller = sum(one.objects for one in ordered)
    while kept:
        smaller -= ordered[kept - 1].objects
        if ordered[kept - 1].objects < GROWTH * smaller:
            break
        kept -= 1
    return ordered[:kept] if kept > 1 else []


def consolidate(storage: RepoStorage, repo_key: int) -> bool:
    """True when packs were joined. A run that finds its packs changed meanwhile leaves it to the next."""
    with storage.db.read() as read:
        packs = pack_store.live_packs(read, repo_key)
    if len(packs) <= storage.limits.packs_before_consolidation or not (chosen := packs_to_join(packs)):
        return False
    with workshop(storage.blobs.scratch) as bench:
        fetch_packs(storage, chosen, bench.packs)
        made = bench.join([one.checksum for one in chosen])
        stored = store_pack(storage, made.pack, made.idx, made.written)
    now = now_ms()
    with storage.db.write() as write:
        if pack_store.lock_state(write, repo_key) is None:
            return False
        if pack_store.retire(write, [one.uuid for one in chosen], now) != len(chosen):
            write.rollback()
            return False
        pack_store.insert_pack(write, repo_key, PackRow(stored.uuid, stored.checksum, stored.size, stored.objects), now)
        pack_store.raise_version(write, repo_key, pruned=False)
        keys = [key for one in chosen for key in object_keys(one.uuid)]
        doomed.doom(write, keys, now + storage.limits.gc_grace_ms)
    logs.info("packs_joined", repo=repo_key, packs=len(chosen), objects=made.objects)
    return True


def fetch_packs(storage: RepoStorage, packs: Sequence[PackRow], folder: Path) -> None:
    for one in packs:
        pack_key, idx_key = object_keys(one.uuid)
        storage.blobs.fetch(pack_key, folder / f"pack-{one.checksum}.pack")
        storage.blobs.fetch(idx_key, folder / f"pack-{one.checksum}.idx")
