"""A repository as one row of a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zoco.core.access import Gated
from zoco.core.ids import RepoId
from zoco.hub.catalog.info import RepoInfo
from zoco.surfaces.web.names import domain_of, glyph_kind, library_name, task_name
from zoco.surfaces.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Row:
    """`task` and `library` in the visitor's words; empty where unknown."""

    id: RepoId
    kind: str
    domain: str
    description: str
    task: str
    library: str
    is_private: bool
    is_gated: bool
    updated_at_ms: int
    downloads: int
    likes: int


def row_of(visit: Visit, info: RepoInfo) -> Row:
    task = info.pipeline_tag or next(
        (tag.partition(":")[2] for tag in info.tags if tag.startswith("task_categories:")), ""
    )
    return Row(
        id=info.id,
        kind=glyph_kind(info.id.type),
        domain=domain_of(info.pipeline_tag, info.tags),
        description=info.description,
        task=task_name(visit.language, task) if task else "",
        library=library_name(info.library_name) if info.library_name else (info.sdk or "").capitalize(),
        is_private=info.is_private,
        is_gated=info.gated is not Gated.OPEN,
        updated_at_ms=info.updated_at_ms,
        downloads=info.downloads,
        likes=info.likes,
    )


def rows_of(visit: Visit, infos: Iterable[RepoInfo]) -> tuple[Row, ...]:
    return tuple(row_of(visit, info) for info in infos)
