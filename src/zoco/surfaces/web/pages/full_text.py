"""Which cards and programs speak of this? A search inside texts, with the passages that were found."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import BaseRoute

from zoco.core.errors import HubError
from zoco.core.ids import RepoId, RepoType
from zoco.hub.catalog.fulltext import RANKED_MAX, FoundText, full_text
from zoco.hub.repos.open import open_for_reading
from zoco.surfaces.web import names, urls
from zoco.surfaces.web.pages.commits import page_number
from zoco.surfaces.web.render import Page
from zoco.surfaces.web.serve import shows
from zoco.surfaces.web.visit import Visit

PER_PAGE = 20
TEXT_LENGTH_MAX = 200
README = "README.md"


@dataclass(frozen=True, slots=True)
class Hit:
    """`href` leads to what was found: the card, or the program of a Space."""

    id: RepoId
    kind: str
    href: str
    found: FoundText


@dataclass(frozen=True, slots=True)
class FullTextContext:
    text: str
    type: RepoType | None
    hits: tuple[Hit, ...]
    total: int
    is_more: bool
    page: int
    has_next: bool

    def href(self, type: RepoType | None, page: int = 0) -> str:
        query = {"q": self.text, "type": type.value if type else None, "p": str(page) if page else None}
        return urls.with_query(urls.FULL_TEXT, query)


def show(visit: Visit, request: Request) -> Page:
    query = request.query_params
    text = query.get("q", "").strip()[:TEXT_LENGTH_MAX]
    type = next((type for type in RepoType if type.value == query.get("type")), None)
    page = min(page_number(request), RANKED_MAX // PER_PAGE)
    found = full_text(visit.hub.db, visit.actor, text, type=type, limit=PER_PAGE, skip=page * PER_PAGE)
    hits = tuple(Hit(one.id, names.glyph_kind(one.id.type), _href(visit, one), one) for one in found.items)
    context = FullTextContext(text, type, hits, found.total, found.is_more, page, found.has_next)
    return Page("home/full_text.html", context)


def _href(visit: Visit, found: FoundText) -> str:
    if found.path == README:
        return urls.repo(found.id)
    try:
        branch = open_for_reading(visit.hub.storage, found.id, visit.actor).default_branch
    except HubError:
        return urls.repo(found.id)  # gone, or closed, a moment ago
    return urls.blob(found.id, branch, found.path)


routes: list[BaseRoute] = [shows(urls.FULL_TEXT, show, takes_long=True)]
