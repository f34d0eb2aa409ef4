"""Is a repository whole? Its packs, what its refs lead to, and the LFS objects that its files name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from zoco.adapters.blobs.port import BlobNotFound
from zoco.adapters.git import walk
from zoco.adapters.git.reader import Reader, open_once
from zoco.adapters.git.repack import workshop
from zoco.core.damage import Damage, restore
from zoco.core.errors import NotFound, Unavailable
from zoco.core.ids import Oid, Sha256
from zoco.formats.git.objects import Kind
from zoco.formats.lfs.pointer import POINTER_SIZE_MAX
from zoco.hub.lfs import fsck as lfs_fsck
from zoco.hub.lfs.objects import PointerInfo
from zoco.hub.repos import pack_store, ref_store
from zoco.hub.repos.entries import pointers_among, shown
from zoco.hub.repos.lfs_history import pointers_in_history
from zoco.hub.repos.pack_store import PackRow, RepoState
from zoco.hub.repos.ref_store import RefRow
from zoco.hub.repos.storage import RepoStorage, bare_at, object_keys

BATCH = 1000
TRIES_MAX = 3
CHECKSUM_BYTES = 20
REFS_TOLD_MAX = 1000
_PUSH_ANEW = "or push a complete clone of the repository to a new one"
_UPLOAD = "upload the file again: `git lfs push --all` from a clone that has it, or commit it again"


@dataclass(frozen=True, slots=True)
class Whole:
    """A repository as one version of it shows it."""

    storage: RepoStorage
    key: int
    name: str
    state: RepoState
    refs: Sequence[RefRow]


def check_repo(
    storage: RepoStorage, repo_key: int, name: str, bad: Mapping[Sha256, Damage], tally: Counter[str], *, fast: bool
) -> list[Damage]:
    """`bad` are the LFS objects that are damaged: they are told with the places where they are missed.

    What goes while it is looked at is not damaged: a repository that moved meanwhile is looked at again.
    """
    tally["repositories"] += 1
    found: list[Damage] = []
    for _ in range(TRIES_MAX):
        with storage.db.read() as read:
            state = pack_store.state_of(read, repo_key)
            refs = ref_store.all_refs(read, repo_key)
        if state is None:
            return []
        found = list(_damages(Whole(storage, repo_key, name, state, refs), bad, tally, fast=fast))
        if not found:
            break
        with storage.db.read() as read:
            now = pack_store.state_of(read, repo_key)
        if now is None:
            return []
        if (now.version, now.prune_epoch) == (state.version, state.prune_epoch):
            break
    return found


def _damages(repo: Whole, bad: Mapping[Sha256, Damage], tally: Counter[str], *, fast: bool) -> Iterator[Damage]:
    tally["packs"] += len(repo.state.packs)
    for pack in repo.state.packs if fast else ():
        yield from _problems_of_files(repo, pack)
    with _bare(repo, fast=fast) as (bare, damages):
        yield from damages
        if bare is not None and repo.refs:
            yield from _history(repo, bare, bad, tally)


@contextmanager
def _bare(repo: Whole, *, fast: bool) -> Iterator[tuple[Path | None, list[Damage]]]:
    """Made anew from what the store has, after each pack was verified; the node's cache where that takes too long."""
    if fast:
        try:
            yield bare_at(repo.storage, repo.key, repo.state.prune_epoch, repo.state.version), []
        except (Unavailable, NotFound, BlobNotFound) as error:
            problem = getattr(error, "message", str(error))
            yield None, [_damage(repo, "history", repo.name, f"it cannot be put together: {problem}", _PUSH_ANEW)]
        return
    with workshop(repo.storage.blobs.scratch) as bench:
        found = [damage for pack in repo.state.packs for damage in _fetched(repo, pack, bench.bare, bench.packs)]
        yield bench.bare, found


def _problems_of_files(repo: Whole, pack: PackRow) -> Iterator[Damage]:
    for key, size in zip(object_keys(pack.uuid), (pack.size, None), strict=True):
        try:
            there = repo.storage.blobs.size(key)
        except BlobNotFound:
            yield _damage(repo, "pack", pack.uuid, f"{key} is not in the store", _restored(key))
        else:
            if size is not None and size != there:
                problem = f"{key} has {there} bytes in the store, not {size}"
                yield _damage(repo, "pack", pack.uuid, problem, _restored(key))


