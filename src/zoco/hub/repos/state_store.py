"""SQL of a repository's state: what its bare copy is made of, and the moving of its refs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, or_, select, update

from zoco.adapters.db import changes
from zoco.adapters.db.changes import Change
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import pack, ref, ref_log, repo
from zoco.adapters.git.cache import PackFile, RepoState
from zoco.core.ids import Oid

_NAMES_ASKED_MAX = 50


class Locked(NamedTuple):
    """What a write finds once nobody else can change it."""

    version: int
    epoch: int
    default_branch: str


class Moved(NamedTuple):
    """A ref that moves: `new` None when it goes; `peeled` is the commit behind `new`."""

    name: str
    old: Oid | None
    new: Oid | None
    peeled: Oid | None


def load_state(read: Read, repo_key: int) -> RepoState | None:
    """None when the repository is gone. Version first: whatever is newer in the rest does no harm."""
    of = select(repo.c.prune_epoch, repo.c.version, repo.c.default_branch).where(repo.c.id == repo_key)
    row = read.execute(of).first()
    if row is None:
        return None
    refs = read.execute(select(ref.c.name, ref.c.oid, ref.c.peeled).where(ref.c.repo_id == repo_key)).all()
    live = select(pack.c.uuid, pack.c.checksum).where(pack.c.repo_id == repo_key, pack.c.retired_at.is_(None))
    return RepoState(
        key=repo_key,
        epoch=row.prune_epoch,
        version=row.version,
        default_branch=row.default_branch,
        refs={name: Oid(oid) for name, oid, _ in refs},
        peeled={name: Oid(peeled) for name, oid, peeled in refs if peeled != oid},
        packs=tuple(PackFile(uuid, checksum) for uuid, checksum in read.execute(live)),
    )


def lock(write: Write, repo_key: int) -> Locked | None:
    """Until the transaction ends nobody else moves this repository's refs. None when it is gone."""
    columns = (repo.c.version, repo.c.prune_epoch, repo.c.default_branch)
    row = write.execute(select(*columns).where(repo.c.id == repo_key).with_for_update()).first()
    return Locked(*row) if row else None


def refs_near(read: Read, repo_key: int, names: Sequence[str]) -> dict[str, Oid]:
    """The refs of these names, and those that are a folder of one of them or lie below one."""
    query = select(ref.c.name, ref.c.oid).where(ref.c.repo_id == repo_key)
    if len(names) <= _NAMES_ASKED_MAX:
        exact = {part for name in names for part in _with_folders(name)}
        below = [ref.c.name.startswith(f"{name}/", autoescape=True) for name in names]
        query = query.where(or_(ref.c.name.in_(sorted(exact)), *below))
    return {name: Oid(oid) for name, oid in read.execute(query)}


def move(write: Write, repo_key: int, moves: Sequence[Moved], *, user_id: int | None, via: str, now: int) -> None:
    """Trusts that `old` is what is there. Raises the version and notes each move in the log."""
    gone = [one.name for one in moves if one.new is None]
    new = [{"name": one.name, "oid": one.new, "peeled": one.peeled} for one in moves if one.new and one.old is None]
    changed = [{"of": one.name, "o": one.new, "p": one.peeled} for one in moves if one.new and one.old is not None]
    for at in range(0, len(gone), 500):
        write.execute(delete(ref).where(ref.c.repo_id == repo_key, ref.c.name.in_(gone[at : at + 500])))
    if new:
        write.execute(insert(ref), [{"repo_id": repo_key, **values} for values in new])
    if changed:
        this = update(ref).where(ref.c.repo_id == repo_key, ref.c.name == bindparam("of"))
        write.execute(this.values(oid=bindparam("o"), peeled=bindparam("p")), changed)
    said = {"repo_id": repo_key, "at": now, "user_id": user_id, "via": via}
    write.execute(insert(ref_log), [{**said, "ref": one.name, "old": one.old, "new": one.new} for one in moves])
    write.execute(update(repo).where(repo.c.id == repo_key).values(version=repo.c.version + 1, updated_at=now))
    changes.note(write, [repo_key], Change.NUMBERS)


def _with_folders(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:depth]) for depth in range(3, len(parts) + 1)]
