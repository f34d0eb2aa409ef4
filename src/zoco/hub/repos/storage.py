"""How is a repository read, and how do its refs move? One transaction for every writer.

Bytes first: packs are durable in the store before the transaction that names them begins. Inside it the prune epoch
and every ref's old value are checked again, so that of two writers one wins and the other is told.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from zoco.adapters import logs
from zoco.adapters.blobs.port import BlobStore
from zoco.adapters.clock import fresh_uuid, now_ms
from zoco.adapters.db.engine import Database, Write
from zoco.adapters.git.cache import GitCache, LocalPack, RepoState, pack_keys
from zoco.adapters.git.reader import Reader, open_reader
from zoco.core.access import Actor
from zoco.core.errors import Conflict, HubError, NotFound, RepoNotFound, Unprocessable
from zoco.core.events import RefUpdated
from zoco.core.ids import Oid
from zoco.core.repos import ReadableRepo, WritableRepo
from zoco.formats.git.refs import BRANCHES, branch_ref
from zoco.hub.repos import pack_store, state_store
from zoco.hub.repos.state_store import Moved
from zoco.hub.xet.xorbs import Xet
from zoco.jobs import outbox


@dataclass(frozen=True, slots=True)
class Limits:
    regular_file_size_max_bytes: int
    commit_size_max_bytes: int
    push_size_max_bytes: int
    packs_before_consolidation: int
    gc_grace_ms: int


class Update(NamedTuple):
    """What a ref shall become. `old` is what the writer built on, None for a new ref; `new` is a commit or a tag
    of one, None when the ref shall go."""

    ref: str
    old: Oid | None
    new: Oid | None


class StoredPack(NamedTuple):
    """A pack in the store that no row names yet."""

    uuid: str
    checksum: str
    size: int
    objects: int


class Written(Protocol):
    """What is known of a finished pack."""

    @property
    def checksum(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def objects(self) -> int: ...


class Refused(NamedTuple):
    """`problem` is in git's own words where git has some."""

    ref: str
    problem: str


class RefSubscriber(Protocol):
    """Somebody whose rows change together with a ref."""

    def prepare(self, repo: WritableRepo, reader: Reader, updates: Sequence[Update]) -> Callable[[Write], None] | None:
        """Reads before the transaction; what it returns runs inside it. The reader has the new objects too."""


class RefsMoved(Conflict):
    """Somebody else was faster. Nothing was changed."""

    def __init__(self, refused: Sequence[Refused]) -> None:
        super().__init__("; ".join(f"{one.ref}: {one.problem}" for one in refused))
        self.refused = tuple(refused)


class PrunedMeanwhile(Conflict):
    """Objects this write was built on may be gone. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__("The repository was cleaned up while you were writing to it. Try again.")


@dataclass(frozen=True, slots=True)
class RepoStorage:
    db: Database
    blobs: BlobStore
    cache: GitCache
    limits: Limits
    xet: Xet
    subscribers: tuple[RefSubscriber, ...] = ()


# --- reading ----------------------------------------------------------------------------------------------------------


def bare_repository(storage: RepoStorage, repo: ReadableRepo) -> Path:
    """On this node, at least as new as `repo.version`. Raises RepoNotFound when it was deleted meanwhile."""
    return storage.cache.ready(repo.key, repo.prune_epoch, repo.version, lambda: _state(storage, repo))


@contextmanager
def reader(storage: RepoStorage, repo: ReadableRepo) -> Iterator[Reader]:
    with open_reader(bare_repository(storage, repo)) as opened:
        yield opened


def bare_at(storage: RepoStorage, repo_key: int, epoch: int, version: int) -> Path:
    """For jobs, which act for nobody. Raises NotFound when the repository was deleted meanwhile."""

    def load() -> RepoState:
        with storage.db.read() as read:
            state = state_store.load_state(read, repo_key)
        if state is None:
            raise NotFound("The repository was deleted just now.")
        return state

    return storage.cache.ready(repo_key, epoch, version, load)


@contextmanager
def reader_of_key(storage: RepoStorage, repo_key: int) -> Iterator[Reader | None]:
    """For jobs, which act for nobody: at the newest version, None when the repository is gone."""
    with storage.db.read() as read:
        state = state_store.load_state(read, repo_key)
    if state is None:
        yield None
        return
    with open_reader(storage.cache.ready(repo_key, state.epoch, state.version, lambda: state)) as opened:
        yield opened


def _state(storage: RepoStorage, repo: ReadableRepo) -> RepoState:
    with storage.db.read() as read:
        state = state_store.load_state(read, repo.key)
    if state is None:
        raise RepoNotFound(repo.id)
    return state


# --- packs ------------------------------------------------------------------------------------------------------------


PACK_KEYS = "git/"
"""What every pack's key begins with."""


