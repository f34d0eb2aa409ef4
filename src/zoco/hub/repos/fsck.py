"""Is everything stored whole? Xorbs, the files made of them, LFS objects, then each repository with what it needs.

What is found damaged below is told with the repositories and paths that miss it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from zoco.adapters.blobs import port
from zoco.core.damage import Damage
from zoco.core.errors import HubError, RepoNotFound
from zoco.core.ids import RepoId, Sha256
from zoco.formats.xet.hashes import XetHash
from zoco.hub.lfs import fsck as lfs_fsck
from zoco.hub.repos import store
from zoco.hub.repos.fsck_history import check_repo
from zoco.hub.repos.storage import RepoStorage
from zoco.hub.xet import fsck as xet_fsck

AT_ONCE = 500
KEPT_MAX = 100_000
"""Damaged LFS objects that are remembered until their repositories are looked at; further ones are told without."""

Tell = Callable[[Damage], None]


@dataclass(slots=True)
class Report:
    """How many of each kind were looked at, and what can be forgotten so that it may be uploaded again."""

    tally: Counter[str] = field(default_factory=Counter)
    damages: int = 0
    objects: dict[Sha256, Damage] = field(default_factory=dict)
    files: dict[str, Damage] = field(default_factory=dict)
    xorbs: dict[str, Damage] = field(default_factory=dict)

    @property
    def can_forget(self) -> bool:
        return bool(self.objects or self.files or self.xorbs)


def check(storage: RepoStorage, names: Sequence[RepoId], tell: Tell, *, fast: bool) -> Report:
    """Everything, or these repositories with what they need. `fast` reads no content: existence and sizes only.

    Raises RepoNotFound, and Unavailable when the database or the store does not answer at all.
    """
    port.demand(storage.blobs)  # else everything would be told as missing
    report = Report()
    keys = [_key_of(storage, name) for name in names] or None

    def told(damage: Damage) -> None:
        report.damages += 1
        tell(damage)

    _check_xet(storage, keys, report, told, fast=fast)
    for damage in lfs_fsck.check_objects(storage.xet, keys, report.files, report.tally, fast=fast):
        if len(report.objects) < KEPT_MAX:
            report.objects[Sha256(damage.what)] = damage
        else:
            told(damage)
    missed: set[Sha256] = set()
    for key, name in _repos(storage, keys):
        for damage in _checked(storage, key, name, report, fast=fast):
            if damage.kind == "file":
                missed.add(Sha256(damage.what))
            told(damage)
    for sha256, damage in report.objects.items():
        if sha256 not in missed:
            told(_with_holder(storage, damage))
    return report


def forget_damaged(storage: RepoStorage, report: Report) -> int:
    """How many LFS objects; whoever still has such a file is then asked to send it."""
    return lfs_fsck.forget(storage.db, list(report.objects), list(report.files), list(report.xorbs))


def _check_xet(storage: RepoStorage, keys: Sequence[int] | None, report: Report, told: Tell, *, fast: bool) -> None:
    xet = storage.xet
    if keys is None:
        xorbs: Iterator[XetHash] = xet_fsck.all_xorbs(xet.db)
        files: Iterator[XetHash] = xet_fsck.all_files(xet.db)
    else:
        theirs = lfs_fsck.xet_files_of(xet.db, keys)
        xorbs, files = iter(xet_fsck.xorbs_of(xet.db, theirs)), iter(theirs)
    for damage in xet_fsck.check_xorbs(xet, xorbs, report.tally, fast=fast):
        report.xorbs[damage.what] = damage
        told(damage)
    for damage in xet_fsck.check_files(xet, files, report.xorbs, report.tally, fast=fast):
        report.files[damage.what] = damage
        told(damage)


def _checked(storage: RepoStorage, key: int, name: str, report: Report, *, fast: bool) -> list[Damage]:
    try:
        return check_repo(storage, key, name, report.objects, report.tally, fast=fast)
    except HubError as error:
        port.demand(storage.blobs)
        cure = "run `zoco fsck` again; if it comes again, restore the store from a backup"
        return [Damage("repository", name, f"it could not be looked at to the end: {error.message}", cure, name)]


def _repos(storage: RepoStorage, keys: Sequence[int] | None) -> Iterator[tuple[int, str]]:
    after = 0
    while True:
        with storage.db.read() as read:
            some = store.names_by_key(read, after, AT_ONCE)
        if not some:
            return
        yield from ((key, name.path) for key, name in some if keys is None or key in keys)
        after = some[-1][0]


def _with_holder(storage: RepoStorage, damage: Damage) -> Damage:
    """No file of a repository that was looked at needs it."""
    holders = lfs_fsck.holders(storage.db, Sha256(damage.what))
    name = ""
    if holders:
        with storage.db.read() as read:
            row = store.find_by_key(read, holders[0])
        name = row.id.path if row else ""
    return Damage(damage.kind, damage.what, damage.problem, damage.cure, name)


def _key_of(storage: RepoStorage, name: RepoId) -> int:
    with storage.db.read() as read:
        row = store.find(read, name)
    if row is None:
        raise RepoNotFound(name)
    return row.key
