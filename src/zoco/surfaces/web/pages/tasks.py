"""What can models do, and which of this Hub do it? One page for all tasks, and one for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import BaseRoute

from zoco.core.errors import NotFound
from zoco.core.ids import RepoType
from zoco.formats.cards.tags import Tag, TagKind
from zoco.formats.cards.tasks import DOMAINS, TASKS, Task
from zoco.hub.catalog.facets import count_values
from zoco.hub.catalog.info import RepoInfo
from zoco.hub.catalog.lists import list_repos
from zoco.hub.catalog.query import Query, Sort
from zoco.surfaces.web import names, urls
from zoco.surfaces.web.pages.rows import Row, rows_of
from zoco.surfaces.web.render import Page
from zoco.surfaces.web.serve import shows
from zoco.surfaces.web.task_code import code_for
from zoco.surfaces.web.task_texts import TaskText, text_of_task
from zoco.surfaces.web.visit import Visit

SHOWN = 5
UNNAMED = "owner/model"


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    name: str
    icon: str
    text: TaskText | None
    models: int
    datasets: int


@dataclass(frozen=True, slots=True)
class Domain:
    key: str
    title: str
    colour: str
    tasks: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class TasksContext:
    domains: tuple[Domain, ...]


@dataclass(frozen=True, slots=True)
class TaskContext:
    """`popular` and `counts` of this Hub, `more` leads to the filtered list; a type without any is left out."""

    task: Task
    entry: Entry
    domain: Domain
    metrics: tuple[str, ...]
    libraries: tuple[tuple[str, str], ...]
    code: str
    popular: Mapping[RepoType, tuple[Row, ...]]
    counts: Mapping[RepoType, int]
    more: Mapping[RepoType, str]


def show_all(visit: Visit, _request: Request) -> Page:
    return Page("tasks/tasks.html", TasksContext(_domains(visit)))


def show_one(visit: Visit, request: Request) -> Page:
    task = TASKS.get(request.path_params["task"])
    if task is None:
        raise NotFound("Sorry, we can't find the page you are looking for.")
    return Page("tasks/task.html", task_context(visit, task))


def task_context(visit: Visit, task: Task) -> TaskContext:
    models, models_count = _found(visit, Query(type=RepoType.MODEL, tags=(Tag(TagKind.TASK, task.id),)))
    datasets, datasets_count = _found(visit, Query(type=RepoType.DATASET, tags=(Tag(TagKind.TASK, task.id),)))
    spaces = _spaces(visit, task, models)
    domain = _domain(visit, task.domain, {}, {})
    return TaskContext(
        task=task,
        entry=_entry(visit, task, models_count, datasets_count),
        domain=domain,
        metrics=_metrics(visit, task),
        libraries=tuple((library, names.library_name(library)) for library in task.libraries),
        code=code_for(task.id, models[0].id.full_name if models else UNNAMED, visit.endpoint),
        popular={
            RepoType.MODEL: rows_of(visit, models),
            RepoType.DATASET: rows_of(visit, datasets),
            RepoType.SPACE: rows_of(visit, spaces),
        },
        counts={RepoType.MODEL: models_count, RepoType.DATASET: datasets_count},
        more={
            RepoType.MODEL: urls.listing(RepoType.MODEL, pipeline_tag=task.id),
            RepoType.DATASET: urls.listing(RepoType.DATASET, task_categories=task.id),
        },
    )


def _metrics(visit: Visit, task: Task) -> tuple[str, ...]:
    named = (visit.language.gettext(names.METRICS.get(metric.lower(), metric)) for metric in task.metrics)
    return tuple(dict.fromkeys(named))


def _found(visit: Visit, query: Query) -> tuple[tuple[RepoInfo, ...], int]:
    wanted = Query(type=query.type, tags=query.tags, sort=Sort.DOWNLOADS, limit=SHOWN)
    page = list_repos(visit.hub.catalogue, visit.actor, wanted)
    return page.items, page.total or 0


def _spaces(visit: Visit, task: Task, models: tuple[RepoInfo, ...]) -> tuple[RepoInfo, ...]:
    """Those that carry the task among their tags, then those that use its most downloaded models."""

    def those(**wanted: tuple[str, ...]) -> tuple[RepoInfo, ...]:
        query = Query(type=RepoType.SPACE, sort=Sort.LIKES, limit=SHOWN, **wanted)  # type: ignore[arg-type]
        return list_repos(visit.hub.catalogue, visit.actor, query).items

    found = {info.key: info for info in those(filters=(task.id,))}
    for model in models:
        if len(found) < SHOWN:
            found |= {info.key: info for info in those(linked_models=(model.id.full_name,))}
    return tuple(found.values())[:SHOWN]


def _domains(visit: Visit) -> tuple[Domain, ...]:
    models, datasets = _counts(visit, RepoType.MODEL), _counts(visit, RepoType.DATASET)
    found = (_domain(visit, key, models, datasets) for key in DOMAINS)
    return tuple(domain for domain in found if domain.tasks)


def _domain(visit: Visit, key: str, models: Mapping[str, int], datasets: Mapping[str, int]) -> Domain:
    tasks = [task for task in TASKS.values() if task.domain == key and (task.for_models or task.for_datasets)]
    entries = tuple(_entry(visit, task, models.get(task.id, 0), datasets.get(task.id, 0)) for task in tasks)
    colour = names.domain_of_task(tasks[0].id) if tasks else "d-none"
    return Domain(key, visit.language.gettext(DOMAINS[key]), colour, entries)


def _entry(visit: Visit, task: Task, models: int, datasets: int) -> Entry:
    return Entry(
        task.id,
        names.task_name(visit.language, task.id),
        names.task_icon(task.id),
        text_of_task(visit.language.code, task.id),
        models,
        datasets,
    )


def _counts(visit: Visit, type: RepoType) -> dict[str, int]:
    values = count_values(visit.hub.catalogue, visit.actor, Query(type=type), TagKind.TASK)
    return {one.value: one.count for one in values}


routes: list[BaseRoute] = [shows(urls.TASKS, show_all), shows("/tasks/{task:seg}", show_one)]