def object_keys(uuid: str) -> tuple[str, str]:
    """Where the store keeps a pack and its index."""
    return pack_keys(uuid)


def uuid_of_key(key: str) -> str:
    return key.rpartition("/")[2].partition(".")[0]


def store_pack(
    storage: RepoStorage, pack: Path, idx: Path, written: Written, *, keep_local: bool = False
) -> StoredPack:
    """Durable when it returns, under a key of its own; the files are gone then.

    `keep_local` leaves links to them on this node for `apply_updates`, which must then be called, or `discard`:
    a pack in an object store need not be fetched back.
    """
    stored = StoredPack(fresh_uuid(), written.checksum, written.size, written.objects)
    pack_key, idx_key = object_keys(stored.uuid)
    if keep_local:
        local = _local(storage, stored)
        local.pack.parent.mkdir(parents=True)
        local.pack.hardlink_to(pack)
        local.idx.hardlink_to(idx)
    try:
        storage.blobs.put_file(pack_key, pack)
        storage.blobs.put_file(idx_key, idx)
    except BaseException:
        _forget_local(storage, stored)
        raise
    return stored


def discard(storage: RepoStorage, packs: Iterable[StoredPack]) -> None:
    """For packs that no row names and that none will."""
    for stored in packs:
        _forget_local(storage, stored)
        for key in object_keys(stored.uuid):
            storage.blobs.delete(key)


def _objects_folder(storage: RepoStorage, stored: StoredPack) -> Path:
    return storage.blobs.scratch / f"{stored.uuid}.objects"


def _local(storage: RepoStorage, stored: StoredPack) -> LocalPack:
    base = _objects_folder(storage, stored) / "pack" / f"pack-{stored.checksum}"
    return LocalPack(stored.checksum, base.with_suffix(".pack"), base.with_suffix(".idx"))


def _forget_local(storage: RepoStorage, stored: StoredPack) -> None:
    shutil.rmtree(_objects_folder(storage, stored), ignore_errors=True)


# --- the one transaction ----------------------------------------------------------------------------------------------


def apply_updates(
    storage: RepoStorage,
    repo: WritableRepo,
    updates: Sequence[Update],
    packs: Sequence[StoredPack],
    actor: Actor,
    via: str,
    *,
    atomic: bool = True,
) -> tuple[Refused, ...]:
    """Moves refs and takes in the packs they need. `repo` must be as it was when the write was built.

    Atomic: all refs or none, and RefsMoved when one of them is not what the writer saw. Else those that can move do,
    and the others are returned. Raises PrunedMeanwhile, RepoNotFound, and Unprocessable when a ref would hold what is
    no commit. Packs that no ref came to need are removed again.
    """
    try:
        try:
            with _with_packs(storage, repo, packs) as git:
                peeled = {one.new: _commit_behind(git, one) for one in updates if one.new}
                writes = _prepared(storage, repo, git, updates)
            refused, version = _transact(storage, repo, updates, packs, peeled, writes, actor, via, atomic=atomic)
        except (Conflict, RepoNotFound, Unprocessable):
            discard(storage, packs)  # known not to be committed; after any other error it might be
            raise
        if version is None:
            discard(storage, packs)
        else:
            _install(storage, repo, version, packs)
        return refused
    finally:
        for stored in packs:
            _forget_local(storage, stored)


Writes = Callable[[Write], None]


def _transact(
    storage: RepoStorage,
    repo: WritableRepo,
    updates: Sequence[Update],
    packs: Sequence[StoredPack],
    peeled: dict[Oid, Oid],
    writes: Sequence[Writes],
    actor: Actor,
    via: str,
    *,
    atomic: bool,
) -> tuple[tuple[Refused, ...], int | None]:
    """Who was refused, and the new version; None when nothing changed."""
    now = now_ms()
    with storage.db.write() as write:
        locked = state_store.lock(write, repo.key)
        if locked is None:
            raise RepoNotFound(repo.id)
        if locked.epoch != repo.prune_epoch and any(one.new for one in updates):
            raise PrunedMeanwhile
        there = state_store.refs_near(write, repo.key, [one.ref for one in updates])
        accepted, refused = decide(updates, there, locked.default_branch)
        if refused and atomic:
            raise RefsMoved(refused)
        if not accepted:
            return tuple(refused), None
        moves = [Moved(one.ref, one.old, one.new, peeled[one.new] if one.new else None) for one in accepted]
        state_store.move(write, repo.key, moves, user_id=actor.user_id, via=via, now=now)
        if any(one.new for one in accepted):
            for stored in packs:
                pack_store.insert_pack(write, repo.key, pack_store.PackRow(*stored), now)
        outbox.record(write, *(RefUpdated(repo.key, one.ref, one.old, one.new) for one in accepted))
        if any(one.ref == branch_ref(locked.default_branch) for one in accepted):
            for its in writes:
                its(write)
        return tuple(refused), locked.version + 1


