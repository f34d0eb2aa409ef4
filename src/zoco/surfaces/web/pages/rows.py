"""A repository as one row of a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from zoco.core.access import Gated
from zoco.core.ids import RepoId, RepoType
from zoco.formats.cards.validate import COLORS
from zoco.hub.catalog.info import RepoInfo
from zoco.hub.repos.downloads import last_days
from zoco.surfaces.web import names
from zoco.surfaces.web.names import domain_of, glyph_kind, library_name, task_name
from zoco.surfaces.web.sparkline import sparkline
from zoco.surfaces.web.visit import Visit

EMOJI_LENGTH_MAX = 12
"""Families and flags are several signs."""


@dataclass(frozen=True, slots=True)
class SpaceFace:
    """How a Space shows itself: the title, the picture and the colours of its card."""

    title: str
    emoji: str
    colour_from: str
    colour_to: str
    sdk: str


@dataclass(frozen=True, slots=True)
class Row:
    """`task`, `library` and `facts` in the visitor's words; empty where unknown. `course`: downloads day by day."""

    id: RepoId
    kind: str
    domain: str
    description: str
    task: str
    library: str
    parameters: int
    facts: tuple[str, ...]
    rows: int
    face: SpaceFace | None
    is_private: bool
    is_gated: bool
    updated_at_ms: int
    downloads: int
    likes: int
    course: Markup


def row_of(visit: Visit, info: RepoInfo, days: Sequence[int] = ()) -> Row:
    task = info.pipeline_tag or next(iter(_of_kind(info.tags, "task_categories")), "")
    is_space = info.id.type is RepoType.SPACE
    return Row(
        id=info.id,
        kind=glyph_kind(info.id.type),
        domain=domain_of(info.pipeline_tag, info.tags),
        description=_text(info.card.get("short_description")) or info.description if is_space else info.description,
        task=task_name(visit.language, task) if task else "",
        library=library_name(info.library_name) if info.library_name else names.SDKS.get(info.sdk or "", ""),
        parameters=(info.parameters or 0) if info.id.type is RepoType.MODEL else 0,
        facts=_facts(visit, info.tags) if info.id.type is RepoType.DATASET else (),
        rows=_rows(info.card) if info.id.type is RepoType.DATASET else 0,
        face=_face(info) if is_space else None,
        is_private=info.is_private,
        is_gated=info.gated is not Gated.OPEN,
        updated_at_ms=info.updated_at_ms,
        downloads=info.downloads,
        likes=info.likes,
        course=sparkline(days),
    )


def rows_of(visit: Visit, infos: Iterable[RepoInfo], *, has_courses: bool = False) -> tuple[Row, ...]:
    there = tuple(infos)
    wanted = [info.key for info in there if info.downloads] if has_courses else []
    days = last_days(visit.hub.db, wanted)
    return tuple(row_of(visit, info, days.get(info.key, ())) for info in there)


def _of_kind(tags: Iterable[str], kind: str) -> list[str]:
    return [tag.partition(":")[2] for tag in tags if tag.startswith(f"{kind}:")]


def _facts(visit: Visit, tags: tuple[str, ...]) -> tuple[str, ...]:
    """Of a dataset: what it holds, how much, in which format."""
    modalities = [visit.language.gettext(names.MODALITIES.get(one, one)) for one in _of_kind(tags, "modality")]
    formats = [names.FORMATS.get(one, one) for one in _of_kind(tags, "format")[:1]]
    return (*modalities[:3], *_of_kind(tags, "size_categories")[:1], *formats)


def _rows(card: Mapping[str, Any]) -> int:  # Any: YAML
    """As the card's `dataset_info` counts them, over all splits."""
    known = card.get("dataset_info")
    found = 0
    for config in known if isinstance(known, list) else [known]:
        splits = config.get("splits") if isinstance(config, dict) else None
        for split in splits if isinstance(splits, list) else ():
            number = split.get("num_examples") if isinstance(split, dict) else None
            found += number if isinstance(number, int) and 0 < number < 10**15 else 0
    return found


def _face(info: RepoInfo) -> SpaceFace:
    card = info.card
    emoji = _text(card.get("emoji"))
    start, end = _text(card.get("colorFrom")), _text(card.get("colorTo"))
    return SpaceFace(
        title=_text(card.get("title"))[:120] or info.id.name,
        emoji=emoji if len(emoji) <= EMOJI_LENGTH_MAX and not emoji.isascii() else "",
        colour_from=start if start in COLORS else "",
        colour_to=end if end in COLORS else start if start in COLORS else "",
        sdk=names.SDKS.get(info.sdk or "", ""),
    )


def _text(value: Any) -> str:  # Any: YAML
    return value.strip() if isinstance(value, str) else ""
