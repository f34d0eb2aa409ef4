"""SQL of the repositories' rows: which one has this name, where did it move to, what did its settings become?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, insert, select, update

from zoco.adapters.db import changes
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import namespace, org, redirect, repo
from zoco.core.access import Gated, Visibility
from zoco.core.ids import RepoId, RepoType, name_key
from zoco.core.repos import RepoRow
from zoco.core.text import is_storable

KEYS_AT_ONCE = 500

REPO_COLUMNS = (
    repo.c.id,
    repo.c.public_id,
    repo.c.type,
    namespace.c.name.label("namespace"),
    repo.c.name,
    repo.c.visibility,
    repo.c.gated,
    repo.c.disabled,
    repo.c.default_branch,
    repo.c.version,
    repo.c.prune_epoch,
    repo.c.namespace_id,
    repo.c.creator_id,
    repo.c.created_at,
    repo.c.updated_at,
    repo.c.likes,
    repo.c.downloads,
)
"""What opening a repository reads, in the order that `RepoRow` is built from."""


@dataclass(frozen=True, slots=True)
class Place:
    """A namespace where repositories may be made."""

    key: int
    name: str
    kind: str
    default_visibility: Visibility


def row_of(found: Row[Any] | Sequence[Any]) -> RepoRow:  # Any: columns of several types
    """`found` begins with REPO_COLUMNS."""
    (key, public_id, type_, space, name, visibility, gated, *rest) = found[: len(REPO_COLUMNS)]
    called = RepoId(RepoType(type_), space, name)
    return RepoRow(key, public_id, called, Visibility(visibility), Gated(gated), *rest)


_WITH_NAMESPACE = repo.join(namespace, repo.c.namespace_id == namespace.c.id)

# Built once: this is the query of every request that names a repository.
_BY_NAME: Select[Any] = (
    select(*REPO_COLUMNS)
    .select_from(_WITH_NAMESPACE)
    .where(
        namespace.c.name_key == bindparam("namespace_key"),
        repo.c.type == bindparam("type"),
        repo.c.name_key == bindparam("name_key"),
    )
)

_BY_REDIRECT: Select[Any] = (
    select(*REPO_COLUMNS)
    .select_from(_WITH_NAMESPACE.join(redirect, redirect.c.repo_id == repo.c.id))
    .where(redirect.c.type == bindparam("type"), redirect.c.full_key == bindparam("full_key"))
)

_BY_NAMES: Select[Any] = (
    select(*REPO_COLUMNS)
    .select_from(_WITH_NAMESPACE)
    .where(
        namespace.c.name_key.in_(bindparam("spaces", expanding=True)),
        repo.c.type == bindparam("type"),
        repo.c.name_key.in_(bindparam("names", expanding=True)),
    )
)

_BY_REDIRECTS: Select[Any] = (
    select(*REPO_COLUMNS, redirect.c.full_key)
    .select_from(_WITH_NAMESPACE.join(redirect, redirect.c.repo_id == repo.c.id))
    .where(redirect.c.type == bindparam("type"), redirect.c.full_key.in_(bindparam("full_keys", expanding=True)))
)


def find_by_keys(read: Read, keys: Iterable[int]) -> list[RepoRow]:
    """In no order; those that are gone are left out."""
    found: list[RepoRow] = []
    rest = iter(keys)
    while some := list(islice(rest, KEYS_AT_ONCE)):
        query = select(*REPO_COLUMNS).select_from(_WITH_NAMESPACE).where(repo.c.id.in_(some))
        found += [row_of(row) for row in read.execute(query)]
    return found


def find(read: Read, id: RepoId) -> RepoRow | None:
    if not is_storable(id.full_name):
        return None
    names = {"namespace_key": name_key(id.namespace), "type": id.type.value, "name_key": name_key(id.name)}
    found = read.execute(_BY_NAME, names).first()
    return row_of(found) if found else None


def find_named(read: Read, type: RepoType, keys: Sequence[str]) -> dict[str, RepoRow]:
    """By `owner/name` in lower case. The indexes are asked for each owner and each name: what crosses is left out."""
    pairs = [key.split("/", 1) for key in keys]
    found = read.execute(
        _BY_NAMES, {"type": type.value, "spaces": [p[0] for p in pairs], "names": [p[1] for p in pairs]}
    )
    rows = map(row_of, found)
    wanted = set(keys)
    return {key: row for row in rows if (key := name_key(row.id.full_name)) in wanted}


def find_moved_names(read: Read, type: RepoType, keys: Sequence[str]) -> dict[str, RepoRow]:
    """Repositories that once had these names in lower case, or that these one-word aliases stand for."""
    found = read.execute(_BY_REDIRECTS, {"type": type.value, "full_keys": list(keys)})
    return {row[-1]: row_of(row) for row in found}


def moved_names(read: Read, repo_key: int) -> list[str]:
    """Names in lower case that lead to this repository beside its own."""
    return list(read.execute(select(redirect.c.full_key).where(redirect.c.repo_id == repo_key)).scalars())


def find_moved(read: Read, type: RepoType, full_name: str) -> RepoRow | None:
    """The repository that once had this name, or that a one-word alias stands for."""
    if not is_storable(full_name):
        return None
    found = read.execute(_BY_REDIRECT, {"type": type.value, "full_key": name_key(full_name)}).first()
    return row_of(found) if found else None


def find_by_key(read: Read, key: int) -> RepoRow | None:
    found = read.execute(select(*REPO_COLUMNS).select_from(_WITH_NAMESPACE).where(repo.c.id == key)).first()
    return row_of(found) if found else None


def names_by_key(read: Read, after: int, limit: int) -> list[tuple[int, RepoId]]:
    """All repositories, in the order of their keys."""
    query = select(repo.c.id, repo.c.type, namespace.c.name, repo.c.name).select_from(_WITH_NAMESPACE)
    rows = read.execute(query.where(repo.c.id > after).order_by(repo.c.id).limit(limit))
    return [(key, RepoId(RepoType(type_), space, name)) for key, type_, space, name in rows]


def find_place(read: Read, name: str) -> Place | None:
    if not is_storable(name):
        return None
    columns = (namespace.c.id, namespace.c.name, namespace.c.kind, org.c.default_visibility)
    query = (
        select(*columns)
        .select_from(namespace.outerjoin(org, org.c.id == namespace.c.id))
        .where(namespace.c.name_key == name_key(name))
    )
    found = read.execute(query).first()
    if found is None:
        return None
    return Place(found[0], found[1], found[2], Visibility(found[3] or Visibility.PUBLIC))


def insert_repo(write: Write, row: RepoRow, *, sdk: str | None, settings: Mapping[str, Any]) -> None:
    """Raises SQLAlchemy's IntegrityError when the name or the key is taken. An old redirect from this name ends."""
    write.execute(
        insert(repo).values(
            id=row.key,
            public_id=row.public_id,
            type=row.id.type.value,
            namespace_id=row.namespace_key,
            name=row.id.name,
            name_key=name_key(row.id.name),
            visibility=row.visibility.value,
            gated=row.gated.value,
            default_branch=row.default_branch,
            version=0,  # moving its first refs makes it 1
            creator_id=row.creator_id,
            sdk=sdk,
            settings=dict(settings) or None,
            created_at=row.created_at_ms,
            updated_at=row.updated_at_ms,
        )
    )
    drop_redirect(write, row.id)
    changes.note(write, [row.key])


