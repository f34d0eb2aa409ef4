"""The front door: what this Hub is and holds; for members also what is theirs. And the search over all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import BaseRoute

from zoco.core.access import Role
from zoco.core.ids import RepoType
from zoco.hub.accounts.orgs import OrgInfo
from zoco.hub.catalog.lists import FoundAccount, Query, Sort, list_repos, quicksearch, totals, trending
from zoco.surfaces.web import urls
from zoco.surfaces.web.pages.owners import memberships
from zoco.surfaces.web.pages.rows import Row, rows_of
from zoco.surfaces.web.render import Page
from zoco.surfaces.web.serve import shows
from zoco.surfaces.web.visit import Visit

ROWS = 6
OWN_ROWS = 8


@dataclass(frozen=True, slots=True)
class HomeContext:
    """`own` and `orgs` are empty for strangers."""

    totals: Mapping[RepoType, int]
    trending: Mapping[RepoType, tuple[Row, ...]]
    own: tuple[Row, ...]
    orgs: tuple[tuple[OrgInfo, Role], ...]


@dataclass(frozen=True, slots=True)
class SearchContext:
    text: str
    rows: Mapping[RepoType, tuple[Row, ...]]
    counts: Mapping[RepoType, int]
    accounts: tuple[FoundAccount, ...]

    @property
    def total(self) -> int:
        return sum(self.counts.values()) + len(self.accounts)


def show(visit: Visit, _request: Request) -> Page:
    hub, actor = visit.hub, visit.actor
    own: tuple[Row, ...] = ()
    if actor:
        mine = Query(author=actor.name, sort=Sort.MODIFIED, limit=OWN_ROWS)
        own = rows_of(visit, list_repos(hub.catalogue, actor, mine).items)
    context = HomeContext(
        totals=totals(hub.catalogue, actor),
        trending={type: rows_of(visit, trending(hub.catalogue, actor, type, ROWS)) for type in RepoType},
        own=own,
        orgs=memberships(hub.db, actor),
    )
    return Page("home/home.html", context)


def show_search(visit: Visit, request: Request) -> Page:
    text = request.query_params.get("q", "").strip()[:200]
    if not text:
        return Page("home/search.html", SearchContext("", {}, {}, ()))
    found = quicksearch(visit.hub.catalogue, visit.actor, text, limit=ROWS)
    context = SearchContext(
        text,
        {type: rows_of(visit, infos) for type, infos in found.repos.items()},
        found.counts,
        (*found.users, *found.orgs),
    )
    return Page("home/search.html", context)


routes: list[BaseRoute] = [shows(urls.HOME, show), shows(urls.SEARCH, show_search)]
