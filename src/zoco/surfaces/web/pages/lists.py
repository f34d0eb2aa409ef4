"""Models, datasets and Spaces: found by name, filtered by tags with counts beside them, sorted, page by page."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.routing import BaseRoute

from zoco.core.ids import RepoType
from zoco.hub.catalog.lists import did_you_mean, list_repos
from zoco.surfaces.web import urls
from zoco.surfaces.web.i18n import Language
from zoco.surfaces.web.pages.commits import page_number
from zoco.surfaces.web.pages.list_asked import ONLY_MODELS, PAGES_MAX, PER_PAGE, SORTS, Asked, asked_of
from zoco.surfaces.web.pages.list_facets import Bar, Chip, Listed, Tab, bars, chips, listed, tabs
from zoco.surfaces.web.pages.rows import Row, rows_of
from zoco.surfaces.web.render import Page
from zoco.surfaces.web.serve import shows
from zoco.surfaces.web.task_names import N_
from zoco.surfaces.web.visit import Visit

TITLES = {RepoType.MODEL: N_("Models"), RepoType.DATASET: N_("Datasets"), RepoType.SPACE: N_("Spaces")}


@dataclass(frozen=True, slots=True)
class Meant:
    """What was probably meant by a text that found nothing."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class ListContext:
    """`kept` are the hidden fields of the search form, `facet_kept` those of the search inside the facet."""

    type: RepoType
    title: str
    asked: Asked
    rows: tuple[Row, ...]
    total: int
    pages: int
    sorts: tuple[str, ...]
    tabs: tuple[Tab, ...]
    bars: tuple[Bar, ...]
    values: Listed
    chips: tuple[Chip, ...]
    kept: tuple[tuple[str, str], ...]
    facet_kept: tuple[tuple[str, str], ...]
    meant: Meant | None
    full_text: str

    def page_href(self, number: int) -> str:
        return self.asked.href(p=str(number) if number else None)


def show(visit: Visit, request: Request) -> Page:
    type = RepoType(request.scope["path"].strip("/").removesuffix("s"))
    return Page("lists/list.html", list_context(visit, type, request), fragment="results")


def list_context(visit: Visit, type: RepoType, request: Request) -> ListContext:
    asked = asked_of(type, request.query_params, page_number(request))
    found = list_repos(visit.hub.catalogue, visit.actor, asked.query())
    total = found.total or 0
    pairs = [(name, value) for name, value in asked.pairs().items() if value]
    active = chips(visit.language, asked)
    return ListContext(
        type=type,
        title=_title(visit.language, asked, active),
        asked=asked,
        rows=rows_of(visit, found.items, has_courses=True),
        total=total,
        pages=min(-(-total // PER_PAGE), PAGES_MAX),
        sorts=tuple(sort for sort in SORTS if type is RepoType.MODEL or sort not in ONLY_MODELS),
        tabs=tabs(asked),
        bars=bars(visit, asked),
        values=listed(visit, asked),
        chips=active,
        kept=tuple((name, value) for name, value in pairs if name not in {"search", "sort"}),
        facet_kept=tuple(pairs),
        meant=_meant(visit, asked) if not total and asked.search else None,
        full_text=urls.with_query(urls.FULL_TEXT, {"type": type.value, "q": asked.search}),
    )


def _title(language: Language, asked: Asked, active: tuple[Chip, ...]) -> str:
    name = language.gettext(TITLES[asked.type])
    chosen = ", ".join(chip.label for chip in active[:3])
    page = language.gettext("page %s") % language.number(asked.page + 1)
    return (f"{name}: {chosen}" if chosen else name) + (f" · {page}" if asked.page else "")


def _meant(visit: Visit, asked: Asked) -> Meant | None:
    """Only words that find something for this visitor: nothing is told of what they may not read."""
    text = did_you_mean(visit.hub.catalogue, asked.type, asked.search)
    if not text or text == asked.search:
        return None
    query = replace(asked, search=text, page=0).query()
    there = list_repos(visit.hub.catalogue, visit.actor, replace(query, limit=1))
    return Meant(text, asked.href(search=text)) if there.total else None


routes: list[BaseRoute] = [shows(f"/{type.plural}", show) for type in RepoType]
