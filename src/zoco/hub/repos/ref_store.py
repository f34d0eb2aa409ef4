"""SQL that reads a repository's refs. Moving them is one transaction's business: `storage.apply_updates`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select

from zoco.adapters.db.engine import Read
from zoco.adapters.db.tables import ref, ref_log, repo
from zoco.core.ids import Oid


class RefRow(NamedTuple):
    """`oid` is what the ref holds; `commit` what it comes to where that is an annotated tag."""

    name: str
    oid: Oid
    commit: Oid


class Tip(NamedTuple):
    """A ref together with the repository's state it was read from."""

    version: int
    prune_epoch: int
    default_branch: str
    oid: Oid | None


NAMES_MAX = 3

# built once, with a fixed number of names: this is on the way of every file that is read
_NAMED = select(ref.c.name, ref.c.oid, ref.c.peeled).where(
    ref.c.repo_id == bindparam("repo"), or_(*(ref.c.name == bindparam(f"name{n}") for n in range(NAMES_MAX)))
)


def refs_named(read: Read, repo_key: int, names: Sequence[str]) -> dict[str, RefRow]:
    """One to `NAMES_MAX` names."""
    filled = {f"name{n}": names[min(n, len(names) - 1)] for n in range(NAMES_MAX)}
    rows = read.execute(_NAMED, {"repo": repo_key, **filled})
    return {name: RefRow(name, Oid(oid), Oid(peeled)) for name, oid, peeled in rows}


def all_refs(read: Read, repo_key: int) -> list[RefRow]:
    """By name."""
    query = select(ref.c.name, ref.c.oid, ref.c.peeled).where(ref.c.repo_id == repo_key).order_by(ref.c.name)
    return [RefRow(name, Oid(oid), Oid(peeled)) for name, oid, peeled in read.execute(query)]


def left_since(read: Read, repo_key: int, since_ms: int) -> list[Oid]:
    """What refs held and were moved away from, or deleted, after this time."""
    query = select(ref_log.c.old).where(
        ref_log.c.repo_id == repo_key, ref_log.c.at > since_ms, ref_log.c.old.is_not(None)
    )
    return [Oid(oid) for oid in read.execute(query.distinct()).scalars()]


def tip_of(read: Read, repo_key: int, name: str) -> Tip | None:
    """None when the repository is gone; its `oid` is None when only the ref is missing."""
    query = (
        select(repo.c.version, repo.c.prune_epoch, repo.c.default_branch, ref.c.oid)
        .select_from(repo.outerjoin(ref, (ref.c.repo_id == repo.c.id) & (ref.c.name == name)))
        .where(repo.c.id == repo_key)
    )
    found = read.execute(query).first()
    return Tip(found[0], found[1], found[2], Oid(found[3]) if found[3] else None) if found else None