def decide(updates: Sequence[Update], there: dict[str, Oid], default_branch: str) -> tuple[list[Update], list[Refused]]:
    """Which updates stand against the refs that are there. Deleting what is not there is done already: neither."""
    left = dict(there)
    folders = Counter(folder for ref in there for folder in _folders(ref))
    accepted: list[Update] = []
    refused: list[Refused] = []
    for one in updates:
        if one.new is None and one.ref not in left:
            continue
        if problem := _problem(one, left, folders, default_branch):
            refused.append(Refused(one.ref, problem))
            continue
        accepted.append(one)
        if one.new is None:
            del left[one.ref]
            folders.subtract(_folders(one.ref))
        else:
            folders.update(() if one.ref in left else _folders(one.ref))
            left[one.ref] = one.new
    return accepted, refused


def _folders(ref: str) -> list[str]:
    """`refs/heads/a/b` cannot be beside `refs/heads/a`, because git keeps refs as files."""
    parts = ref.split("/")
    return ["/".join(parts[:depth]) for depth in range(3, len(parts))]


def _problem(one: Update, there: dict[str, Oid], folders: Counter[str], default_branch: str) -> str | None:
    now = there.get(one.ref)
    if one.new is None and one.ref == branch_ref(default_branch):
        return "the default branch cannot be deleted: choose another one in the settings first"
    if now != one.old:
        if now is None:
            return f"cannot lock ref '{one.ref}': unable to resolve reference '{one.ref}'"
        expected = f"but expected {one.old}" if one.old else "but it should not exist yet"
        return f"cannot lock ref '{one.ref}': is at {now} {expected}"
    in_the_way = f"{one.ref}/" if folders[one.ref] else next((up for up in _folders(one.ref) if up in there), None)
    if now is None and in_the_way:
        return f"cannot lock ref '{one.ref}': '{in_the_way}' exists; cannot create '{one.ref}'"
    return None


@contextmanager
def _with_packs(storage: RepoStorage, repo: WritableRepo, packs: Sequence[StoredPack]) -> Iterator[Reader]:
    for stored in packs:
        local = _local(storage, stored)
        if not local.idx.exists():
            local.pack.parent.mkdir(parents=True, exist_ok=True)
            for key, to in zip(object_keys(stored.uuid), (local.pack, local.idx), strict=True):
                storage.blobs.fetch(key, to)
    folders = tuple(_objects_folder(storage, stored) for stored in packs)
    with open_reader(bare_repository(storage, repo), folders) as opened:
        yield opened


def _commit_behind(git: Reader, one: Update) -> Oid:
    assert one.new is not None
    commit = git.peel_to_commit(one.new)
    if commit is None:
        raise Unprocessable(f"{one.ref} cannot hold {one.new}: it is no commit, nor a tag of one.")
    if one.ref.startswith(BRANCHES) and commit != one.new:
        raise Unprocessable(f"{one.ref} cannot hold {one.new}: a branch holds commits, not tags.")
    return commit


def _prepared(storage: RepoStorage, repo: WritableRepo, git: Reader, updates: Sequence[Update]) -> list[Writes]:
    prepared = (subscriber.prepare(repo, git, updates) for subscriber in storage.subscribers)
    return [writes for writes in prepared if writes is not None]


def _install(storage: RepoStorage, repo: WritableRepo, version: int, packs: Sequence[StoredPack]) -> None:
    """The write stands already: what goes wrong here only makes the next read slower."""
    local = [_local(storage, stored) for stored in packs]
    try:
        storage.cache.install(repo.key, repo.prune_epoch, version, lambda: _state(storage, repo), local)
    except (HubError, OSError) as error:
        logs.info("cache_install_failed", repo=repo.key, reason=str(error))