def _fetched(repo: Whole, pack: PackRow, bare: Path, folder: Path) -> Iterator[Damage]:
    """A pack without its index is of no use, and an index without its pack is harmful: both or none."""
    if damages := list(_problems_of_files(repo, pack)):
        yield from damages
        return
    name = folder / f"pack-{pack.checksum}"
    files = [name.with_suffix(".pack"), name.with_suffix(".idx")]
    pack_key, idx_key = object_keys(pack.uuid)
    try:
        for key, file in zip((pack_key, idx_key), files, strict=True):
            repo.storage.blobs.fetch(key, file)
    except (BlobNotFound, Unavailable) as error:
        problem = f"{pack_key} cannot be read: {getattr(error, 'message', error)}"
        yield _damage(repo, "pack", pack.uuid, problem, _restored(pack_key))
        return
    if fault := _fault(bare, files[0], files[1], pack):
        for file in files:
            file.unlink()
        problem = f"{pack_key} or its index {idx_key} is damaged: {fault}"
        yield _damage(repo, "pack", pack.uuid, problem, f"{restore(pack_key)} (and {idx_key}), {_PUSH_ANEW}")


def _fault(bare: Path, pack: Path, idx: Path, row: PackRow) -> str:
    with pack.open("rb") as file:
        file.seek(-CHECKSUM_BYTES, 2)
        if (checksum := file.read().hex()) != row.checksum:
            return f"it ends with the checksum {checksum}, not {row.checksum}"
    return walk.fault_of_pack(bare, idx)


def _history(repo: Whole, bare: Path, bad: Mapping[Sha256, Damage], tally: Counter[str]) -> Iterator[Damage]:
    good = list(repo.refs)
    if walk.fault_of_history(bare, [ref.oid for ref in good]):
        faults: dict[Oid, str] = {}
        for ref in repo.refs[:REFS_TOLD_MAX]:
            if ref.oid not in faults:
                faults[ref.oid] = walk.fault_of_history(bare, [ref.oid])
            if fault := faults[ref.oid]:
                cure = f"restore what is missing from a backup of the store, or delete {ref.name} and push it again"
                yield _damage(
                    repo, "history", ref.oid, f"{ref.name} does not lead to all its objects: {fault}", cure, ref
                )
        good = [ref for ref in good if faults.get(ref.oid) == ""]
    with open_once(bare) as git:
        for ref in good:
            if (commit := git.peel_to_commit(ref.oid)) != ref.commit:
                problem = f"{ref.name} leads to the commit {commit}, and the database says {ref.commit}"
                yield _damage(repo, "ref", ref.oid, problem, f"move {ref.name} to another commit and back", ref)
        yield from _files(repo, git, bare, good, bad, tally)


def _files(
    repo: Whole, git: Reader, bare: Path, refs: Sequence[RefRow], bad: Mapping[Sha256, Damage], tally: Counter[str]
) -> Iterator[Damage]:
    missed: dict[Sha256, tuple[str, str, str]] = {}
    for said in _pointers(git, bare, refs):
        tally["pointers"] += len(said)
        has = lfs_fsck.linked(repo.storage.db, repo.key, [info.sha256 for _, info in said])
        for path, info in said:
            if damage := bad.get(info.sha256):
                missed[info.sha256] = (damage.problem, damage.cure, path)
            elif (found := has.get(info.sha256)) is None:
                missed[info.sha256] = (
                    "its LFS object was never uploaded to this repository, or was deleted",
                    _UPLOAD,
                    path,
                )
            elif found.size != info.size:
                problem = f"its pointer says {info.size} bytes, and its LFS object has {found.size}"
                missed[info.sha256] = (problem, "commit the file again", path)
    for sha, (problem, cure, path, ref) in _with_refs(git, refs, missed).items():
        yield Damage("file", sha, problem, cure, repo.name, path, ref)


def _pointers(git: Reader, bare: Path, refs: Sequence[RefRow]) -> Iterator[list[tuple[str, PointerInfo]]]:
    """Every pointer that a ref leads to, with a path it lies at."""
    tips = {ref.oid for ref in refs}
    if not tips:
        return
    files = ((oid, path) for oid, path in walk.reached_objects(bare, tips, blobs_below=POINTER_SIZE_MAX) if path)
    while some := dict(islice(files, BATCH)):
        headers = {oid: git.header(oid) for oid in some}
        said = pointers_among(git, {oid: size for oid, (kind, size) in headers.items() if kind is Kind.BLOB})
        yield [(shown(some[oid]), info) for oid, info in said.items()]


def _with_refs(
    git: Reader, refs: Sequence[RefRow], missed: Mapping[Sha256, tuple[str, str, str]]
) -> dict[Sha256, tuple[str, str, str, str]]:
    """A ref that leads to each, with the path it has there."""
    told = {sha: (problem, cure, path, "") for sha, (problem, cure, path) in missed.items()}
    left = set(missed)
    for place, info in pointers_in_history(git, refs, set(missed)) if missed else ():
        if info.sha256 in left:
            left.discard(info.sha256)
            problem, cure, _ = missed[info.sha256]
            told[info.sha256] = (problem, cure, place.path, place.ref)
    return told


def _damage(repo: Whole, kind: str, what: str, problem: str, cure: str, ref: RefRow | None = None) -> Damage:
    return Damage(kind, what, problem, cure, repo.name, ref=ref.name if ref else "")


def _restored(key: str) -> str:
    return f"{restore(key)}, {_PUSH_ANEW}"
