"""SQL of the lists: rows of repositories that the caller may read, filtered, sorted and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)

from zoco.adapters.db.engine import Read
from zoco.adapters.db.tables import card, download_day, like, namespace, org, pack, ref, repo, repo_tag, user
from zoco.core.access import Access, Actor, Gated, Visibility
from zoco.core.ids import Oid, RepoId, RepoType, name_key
from zoco.core.pages import cursor_after, values_of_cursor
from zoco.core.text import is_storable
from zoco.hub.cards.links import LINK, tag_naming
from zoco.hub.catalog.query import FULL_NAME_LENGTH_MAX, Query, Sort, all_filters

TRENDING_DAYS = 7
DOWNLOADS_PER_LIKE = 100
DAY_MS = 86_400_000

Condition = ColumnElement[bool]
Expression = ColumnElement[Any]  # Any: the type of a sorted column


@dataclass(frozen=True, slots=True)
class ListedRow:
    key: int
    public_id: str
    id: RepoId
    visibility: Visibility
    gated: Gated
    disabled: bool
    sdk: str | None
    created_at_ms: int
    updated_at_ms: int
    likes: int
    downloads: int
    downloads_all_time: int
    lfs_size: int
    head: Oid | None
    trending_score: int


def trending_score(now_ms: int) -> Expression:
    """Likes of the last seven days, and one more for each hundred downloads of these days.

    Likes weigh more, because anybody's script can download a hundred times.
    """
    since = now_ms - TRENDING_DAYS * DAY_MS
    likes = select(func.count()).where(like.c.repo_id == repo.c.id, like.c.created_at >= since).scalar_subquery()
    downloads = (
        select(func.coalesce(func.sum(download_day.c.count), 0))
        .where(download_day.c.repo_id == repo.c.id, download_day.c.day >= since // DAY_MS)
        .scalar_subquery()
    )
    return likes + downloads // DOWNLOADS_PER_LIKE


_WITH_NAMESPACE = repo.join(namespace, namespace.c.id == repo.c.namespace_id)
_FROM = _WITH_NAMESPACE.outerjoin(
    ref, and_(ref.c.repo_id == repo.c.id, ref.c.name == literal("refs/heads/") + repo.c.default_branch)
)


def page(read: Read, query: Query, actor: Actor | None, now_ms: int) -> tuple[list[ListedRow], str | None]:
    """The page's rows and the cursor of the next page. Raises Invalid for a cursor that is not ours."""
    size = query.page_size
    sorted_by = _sorted_by(query.sort, now_ms)
    conditions = _conditions(query, actor)
    if query.cursor:
        conditions.append(_after(query, sorted_by))
    ordered = [sorted_by.asc(), repo.c.id.asc()] if _ascends(query) else [sorted_by.desc(), repo.c.id.desc()]
    # first which, then what: else every candidate carries all its columns through the sort
    which = select(repo.c.id, sorted_by.label("sorted_by")).select_from(_WITH_NAMESPACE).where(*conditions)
    found = read.execute(which.order_by(*ordered).limit(size + 1).offset(max(0, query.skip))).all()
    rows = rows_of(read, [one.id for one in found[:size]], now_ms)
    last = found[size - 1] if len(found) > size else None
    next_cursor = cursor_after(last.sorted_by, last.id) if last else None
    return [rows[one.id] for one in found[:size] if one.id in rows], next_cursor


def count(read: Read, query: Query, actor: Actor | None) -> int:
    return int(
        read.execute(select(func.count()).select_from(_WITH_NAMESPACE).where(*_conditions(query, actor))).scalar_one()
    )


def rows_of(read: Read, repo_keys: Sequence[int], now_ms: int) -> dict[int, ListedRow]:
    """Of repositories that are open already, or were found readable."""
    found = read.execute(_rows(now_ms).where(repo.c.id.in_(repo_keys)))
    return {row.key: row for row in map(_row, found)}


def readable_by(actor: Actor | None) -> Condition:
    """The SQL twin of `core.access.access_to(…) >= READ`; a test holds them together."""
    public: Condition = repo.c.visibility == Visibility.PUBLIC.value
    if actor is None or actor.limit < Access.READ:
        return public
    mine = list(actor.roles)
    if actor.grants is None or actor.grants.everywhere >= Access.READ:
        return or_(public, namespace.c.name_key.in_(mine))
    granted = [key for key in mine if actor.grants.namespaces.get(key, Access.NONE) >= Access.READ]
    single = []
    for name, access in actor.grants.repos.items():
        type_, space, repo_name = name.split("/", 2)
        if access >= Access.READ and space in actor.roles:
            single.append(and_(repo.c.type == type_, namespace.c.name_key == space, repo.c.name_key == repo_name))
    return or_(public, namespace.c.name_key.in_(granted), *single)


