"""Which tags can a list be filtered by? Those the Hub knows by kind, and those that its repositories carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from zoco.core.access import Actor
from zoco.core.ids import RepoType
from zoco.formats.cards.languages import LANGUAGES, language_name
from zoco.formats.cards.libraries import LIBRARIES
from zoco.formats.cards.licenses import LICENSES
from zoco.formats.cards.tags import Tag, TagKind
from zoco.formats.cards.tasks import DOMAINS, TASKS
from zoco.hub.cards.dataset_tags import SIZE_CATEGORIES
from zoco.hub.catalog.catalogue import Catalogue
from zoco.hub.catalog.facets import count_values
from zoco.hub.catalog.query import Query

CARRIED_MAX = 1000
"""Tags in use that are told, the frequent first."""


@dataclass(frozen=True, slots=True)
class TagEntry:
    """`id` is the tag as a filter takes it; `group` what it belongs to there (the domain of a task)."""

    id: str
    label: str
    type: str
    group: str | None = None


def tags_by_type(
    catalogue: Catalogue, actor: Actor | None, type: RepoType, only: str | None = None, *, locale: str = "en"
) -> dict[str, list[TagEntry]]:
    """By kind. Of datasets, papers and free tags only those that repositories the caller may read carry."""

    def carried(kind: TagKind) -> list[Tag]:
        found = count_values(catalogue, actor, Query(type=type), kind, at_most=CARRIED_MAX)
        return [Tag(kind, one.value) for one in found]

    kinds = _model_tags(carried, locale) if type is not RepoType.DATASET else _dataset_tags(carried, locale)
    return {kind: tags for kind, tags in kinds.items() if only is None or kind == only}


Carried = Callable[[TagKind], list[Tag]]


def _model_tags(carried: Carried, locale: str) -> dict[str, list[TagEntry]]:
    spoken = [tag.value for tag in carried(TagKind.LANGUAGE)]
    return {
        "pipeline_tag": [
            TagEntry(task.id, task.name, "pipeline_tag", DOMAINS[task.domain])
            for task in TASKS.values()
            if task.for_models
        ],
        "library": [TagEntry(library, name, "library") for library, name in sorted(LIBRARIES.items())],
        "dataset": _entries(carried(TagKind.DATASET), RepoType.MODEL, "dataset"),
        "language": _languages("", [*LANGUAGES, *spoken], locale),
        "license": _licenses(),
        "arxiv": _entries(carried(TagKind.ARXIV), RepoType.MODEL, "arxiv"),
        "other": _entries(carried(TagKind.OTHER), RepoType.MODEL, "other"),
    }


def _dataset_tags(carried: Carried, locale: str) -> dict[str, list[TagEntry]]:
    spoken = [tag.value for tag in carried(TagKind.LANGUAGE)]
    return {
        "task_categories": [
            TagEntry(f"task_categories:{task.id}", task.name, "task_categories", DOMAINS[task.domain])
            for task in TASKS.values()
            if task.for_datasets
        ],
        "size_categories": [TagEntry(f"size_categories:{size}", size, "size_categories") for size in SIZE_CATEGORIES],
        "language": _languages("language:", [*LANGUAGES, *spoken], locale),
        "license": _licenses(),
        "library": _entries(carried(TagKind.LIBRARY), RepoType.DATASET, "library"),
        "format": _entries(carried(TagKind.FORMAT), RepoType.DATASET, "format"),
        "modality": _entries(carried(TagKind.MODALITY), RepoType.DATASET, "modality"),
        "task_ids": _entries(carried(TagKind.TASK_ID), RepoType.DATASET, "task_ids"),
        "arxiv": _entries(carried(TagKind.ARXIV), RepoType.DATASET, "arxiv"),
        "other": _entries(carried(TagKind.OTHER), RepoType.DATASET, "other"),
    }


def _entries(tags: Iterable[Tag], type: RepoType, kind: str) -> list[TagEntry]:
    return [TagEntry(tag.printed(type), tag.value, kind) for tag in tags]


def _languages(prefix: str, codes: Iterable[str], locale: str) -> list[TagEntry]:
    return [TagEntry(f"{prefix}{code}", language_name(code, locale), "language") for code in sorted(set(codes))]


def _licenses() -> list[TagEntry]:
    return [TagEntry(f"license:{license_}", name, "license") for license_, name in LICENSES.items()]
