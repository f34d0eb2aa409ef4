"""Which repositories…? Lists, the search box, what trends, what a namespace stores: of what the caller may read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from zoco.core.access import Access, Actor, RepoFacts, Visibility, access_to
from zoco.core.errors import Denied
from zoco.core.ids import RepoId, RepoType
from zoco.core.pages import Page
from zoco.hub.catalog import store
from zoco.hub.catalog.catalogue import Catalogue
from zoco.hub.catalog.describe import page_of_infos
from zoco.hub.catalog.index.suggest import suggestion
from zoco.hub.catalog.index.text import text_of
from zoco.hub.catalog.info import RepoInfo
from zoco.hub.catalog.listing import found_in
from zoco.hub.catalog.query import Query, Sort, Want
from zoco.hub.catalog.select import visible_to
from zoco.hub.catalog.store import FoundAccount, ListedRow

__all__ = [
    "FoundAccount",
    "Query",
    "QuickSearch",
    "Sort",
    "StorageRow",
    "Want",
    "count_repos",
    "did_you_mean",
    "list_repos",
    "list_storage",
    "quicksearch",
    "totals",
    "trending",
]


def list_repos(catalogue: Catalogue, actor: Actor | None, query: Query) -> Page[RepoInfo]:
    """Raises Invalid for a cursor that is not ours, Unavailable while the index of a large Hub is being built."""
    with catalogue.view() as view:
        found = found_in(view, query, actor)
    with catalogue.storage.db.read() as read:
        rows = store.rows_of(read, found.keys)
    there = [rows[key] for key in found.keys if key in rows and _is_open(rows[key], actor)]
    return Page(page_of_infos(catalogue, there, actor, query.want), found.next_cursor, found.total)


def _is_open(row: ListedRow, actor: Actor | None) -> bool:
    """The row decides, not the index: it may have been closed a moment ago."""
    facts = RepoFacts(row.id.type.value, row.id.namespace, row.id.name, row.visibility, None)
    return access_to(facts, actor) >= Access.READ


def did_you_mean(catalogue: Catalogue, type: RepoType, search: str) -> str | None:
    """For a search that found nothing: the same text with words that do occur."""
    text = text_of((search,))
    if text is None:
        return None
    with catalogue.view() as view:
        return suggestion(view.types[type].index, text)


def count_repos(catalogue: Catalogue, actor: Actor | None, query: Query) -> int:
    """How many a list of all pages would hold."""
    with catalogue.view() as view:
        return found_in(view, replace(query, limit=1, cursor=None, skip=0), actor).total


def totals(catalogue: Catalogue, actor: Actor | None) -> Mapping[RepoType, int]:
    """How many of each type the caller may read."""
    with catalogue.view() as view:
        return {type: len(visible_to(indexed.index, type, actor)) for type, indexed in view.types.items()}


def trending(catalogue: Catalogue, actor: Actor | None, type: RepoType | None, limit: int) -> tuple[RepoInfo, ...]:
    query = Query(type=type, sort=Sort.TRENDING, limit=limit)
    return list_repos(catalogue, actor, query).items


@dataclass(frozen=True, slots=True)
class QuickSearch:
    """The best of each kind, and how many there are."""

    repos: Mapping[RepoType, tuple[RepoInfo, ...]]
    counts: Mapping[RepoType, int]
    users: tuple[FoundAccount, ...]
    orgs: tuple[FoundAccount, ...]


def quicksearch(
    catalogue: Catalogue,
    actor: Actor | None,
    text: str,
    *,
    types: Collection[RepoType] = tuple(RepoType),
    limit: int = 5,
) -> QuickSearch:
    """As somebody types: names that hold every word of `text`."""
    wanted = Query(search=(text,), limit=limit)
    pages = {type_: list_repos(catalogue, actor, replace(wanted, type=type_)) for type_ in types}
    with catalogue.storage.db.read() as read:
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
    catalogue: Catalogue,
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
    page = list_repos(catalogue, actor, query)
    with catalogue.storage.db.read() as read:
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