def totals(read: Read, actor: Actor | None) -> dict[RepoType, int]:
    query = (
        select(repo.c.type, func.count()).select_from(_WITH_NAMESPACE).where(readable_by(actor)).group_by(repo.c.type)
    )
    counts = {RepoType(type_): int(number) for type_, number in read.execute(query)}
    return {type_: counts.get(type_, 0) for type_ in RepoType}


def packs_size(read: Read, repo_keys: Sequence[int]) -> dict[int, int]:
    """Bytes of the live packs: what git itself takes, next to the LFS objects."""
    query = (
        select(pack.c.repo_id, func.sum(pack.c.size))
        .where(pack.c.repo_id.in_(repo_keys), pack.c.retired_at.is_(None))
        .group_by(pack.c.repo_id)
    )
    return {key: int(size) for key, size in read.execute(query)}


def used_by_namespace(read: Read, name: str) -> int:
    """Bytes of all repositories of a namespace: LFS objects and live packs."""
    mine = select(namespace.c.id).where(namespace.c.name_key == name_key(name)).scalar_subquery()
    lfs = select(func.coalesce(func.sum(repo.c.used_storage), 0)).where(repo.c.namespace_id == mine)
    packs = (
        select(func.coalesce(func.sum(pack.c.size), 0))
        .join(repo, repo.c.id == pack.c.repo_id)
        .where(repo.c.namespace_id == mine, pack.c.retired_at.is_(None))
    )
    return int(read.execute(lfs).scalar_one()) + int(read.execute(packs).scalar_one())


def named_in_tags(read: Read, tag: str, type: RepoType, actor: Actor | None, limit: int) -> list[RepoId]:
    """Repositories the caller may read that carry this tag, the most downloaded first."""
    query = (
        _ids()
        .where(repo.c.type == type.value, readable_by(actor), _has_tag([tag]))
        .order_by(repo.c.downloads.desc(), repo.c.id.desc())
        .limit(limit)
    )
    return [_id(row) for row in read.execute(query)]


def count_named_in_tags(read: Read, tag: str, actor: Actor | None) -> int:
    query = select(func.count()).select_from(_WITH_NAMESPACE).where(readable_by(actor), _has_tag([tag]))
    return int(read.execute(query).scalar_one())


def readable_ids(read: Read, type: RepoType, names: Sequence[str], actor: Actor | None) -> list[RepoId]:
    """Those of `names` (owner/name) that exist and that the caller may read, in the order asked."""
    keys = list(dict.fromkeys(name_key(name) for name in names if is_storable(name)))
    full_key = namespace.c.name_key + "/" + repo.c.name_key
    query = _ids().where(repo.c.type == type.value, full_key.in_(keys), readable_by(actor))
    found = {name_key(id_.full_name): id_ for id_ in map(_id, read.execute(query))}
    return [found[key] for key in keys if key in found]


def tag_counts_in(read: Read, query: Query, actor: Actor | None, limit: int) -> list[tuple[str, int]]:
    """Tags of the repositories that `query` finds, and how many of them carry each; the frequent first."""
    joined = repo_tag.join(repo, repo.c.id == repo_tag.c.repo_id).join(namespace, namespace.c.id == repo.c.namespace_id)
    number = func.count().label("number")
    counted = (
        select(repo_tag.c.tag, number)
        .select_from(joined)
        .where(*_conditions(query, actor), ~repo_tag.c.tag.startswith(LINK))
        .group_by(repo_tag.c.tag)
        .order_by(number.desc(), repo_tag.c.tag)
        .limit(limit)
    )
    return [(tag, int(how_many)) for tag, how_many in read.execute(counted)]


@dataclass(frozen=True, slots=True)
class FoundAccount:
    public_id: str
    name: str
    full_name: str
    is_org: bool


def accounts_named(read: Read, text: str, limit: int) -> list[FoundAccount]:
    """Users and organisations whose name, or full name, holds `text`."""
    if not is_storable(text) or len(text) > FULL_NAME_LENGTH_MAX:
        return []
    full_name = func.coalesce(user.c.full_name, org.c.full_name, "")
    word = text.lower()
    query = (
        select(namespace.c.public_id, namespace.c.name, full_name, namespace.c.kind)
        .select_from(namespace.outerjoin(user, user.c.id == namespace.c.id).outerjoin(org, org.c.id == namespace.c.id))
        .where(
            namespace.c.kind.in_(("user", "org")),
            user.c.disabled_at.is_(None),
            or_(
                namespace.c.name_key.contains(word, autoescape=True),
                func.lower(full_name).contains(word, autoescape=True),
            ),
        )
        .order_by(func.length(namespace.c.name), namespace.c.name_key)
        .limit(limit)
    )
    return [FoundAccount(row[0], row[1], row[2], row[3] == "org") for row in read.execute(query)]