def delete_repo(write: Write, key: int) -> bool:
    """False when it was gone already. Everything that refers to the row goes with it."""
    changes.note(write, [key])
    return write.execute(delete(repo).where(repo.c.id == key)).rowcount == 1


def rename_repo(write: Write, key: int, *, old: RepoId, to: RepoId, namespace_key: int) -> bool:
    """False when it was gone already. Raises SQLAlchemy's IntegrityError when the new name is taken.

    Older names go on redirecting: a redirect names the row, not the next name.
    """
    names = {"namespace_id": namespace_key, "name": to.name, "name_key": name_key(to.name)}
    if write.execute(update(repo).where(repo.c.id == key).values(**names)).rowcount != 1:
        return False
    changes.note(write, [key])
    drop_redirect(write, to)
    if name_key(old.full_name) != name_key(to.full_name):
        drop_redirect(write, old)
        values = {"type": old.type.value, "full_key": name_key(old.full_name), "kind": "renamed", "repo_id": key}
        write.execute(insert(redirect).values(**values))
    return True


def drop_redirect(write: Write, id: RepoId) -> None:
    full_key = name_key(id.full_name)
    write.execute(delete(redirect).where(redirect.c.type == id.type.value, redirect.c.full_key == full_key))


def settings_of(read: Read, key: int) -> tuple[str | None, Mapping[str, Any]]:
    """(sdk of a Space, the small facts only the API echoes)."""
    found = read.execute(select(repo.c.sdk, repo.c.settings).where(repo.c.id == key)).first()
    return (found[0], found[1] or {}) if found else (None, {})


def change_repo(write: Write, key: int, values: Mapping[str, Any], *, new_version: bool) -> None:
    """`new_version` when caches of the repository must notice."""
    new = dict(values)
    if new_version:
        new["version"] = repo.c.version + 1
    if new:
        changes.note(write, [key])
        write.execute(update(repo).where(repo.c.id == key).values(**new))
