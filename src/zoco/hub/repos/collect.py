"""What can a repository forget? What no ref leads to and none led to within the grace time: git objects and LFS links.

No pointer that a ref reaches is ever left without its link:
- Refs of every kind count, and what each held within the grace time. The walk is of one version of the repository, and
  the transaction that takes something away demands that it is still this version.
- A push or a commit reads the prune epoch, then looks for its links, and its own transaction demands the same epoch.
  Links go only in a transaction that raises the epoch: so it found them after they went, or it is refused.
- The git objects that only unlinked history needs go in the same transaction. Nothing that is still here, but on no
  ref, can be made a branch again without its links.
- A link that somebody was told of meanwhile is fresh again: the transaction asks once more, holding its row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from zoco.adapters import logs
from zoco.adapters.failpoints import hit
from zoco.adapters.git import walk
from zoco.adapters.git.reader import Reader, open_reader
from zoco.adapters.git.repack import workshop
from zoco.core.garbage import Gone, Kind
from zoco.core.ids import Oid
from zoco.formats.git.objects import Kind as GitKind
from zoco.formats.lfs.pointer import POINTER_SIZE_MAX
from zoco.hub.lfs import compare
from zoco.hub.repos import pack_store, ref_store, store
from zoco.hub.repos.consolidate import fetch_packs
from zoco.hub.repos.entries import pointers_among
from zoco.hub.repos.pack_store import PackRow, RepoState
from zoco.hub.repos.storage import RepoStorage, StoredPack, bare_at, discard, object_keys, store_pack
from zoco.jobs import doomed

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Unreached:
    """What can go, as one version of the repository shows it."""

    repo_key: int
    name: str
    state: RepoState
    tips: tuple[Oid, ...]
    """All that is kept: the refs, and what they held lately."""
    links: frozenset[bytes]
    objects: int
    size: int
    """About, of the objects."""
    is_settled: bool
    """No link is held only by what refs held lately."""
    waits: bool
    """Git objects are: another look is due later."""

    def __bool__(self) -> bool:
        return bool(self.links or self.objects)


def look(storage: RepoStorage, repo_key: int, now_ms: int, grace_ms: int, *, also_objects: bool) -> Unreached | None:
    """None when the repository is gone. Looks for git objects when a link can go or `also_objects` is asked: it means
    reading all of the history.

    Raises NotFound, Invalid or Unavailable when the history cannot be read to its end: then nothing of it may go.
    """
    before = now_ms - grace_ms
    with storage.db.read() as read:
        row = store.find_by_key(read, repo_key)
        state = pack_store.state_of(read, repo_key)
        lately = ref_store.left_since(read, repo_key, before)
        old = compare.old_links(read, repo_key, before)
    if row is None or state is None:
        return None
    if not old and not also_objects:
        return Unreached(repo_key, row.id.path, state, state.tips, frozenset(), 0, 0, is_settled=True, waits=False)
    bare = bare_at(storage, repo_key, state.prune_epoch, state.version)
    with open_reader(bare) as git:
        kept = tuple(oid for oid in lately if git.has(oid))
        left = unnamed(git, bare, state.tips, (), old)
        links = unnamed(git, bare, kept, state.tips, left)
    waits = any(True for _ in islice(_reached(bare, kept, state.tips), 1))
    tips = (*state.tips, *kept) if waits else state.tips
    objects, size = _objects(bare, state, tips) if links or also_objects else (0, 0)
    return Unreached(
        repo_key, row.id.path, state, tips, frozenset(links), objects, size, len(left) == len(links), waits
    )


def take(storage: RepoStorage, found: Unreached, now_ms: int, grace_ms: int) -> list[Gone] | None:
    """Takes it away. None, and nothing happened, when the repository moved meanwhile: look again."""
    stored, count, size = _packed(storage, found)
    state, before = found.state, now_ms - grace_ms
    hit("gc_after_store")
    with storage.db.write() as write:
        is_same = pack_store.lock_state(write, found.repo_key) == (state.version, state.prune_epoch)
        links = compare.forget_old(write, found.repo_key, found.links, before) if is_same else {}
        if is_same and count:
            pack_store.retire(write, [one.uuid for one in state.packs], now_ms)
            if stored:
                pack_store.insert_pack(write, found.repo_key, PackRow(*stored), now_ms)
            keys = [key for one in state.packs for key in object_keys(one.uuid)]
            doomed.doom(write, keys, now_ms + grace_ms)
        has_changed = bool(count or links)
        if is_same and has_changed:
            pack_store.raise_version(write, found.repo_key, pruned=True)
        if is_same and found.is_settled:
            compare.remember(write, found.repo_key, state.version + has_changed, before)
        hit("gc_before_commit")
    hit("gc_after_commit")
    if stored and not (is_same and count):
        discard(storage, [stored])
    if not is_same:
        return None
    if has_changed:
        logs.info("collected", repo=found.repo_key, objects=count, links=len(links))
    gone = [told_links(found.name, sha, size) for sha, size in links.items()]
    return [*gone, told_objects(found.name, count, size)] if count else gone


def told_links(repo: str, sha256: str, size: int) -> Gone:
    return Gone(Kind.LINK, f"{repo} {sha256}", size, "no ref of the repository leads to it")


def told_objects(repo: str, count: int, size: int) -> Gone:
    return Gone(Kind.GIT_OBJECTS, repo, size, "no ref leads to them", count)


def unnamed(
    git: Reader, bare: Path, tips: Collection[Oid], without: Collection[Oid], shas: Collection[bytes]
) -> set[bytes]:
    """Those of `shas` that no LFS pointer names which the tips reach and `without` do not. Ends early when all are
    named: what the newest commits hold is read first."""
    left = set(shas)
    if not left:
        return left
    files = ((oid, path) for oid, path in _reached(bare, tips, without, POINTER_SIZE_MAX) if path)
    while some := [oid for oid, _ in islice(files, BATCH)]:
        headers = {oid: git.header(oid) for oid in some}
        sizes = {oid: size for oid, (kind, size) in headers.items() if kind is GitKind.BLOB}
        left.difference_update(bytes.fromhex(info.sha256) for info in pointers_among(git, sizes).values())
        if not left:
            break
    return left


def _reached(
    bare: Path, tips: Iterable[Oid], without: Iterable[Oid] = (), blobs_below: int | None = None
) -> Iterator[tuple[Oid, bytes]]:
    wanted = list(tips)
    if wanted:
        yield from walk.reached_objects(bare, wanted, without=without, blobs_below=blobs_below)


def _objects(bare: Path, state: RepoState, tips: Collection[Oid]) -> tuple[int, int]:
    """How many objects no tip reaches, and about how many bytes they take."""
    if not state.packs:
        return 0, 0
    count = walk.count_objects(bare) - sum(1 for _ in _reached(bare, tips))
    if count <= 0:
        return 0, 0
    return count, max(0, sum(one.size for one in state.packs) - walk.stored_size(bare, tips))


def _packed(storage: RepoStorage, found: Unreached) -> tuple[StoredPack | None, int, int]:
    """What is kept, in a new pack; how many objects are not in it, and how many bytes shorter it is."""
    if not found.objects:
        return None, 0, 0
    packs = found.state.packs
    with workshop(storage.blobs.scratch) as bench:
        fetch_packs(storage, packs, bench.packs)
        made = bench.reachable(found.tips)
        count = bench.count_objects() - (made.objects if made else 0)
        if count == 0:
            return None, 0, 0
        stored = store_pack(storage, made.pack, made.idx, made.written) if made else None
    return stored, count, sum(one.size for one in packs) - (stored.size if stored else 0)
