"""Organisations and their members: rows in, rows out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, select, update

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import member, namespace, org, user
from zoco.adapters.db.upsert import insert as insert_or
from zoco.core.access import Role, Visibility
from zoco.core.ids import name_key
from zoco.hub.accounts.store.names import can_be_stored


@dataclass(frozen=True, slots=True)
class OrgInfo:
    id: int
    public_id: str
    name: str
    full_name: str
    details: str
    default_visibility: Visibility
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class MemberInfo:
    id: int
    public_id: str
    name: str
    full_name: str
    role: Role


_COLUMNS = (
    org.c.id,
    namespace.c.public_id,
    namespace.c.name,
    org.c.full_name,
    org.c.details,
    org.c.default_visibility,
    namespace.c.created_at,
)
_FROM = org.join(namespace, namespace.c.id == org.c.id)


def by_name(read: Read, name: str) -> OrgInfo | None:
    return _one(read, namespace.c.name_key == name_key(name)) if can_be_stored(name) else None


def by_id(read: Read, id: int) -> OrgInfo | None:
    return _one(read, org.c.id == id)


def every(read: Read) -> list[OrgInfo]:
    return [_info(row) for row in read.execute(select(*_COLUMNS).select_from(_FROM).order_by(namespace.c.name_key))]


def add(write: Write, id: int, full_name: str, details: str, default_visibility: Visibility) -> None:
    write.execute(
        insert(org).values(id=id, full_name=full_name, details=details, default_visibility=default_visibility.value)
    )


def change(write: Write, id: int, values: dict[str, object]) -> None:
    write.execute(update(org).where(org.c.id == id).values(values))


def lock(write: Write, id: int) -> None:
    """Changes of members queue here, so that two administrators cannot both be «not the last one» (PostgreSQL)."""
    write.execute(select(org.c.id).where(org.c.id == id).with_for_update())


def set_member(write: Write, org_id: int, user_id: int, role: Role) -> None:
    statement = insert_or(write, member).values(org_id=org_id, user_id=user_id, role=role.value, created_at=now_ms())
    write.execute(statement.on_conflict_do_update(index_elements=["org_id", "user_id"], set_={"role": role.value}))


def remove_member(write: Write, org_id: int, user_id: int) -> None:
    write.execute(delete(member).where(member.c.org_id == org_id, member.c.user_id == user_id))


def role_of(read: Read, org_id: int, user_id: int) -> Role | None:
    role = read.scalar(select(member.c.role).where(member.c.org_id == org_id, member.c.user_id == user_id))
    return Role(role) if role else None


def count_admins(read: Read, org_id: int, *, besides: int) -> int:
    """Administrators of the organisation other than `besides` who can sign in."""
    query = (
        select(func.count())
        .select_from(member.join(user, user.c.id == member.c.user_id))
        .where(
            member.c.org_id == org_id,
            member.c.role == Role.ADMIN.value,
            member.c.user_id != besides,
            user.c.disabled_at.is_(None),
        )
    )
    return int(read.scalar(query) or 0)


def members(read: Read, org_id: int) -> list[MemberInfo]:
    rows = read.execute(
        select(user.c.id, namespace.c.public_id, namespace.c.name, user.c.full_name, member.c.role)
        .select_from(
            member.join(user, user.c.id == member.c.user_id).join(namespace, namespace.c.id == member.c.user_id)
        )
        .where(member.c.org_id == org_id)
        .order_by(namespace.c.name_key)
    )
    return [MemberInfo(row.id, row.public_id, row.name, row.full_name, Role(row.role)) for row in rows]


def of_user(read: Read, user_id: int) -> list[tuple[OrgInfo, Role]]:
    rows = read.execute(
        select(*_COLUMNS, member.c.role)
        .select_from(_FROM.join(member, member.c.org_id == org.c.id))
        .where(member.c.user_id == user_id)
        .order_by(namespace.c.name_key)
    )
    return [(_info(row), Role(row.role)) for row in rows]


# built once: every request asks this
_ROLES = (
    select(namespace.c.name_key, member.c.role)
    .select_from(member.join(namespace, namespace.c.id == member.c.org_id))
    .where(member.c.user_id == bindparam("user_id"))
)


def roles_of_user(read: Read, user_id: int) -> dict[str, Role]:
    """Name key of the organisation -> role."""
    return {row.name_key: Role(row.role) for row in read.execute(_ROLES, {"user_id": user_id})}


def _one(read: Read, condition: ColumnElement[bool]) -> OrgInfo | None:
    row = read.execute(select(*_COLUMNS).select_from(_FROM).where(condition)).first()
    return _info(row) if row else None


def _info(row: Row[*tuple[object, ...]]) -> OrgInfo:
    return OrgInfo(
        id=row.id,
        public_id=row.public_id,
        name=row.name,
        full_name=row.full_name,
        details=row.details,
        default_visibility=Visibility(row.default_visibility),
        created_at_ms=row.created_at,
    )
