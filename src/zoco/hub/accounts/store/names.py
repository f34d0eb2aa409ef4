"""Which names are taken: users, organisations and aliases share one table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from zoco.adapters.clock import fresh_public_id, now_ms
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import namespace, repo
from zoco.core.access import Visibility
from zoco.core.errors import AlreadyExists
from zoco.core.ids import name_key


class Kind(StrEnum):
    USER = "user"
    ORG = "org"
    ALIAS = "alias"


_IN_WORDS = {Kind.USER: "a user", Kind.ORG: "an organisation", Kind.ALIAS: "an alias"}


@dataclass(frozen=True, slots=True)
class Named:
    id: int
    public_id: str
    name: str
    kind: Kind


def can_be_stored(text: str) -> bool:
    """PostgreSQL refuses NUL, and neither database takes half a surrogate pair: such text is nobody's name."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def find(read: Read, name: str) -> Named | None:
    if not can_be_stored(name):
        return None
    columns = (namespace.c.id, namespace.c.public_id, namespace.c.name, namespace.c.kind)
    row = read.execute(select(*columns).where(namespace.c.name_key == name_key(name))).first()
    return Named(row.id, row.public_id, row.name, Kind(row.kind)) if row else None


def add(write: Write, name: str, kind: Kind) -> int:
    """Raises AlreadyExists."""
    if taken := find(write, name):
        raise AlreadyExists(f"'{taken.name}' is taken: it is the name of {_IN_WORDS[taken.kind]}. Choose another name.")
    try:
        result = write.execute(
            insert(namespace).values(
                public_id=fresh_public_id(), name=name, name_key=name_key(name), kind=kind.value, created_at=now_ms()
            )
        )
    except IntegrityError as error:  # somebody was faster, on PostgreSQL
        raise AlreadyExists(f"'{name}' is taken. Choose another name.") from error
    assert result.inserted_primary_key
    return int(result.inserted_primary_key[0])


def remove(write: Write, id: int) -> None:
    write.execute(delete(namespace).where(namespace.c.id == id))


def count_repos(read: Read, id: int) -> int:
    return int(read.scalar(select(func.count()).select_from(repo).where(repo.c.namespace_id == id)) or 0)


def count_repos_by_type(read: Read, id: int, *, sees_private: bool) -> dict[str, int]:
    query = select(repo.c.type, func.count()).where(repo.c.namespace_id == id).group_by(repo.c.type)
    if not sees_private:
        query = query.where(repo.c.visibility == Visibility.PUBLIC.value)
    return {str(kind): int(count) for kind, count in read.execute(query)}


def names_by_public_id(read: Read, public_ids: Iterable[str]) -> dict[str, Named]:
    columns = (namespace.c.id, namespace.c.public_id, namespace.c.name, namespace.c.kind)
    rows = read.execute(select(*columns).where(namespace.c.public_id.in_(list(public_ids))))
    return {row.public_id: Named(row.id, row.public_id, row.name, Kind(row.kind)) for row in rows}