def _rows(now_ms: int) -> Select[Any]:
    return select(
        repo.c.id,
        repo.c.public_id,
        repo.c.type,
        namespace.c.name.label("namespace"),
        repo.c.name,
        repo.c.visibility,
        repo.c.gated,
        repo.c.disabled,
        repo.c.sdk,
        repo.c.created_at,
        repo.c.updated_at,
        repo.c.likes,
        repo.c.downloads,
        repo.c.downloads_all_time,
        repo.c.used_storage,
        ref.c.peeled,
        trending_score(now_ms).label("trending"),
    ).select_from(_FROM)


def _row(found: Row[Any]) -> ListedRow:
    return ListedRow(
        key=found.id,
        public_id=found.public_id,
        id=_id(found),
        visibility=Visibility(found.visibility),
        gated=Gated(found.gated),
        disabled=found.disabled,
        sdk=found.sdk,
        created_at_ms=found.created_at,
        updated_at_ms=found.updated_at,
        likes=found.likes,
        downloads=found.downloads,
        downloads_all_time=found.downloads_all_time,
        lfs_size=found.used_storage,
        head=Oid(found.peeled) if found.peeled else None,
        trending_score=int(found.trending),
    )


def _ids() -> Select[Any]:
    return select(repo.c.type, namespace.c.name.label("namespace"), repo.c.name).select_from(_WITH_NAMESPACE)


def _id(found: Row[Any]) -> RepoId:
    return RepoId(RepoType(found.type), found.namespace, found.name)


def _conditions(query: Query, actor: Actor | None) -> list[Condition]:
    if not query.can_match:
        return [false()]
    conditions: list[Condition] = [readable_by(actor)]
    if query.type is not None:
        conditions.append(repo.c.type == query.type.value)
    if query.author is not None:
        conditions.append(namespace.c.name_key == name_key(query.author))
    if query.gated is not None:
        is_open = repo.c.gated == Gated.OPEN.value
        conditions.append(~is_open if query.gated else is_open)
    if query.pipeline_tag is not None:
        task = exists().where(card.c.repo_id == repo.c.id, card.c.pipeline_tag == query.pipeline_tag)
        conditions.append(task)
    if query.parameters_min is not None or query.parameters_max is not None:
        low, high = query.parameters_min or 0, query.parameters_max if query.parameters_max is not None else 2**62
        sized = exists().where(card.c.repo_id == repo.c.id, card.c.parameters.between(low, min(high, 2**62)))
        conditions.append(sized)
    conditions += [_has_tag(tags) for tags in all_filters(query)]
    full_key = namespace.c.name_key + "/" + repo.c.name_key
    conditions += [full_key.contains(word, autoescape=True) for word in query.words()]
    conditions += [_has_tag([tag_naming("model", name)]) for name in query.linked_models]
    conditions += [_has_tag([tag_naming("dataset", name)]) for name in query.linked_datasets]
    return conditions


def _has_tag(tags: Sequence[str]) -> Condition:
    tagged: Condition = repo.c.id.in_(select(repo_tag.c.repo_id).where(repo_tag.c.tag.in_(tags)))
    return tagged


def _ascends(query: Query) -> bool:
    return query.ascending if query.sort is not Sort.NAME else not query.ascending


def _sorted_by(sort: Sort, now_ms: int) -> Expression:
    columns: dict[Sort, Expression] = {
        Sort.TRENDING: trending_score(now_ms),
        Sort.CREATED: repo.c.created_at,
        Sort.MODIFIED: repo.c.updated_at,
        Sort.DOWNLOADS: repo.c.downloads,
        Sort.LIKES: repo.c.likes,
        Sort.PARAMETERS: select(func.coalesce(func.max(card.c.parameters), 0))
        .where(card.c.repo_id == repo.c.id)
        .scalar_subquery(),
        Sort.NAME: namespace.c.name_key + "/" + repo.c.name_key,
    }
    return columns[sort]


def _after(query: Query, sorted_by: Expression) -> Condition:
    assert query.cursor is not None
    value, key = values_of_cursor(query.cursor, (str if query.sort is Sort.NAME else int, int))
    if _ascends(query):
        return or_(sorted_by > value, and_(sorted_by == value, repo.c.id > key))
    return or_(sorted_by < value, and_(sorted_by == value, repo.c.id < key))
