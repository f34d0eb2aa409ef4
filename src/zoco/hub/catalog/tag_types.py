"""Which tags can a list be filtered by? Those the Hub knows by kind, and those that its repositories carry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zoco.core.access import Actor
from zoco.core.ids import RepoType
from zoco.formats.cards.languages import LANGUAGES, is_language, language_name
from zoco.formats.cards.libraries import LIBRARIES
from zoco.formats.cards.licenses import LICENSES
from zoco.formats.cards.tasks import DOMAINS, TASKS
from zoco.hub.catalog import store
from zoco.hub.catalog.query import Query
from zoco.hub.repos.storage import RepoStorage

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
    storage: RepoStorage, actor: Actor | None, type: RepoType, only: str | None = None, *, locale: str = "en"
) -> dict[str, list[TagEntry]]:
    """By kind. Of datasets, papers and free tags only those that repositories the caller may read carry."""
    with storage.db.read() as read:
        carried = [tag for tag, _ in store.tag_counts_in(read, Query(type=type), actor, CARRIED_MAX)]
    kinds = _model_tags(carried, locale) if type is not RepoType.DATASET else _dataset_tags(carried, locale)
    return {kind: tags for kind, tags in kinds.items() if only is None or kind == only}


def _model_tags(carried: list[str], locale: str) -> dict[str, list[TagEntry]]:
    known = {**TASKS, **LIBRARIES}
    free = [tag for tag in carried if ":" not in tag and tag not in known and not is_language(tag)]
    return {
        "pipeline_tag": [
            TagEntry(task.id, task.name, "pipeline_tag", DOMAINS[task.domain])
            for task in TASKS.values()
            if task.for_models
        ],
        "library": [TagEntry(library, name, "library") for library, name in sorted(LIBRARIES.items())],
        "dataset": _carried(carried, "dataset"),
        "language": _languages("", [*LANGUAGES, *(tag for tag in carried if is_language(tag))], locale),
        "license": _licenses(),
        "arxiv": _carried(carried, "arxiv"),
        "other": [TagEntry(tag, tag, "other") for tag in free],
    }


def _dataset_tags(carried: list[str], locale: str) -> dict[str, list[TagEntry]]:
    spoken = [tag.partition(":")[2] for tag in carried if tag.startswith("language:")]
    return {
        "task_categories": [
            TagEntry(f"task_categories:{task.id}", task.name, "task_categories", DOMAINS[task.domain])
            for task in TASKS.values()
            if task.for_datasets
        ],
        "size_categories": [TagEntry(f"size_categories:{size}", size, "size_categories") for size in SIZE_CATEGORIES],
        "language": _languages("language:", [*LANGUAGES, *spoken], locale),
        "license": _licenses(),
        "format": _carried(carried, "format"),
        "modality": _carried(carried, "modality"),
        "task_ids": _carried(carried, "task_ids"),
        "arxiv": _carried(carried, "arxiv"),
        "other": [TagEntry(tag, tag, "other") for tag in carried if ":" not in tag],
    }


SIZE_CATEGORIES = (
    *("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B"),
    *("1B<n<10B", "10B<n<100B", "100B<n<1T", "n>1T"),
)


def _carried(tags: Iterable[str], kind: str) -> list[TagEntry]:
    return [TagEntry(tag, tag.partition(":")[2], kind) for tag in tags if tag.startswith(f"{kind}:")]


def _languages(prefix: str, codes: Iterable[str], locale: str) -> list[TagEntry]:
    return [TagEntry(f"{prefix}{code}", language_name(code, locale), "language") for code in sorted(set(codes))]


def _licenses() -> list[TagEntry]:
    return [TagEntry(f"license:{license_}", name, "license") for license_, name in LICENSES.items()]
