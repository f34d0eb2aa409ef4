"""Which repositories…? Lists, the search box, what trends, what a namespace stores: of what the caller may read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.core.access import Actor, Visibility
from zoco.core.errors import Denied
from zoco.core.ids import RepoId, RepoType
from zoco.core.pages import Page
from zoco.hub.catalog import store
from zoco.hub.catalog.describe import page_of_infos
from zoco.hub.catalog.info import RepoInfo
from zoco.hub.catalog.query import Query, Sort, Want
from zoco.hub.catalog.store import FoundAccount
from zoco.hub.repos.storage import RepoStorage

__all__ = [
    "FoundAccount",
    "Query",
    "QuickSearch",
    "Sort",
    "StorageRow",
    "Want",
    "list_repos",
    "list_storage",
    "quicksearch",
    "totals",
    "trending",
]


def list_repos(storage: RepoStorage, actor: Actor | None, query: Query) -> Page[RepoInfo]:
    """Raises Invalid for a cursor that is not ours."""
    with storage.db.read() as read:
        rows, cursor = store.page(read, query, actor, now_ms())
        total = store.count(read, query, actor) if query.count else None
    return Page(page_of_infos(storage, rows, actor, query.want), cursor, total)


def totals(db: Database, actor: Actor | None) -> Mapping[RepoType, int]:
    """How many of each type the caller may read."""
    with db.read() as read:
        return store.totals(read, actor)


def trending(storage: RepoStorage, actor: Actor | None, type: RepoType | None, limit: int) -> tuple[RepoInfo, ...]:
    query = Query(type=type, sort=Sort.TRENDING, limit=limit, count=False)
    return list_repos(storage, actor, query).items


@dataclass(frozen=True, slots=True)
class QuickSearch:
    """The best of each kind, and how many there are."""

    repos: Mapping[RepoType, tuple[RepoInfo, ...]]
    counts: Mapping[RepoType, int]
    users: tuple[FoundAccount, ...]
    orgs: tuple[FoundAccount, ...]


def quicksearch(
    storage: RepoStorage,
    actor: Actor | None,
    text: str,
    *,
    types: Collection[RepoType] = tuple(RepoType),
    limit: int = 5,
) -> QuickSearch:
    """As somebody types: names that hold every word of `text`."""
    wanted = Query(search=(text,), sort=Sort.TRENDING, limit=limit)
    pages = {type_: list_repos(storage, actor, replace(wanted, type=type_)) for type_ in types}
    with storage.db.read() as read:
        accounts = store.accounts_named(read, text.strip(), limit * 2) if text.strip() else []
    return QuickSearch(
        {type_: page.items for type_, page in pages.items()},
        {type_: page.total or 0 for type_, page in pages.items()},
        tuple(one for one in accounts if not one.is_org)[:limit],
        tuple(one for one in accounts if one.is_org)[:limit],
    )


@dataclass(frozen=True, slots=True)
class StorageRow:
    """`percent` is the share of all that the namespace stores."""

    public_id: str
    id: RepoId
    updated_at_ms: int
    visibility: Visibility
    used_storage: int
    percent: float


def list_storage(
    storage: RepoStorage,
    actor: Actor,
    namespace: str,
    *,
    type: RepoType | None = None,
    search: str = "",
    cursor: str | None = None,
    limit: int = 100,
) -> Page[StorageRow]:
    """What the repositories of one's own namespace, or of an organisation one belongs to, take. Raises Denied."""
    if actor.role_in(namespace) is None:
        raise Denied(f"Only members of {namespace} see what its repositories take.")
    query = Query(
        type=type,
        author=namespace,
        search=(search,) if search else (),
        sort=Sort.MODIFIED,
        limit=limit,
        cursor=cursor,
        want=frozenset({Want.USED_STORAGE}),
    )
    page = list_repos(storage, actor, query)
    with storage.db.read() as read:
        whole = store.used_by_namespace(read, namespace)
    rows = tuple(
        StorageRow(
            info.public_id,
            info.id,
            info.updated_at_ms,
            info.visibility,
            info.used_storage or 0,
            round(100 * (info.used_storage or 0) / whole, 2) if whole else 0.0,
        )
        for info in page.items
    )
    return Page(rows, page.next_cursor, page.total)
