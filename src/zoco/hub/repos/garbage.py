"""In which order does what nothing needs go? As one leads to the next: history, links, objects, files, xorbs, bytes.

Every pass may be repeated, interrupted at any point and run beside servers and beside itself. `rehearse` tells what a
run would take away, with the same code, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from zoco.adapters.blobs import port
from zoco.adapters.clock import now_ms
from zoco.adapters.db import engine
from zoco.adapters.db.engine import Database
from zoco.core.errors import HubError
from zoco.core.garbage import Gone, Offer
from zoco.core.ids import Sha256
from zoco.hub.lfs import compare
from zoco.hub.lfs import garbage as lfs_garbage
from zoco.hub.lfs.abandoned import abandoned
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.lfs.upload import Lfs
from zoco.hub.repos import store, sweep
from zoco.hub.repos.collect import Unreached, look, take, told_links, told_objects
from zoco.hub.repos.prune import PRUNE
from zoco.hub.repos.storage import RepoStorage
from zoco.hub.xet import garbage as xet_garbage
from zoco.hub.xet import grants
from zoco.jobs import doomed, queue

TRIES_MAX = 3

STORED: Final = (sweep.STORED, lfs_garbage.STORED, xet_garbage.STORED)

Tell = Callable[[Gone], None]


@dataclass(frozen=True, slots=True)
class Rules:
    """`usual_grace_ms` is what was planned with so far, where a run shall go by another."""

    grace_ms: int
    usual_grace_ms: int
    lfs: LfsLimits

    @property
    def signed_url_lifetime_ms(self) -> int:
        return 1000 * self.lfs.address_lifetime_s


@dataclass(frozen=True, slots=True)
class Skipped:
    """A repository whose history cannot be read to its end: nothing of it goes."""

    repo: str
    why: str


def run(storage: RepoStorage, rules: Rules, tell: Tell) -> list[Skipped]:
    """Everything. A repository that lost something lately is looked through before its own job would."""
    skipped = collect_repos(storage, rules, tell, _planned(storage))
    for gone in unused(storage.db, rules):
        tell(gone)
    give_up_uploads(storage, rules, tell)
    note_strays(storage, rules, tell)
    delete_due(storage, rules, tell)
    return skipped


def run_often(storage: RepoStorage, rules: Rules, tell: Tell) -> list[Skipped]:
    """All but what has jobs of its own (prunes) and what reads the whole store (strays)."""
    skipped = collect_repos(storage, rules, tell, frozenset())
    for gone in unused(storage.db, rules):
        tell(gone)
    give_up_uploads(storage, rules, tell)
    delete_due(storage, rules, tell)
    return skipped


def collect_repos(storage: RepoStorage, rules: Rules, tell: Tell, planned: frozenset[int]) -> list[Skipped]:
    """Those whose links must be compared, and those that are `planned` to be pruned."""
    skipped: list[Skipped] = []
    for repo_key in _repos(storage, rules, planned):
        try:
            for gone in _collected(storage, repo_key, rules, also_objects=repo_key in planned):
                tell(gone)
        except HubError as error:
            skipped.append(_skipped(storage, repo_key, error))
    return skipped


def unused(db: Database, rules: Rules) -> Iterator[Gone]:
    """The rows that no row above them names."""
    grace = rules.grace_ms
    yield from lfs_garbage.forget_unlinked(db, now_ms(), grace)
    yield from xet_garbage.forget_files(db, now_ms(), grace)
    yield from xet_garbage.mark_dead(db, now_ms(), grace)
    yield from xet_garbage.forget_xorbs(db, now_ms(), grace, rules.signed_url_lifetime_ms)


def give_up_uploads(storage: RepoStorage, rules: Rules, tell: Tell) -> None:
    for gone, do in _abandoned(storage, rules):
        if do():
            tell(gone)


def note_strays(storage: RepoStorage, rules: Rules, tell: Tell) -> None:
    for keys in STORED:
        for gone in doomed.note_strays(storage.db, storage.blobs, keys, now_ms(), rules.grace_ms):
            tell(gone)


def delete_due(storage: RepoStorage, rules: Rules, tell: Tell) -> None:
    ahead = rules.usual_grace_ms - rules.grace_ms
    for keys in STORED:
        for gone in doomed.delete_due(storage.db, storage.blobs, keys, now_ms(), ahead):
            tell(gone)


def rehearse(storage: RepoStorage, rules: Rules, tell: Tell) -> list[Skipped]:
    """All work on git and on the store is done outside the transaction that is rolled back."""
    now, found, skipped = now_ms(), list[Unreached](), list[Skipped]()
    planned = _planned(storage)
    for repo_key in _repos(storage, rules, planned):
        try:
            seen = look(storage, repo_key, now, rules.grace_ms, also_objects=repo_key in planned)
        except HubError as error:
            skipped.append(_skipped(storage, repo_key, error))
            continue
        if seen:
            found.append(seen)
    for gone, _ in _abandoned(storage, rules):
        tell(gone)
    for keys in STORED:
        for key in chain.from_iterable(doomed.strays(storage.db, storage.blobs, keys)):
            tell(doomed.as_stray(storage.blobs, key))
    with engine.rehearse(storage.db) as db:
        told = list(chain.from_iterable(_forgotten(db, one, now, rules) for one in found))
        told += unused(db, rules)
        ahead = rules.usual_grace_ms - rules.grace_ms
        due = [key for keys in STORED for key in doomed.list_due(db, keys, now_ms(), ahead)]
    for gone in told:
        tell(gone)
    for key in due:
        tell(doomed.as_gone(storage.blobs, key))
    return skipped


def _abandoned(storage: RepoStorage, rules: Rules) -> Iterator[Offer]:
    yield from abandoned(Lfs(storage.db, storage.blobs, rules.lfs), now_ms(), rules.grace_ms)
    yield from grants.abandoned(storage.xet, now_ms(), rules.grace_ms, rules.signed_url_lifetime_ms)


def _planned(storage: RepoStorage) -> frozenset[int]:
    """Repositories that lost something since they were pruned; with a `tidy` of theirs still to come, perhaps."""
    return frozenset(queue.repo_keys(storage.db, ("tidy", PRUNE)))


def _repos(storage: RepoStorage, rules: Rules, planned: frozenset[int]) -> Iterator[int]:
    yield from sorted(planned)
    yield from (key for key in compare.repos_to_compare(storage.db, now_ms() - rules.grace_ms) if key not in planned)


def _skipped(storage: RepoStorage, repo_key: int, error: HubError) -> Skipped:
    """Raises Unavailable when it is not the repository's fault: the others need not be tried then."""
    port.demand(storage.blobs)
    with storage.db.read() as read:
        row = store.find_by_key(read, repo_key)
    return Skipped(row.id.path if row else str(repo_key), error.message)


def _collected(storage: RepoStorage, repo_key: int, rules: Rules, *, also_objects: bool) -> list[Gone]:
    """Nothing from a repository that moves all the while: the next run comes to it."""
    for _ in range(TRIES_MAX):
        now = now_ms()
        found = look(storage, repo_key, now, rules.grace_ms, also_objects=also_objects)
        if found is None:
            break
        gone = take(storage, found, now, rules.grace_ms)
        if gone is not None:
            return gone
    return []


def _forgotten(db: Database, found: Unreached, now: int, rules: Rules) -> list[Gone]:
    with db.write() as write:
        links = compare.forget_old(write, found.repo_key, found.links, now - rules.grace_ms)
    gone = [told_links(found.name, Sha256(sha), size) for sha, size in links.items()]
    return [*gone, told_objects(found.name, found.objects, found.size)] if found.objects else gone
