"""Which languages do the models and datasets of this Hub speak, and how many of each are there?"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import BaseRoute

from zoco.core.ids import RepoType
from zoco.formats.cards.languages import LANGUAGES, native_name
from zoco.formats.cards.tags import TagKind
from zoco.hub.catalog.facets import count_values
from zoco.hub.catalog.query import Query
from zoco.surfaces.web import names, urls
from zoco.surfaces.web.render import Page
from zoco.surfaces.web.serve import shows
from zoco.surfaces.web.visit import Visit

USED_MAX = 2000


@dataclass(frozen=True, slots=True)
class Spoken:
    """`native` is what its speakers call it, where that is another name."""

    code: str
    name: str
    native: str
    models: int
    datasets: int


@dataclass(frozen=True, slots=True)
class LanguagesContext:
    text: str
    languages: tuple[Spoken, ...]
    used: int


def show(visit: Visit, request: Request) -> Page:
    text = request.query_params.get("q", "").strip()[:100]
    everything = _languages(visit)
    wanted = names.plain(text)
    found = tuple(one for one in everything if wanted in names.plain(f"{one.name} {one.native} {one.code}"))
    used = sum(1 for one in everything if one.models or one.datasets)
    return Page("tasks/languages.html", LanguagesContext(text, found, used))


def _languages(visit: Visit) -> list[Spoken]:
    """All of ISO 639-1 and whatever else cards name: the most used first."""
    models, datasets = _counts(visit, RepoType.MODEL), _counts(visit, RepoType.DATASET)
    found = []
    for code in LANGUAGES | set(models) | set(datasets):
        name = names.language_label(visit.language, code)
        native = native_name(code) or ""
        found.append(
            Spoken(
                code,
                name,
                native if native.casefold() != name.casefold() else "",
                models.get(code, 0),
                datasets.get(code, 0),
            )
        )
    return sorted(found, key=lambda one: (-(one.models + one.datasets), names.plain(one.name)))


def _counts(visit: Visit, type: RepoType) -> dict[str, int]:
    values = count_values(visit.hub.catalogue, visit.actor, Query(type=type), TagKind.LANGUAGE, at_most=USED_MAX)
    return {one.value.lower(): one.count for one in values if one.count}


routes: list[BaseRoute] = [shows(urls.LANGUAGES, show)]
