"""Which tags does a dataset have: what its card says, and what its features, numbers and files tell? Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from zoco.core.ids import RepoType
from zoco.formats.cards.languages import is_language_tag
from zoco.formats.cards.libraries import dataset_libraries
from zoco.formats.cards.tags import Tag, TagKind, tag_printed_as
from zoco.formats.cards.tasks import TASKS
from zoco.hub.cards.fields import Json, languages, licenses, papers, says_languages, words

_KEYS_AS_THEY_ARE = ("annotations_creators", "language_creators", "multilinguality", "source_datasets")

SIZES = (
    ("n<1K", 10**3),
    ("1K<n<10K", 10**4),
    ("10K<n<100K", 10**5),
    ("100K<n<1M", 10**6),
    ("1M<n<10M", 10**7),
    ("10M<n<100M", 10**8),
    ("100M<n<1B", 10**9),
    ("1B<n<10B", 10**10),
    ("10B<n<100B", 10**11),
    ("100B<n<1T", 10**12),
)
"""Category → the first number of rows that is too many for it."""

LARGEST = "n>1T"
SIZE_CATEGORIES = (*(name for name, _ in SIZES), LARGEST)

_FORMATS = {
    "csv": ("csv", ("tabular",)),
    "tsv": ("csv", ("tabular",)),
    "json": ("json", ("text",)),
    "jsonl": ("json", ("text",)),
    "parquet": ("parquet", ()),
    "arrow": ("arrow", ()),
    "txt": ("text", ("text",)),
    "tar": ("webdataset", ()),
    "jpg": ("imagefolder", ("image",)),
    "jpeg": ("imagefolder", ("image",)),
    "png": ("imagefolder", ("image",)),
    "webp": ("imagefolder", ("image",)),
    "wav": ("audiofolder", ("audio",)),
    "mp3": ("audiofolder", ("audio",)),
    "flac": ("audiofolder", ("audio",)),
    "ogg": ("audiofolder", ("audio",)),
    "mp4": ("videofolder", ("video",)),
    "pdf": ("pdffolder", ("document",)),
}
"""Ending of a data file → what `load_dataset` takes it for, and what is in it as long as no features are told."""

_NOT_DATA = {"dataset_infos", "dataset_info", "requirements", "LICENSE", "config"}
_TABLES = ("csv", "json", "parquet")
_LIBRARIES = {
    "csv": ("datasets", "pandas", "polars", "mlcroissant"),
    "json": ("datasets", "pandas", "polars", "mlcroissant"),
    "parquet": ("datasets", "pandas", "polars", "mlcroissant"),
    "webdataset": ("datasets", "webdataset", "mlcroissant"),
}
_LIBRARIES_ELSE = ("datasets", "mlcroissant")
_SHARD = re.compile(r"-\d{5}-of-(\d{5})\b")

_MODALITIES = {
    "string": "text",
    "large_string": "text",
    "image": "image",
    "audio": "audio",
    "video": "video",
    "pdf": "document",
    "translation": "text",
}
"""dtype or kind of a feature → modality. Numbers make a table when there are several, times a series."""

_FEATURES_MAX = 10_000
_DEPTH_MAX = 20


def dataset_tags(data: Json, body: str, paths: Collection[str]) -> Iterator[Tag]:
    tasks = words(data.get("task_categories"))
    yield from (Tag(TagKind.TASK, word) for word in tasks)
    yield from (Tag(TagKind.TASK_ID, word) for word in words(data.get("task_ids")))
    for key in _KEYS_AS_THEY_ARE:
        yield from (Tag(TagKind.OTHER, f"{key}:{word}") for word in words(data.get(key)))
    yield from (Tag(TagKind.LANGUAGE, code) for code in languages(data))
    yield from (Tag(TagKind.LICENSE, name) for name in licenses(data))
    yield from (Tag(TagKind.SIZE, size) for size in words(data.get("size_categories")) or _size(data))
    yield from _of_files(data, paths)
    yield from papers(data, body)
    yield from _free(data, are_tasks_said=bool(tasks))


def _free(data: Json, *, are_tasks_said: bool) -> Iterator[Tag]:
    spoken = not says_languages(data)
    for word in words(data.get("tags")):
        if known := tag_printed_as(word, RepoType.DATASET):
            yield known
        elif spoken and is_language_tag(word):
            continue  # told as a language
        elif word in TASKS and not are_tasks_said:
            yield Tag(TagKind.TASK, word)
        else:
            if word in dataset_libraries():
                yield Tag(TagKind.LIBRARY, word)
            yield Tag(TagKind.OTHER, word)


def _infos(data: Json) -> list[Json]:
    """One for each configuration."""
    infos = data.get("dataset_info")
    return [info for info in (infos if isinstance(infos, list) else [infos]) if isinstance(info, dict)]


def _size(data: Json) -> list[str]:
    """The category of the rows of all splits, where the card counts them."""
    splits = [split for info in _infos(data) for split in _dicts(info.get("splits"))]
    counts = [split.get("num_examples") for split in splits]
    if not counts or not all(type(count) is int and count >= 0 for count in counts):
        return []
    total = sum(count for count in counts if isinstance(count, int))
    return [next((name for name, limit in SIZES if total < limit), LARGEST)]


def _of_files(data: Json, paths: Collection[str]) -> Iterator[Tag]:
    """Format of most of the data files, modalities by the features or else by the format, libraries that read it."""
    endings = Counter(ending for ending in map(_data_ending, paths) if ending)
    told = list(dict.fromkeys(_modalities(data)))
    if not endings:
        yield from (Tag(TagKind.MODALITY, one) for one in told)
        return
    format_, usual = _FORMATS[max(endings, key=lambda ending: (endings[ending], ending))]
    yield Tag(TagKind.FORMAT, format_)
    yield from (Tag(TagKind.MODALITY, one) for one in told or usual)
    is_sharded = any(int(found[1]) > 1 for found in map(_SHARD.search, paths) if found)
    for library in _LIBRARIES.get(format_, _LIBRARIES_ELSE):
        yield Tag(TagKind.LIBRARY, "dask" if library == "pandas" and is_sharded else library)


def _data_ending(path: str) -> str | None:
    name, _, ending = path.rpartition("/")[2].rpartition(".")
    ending = ending.lower()
    return ending if name and ending in _FORMATS and name not in _NOT_DATA else None


def _modalities(data: Json) -> Iterator[str]:
    numbers = 0
    for kind in _kinds(info.get("features") for info in _infos(data)):
        if kind in _MODALITIES:
            yield _MODALITIES[kind]
        elif kind.startswith(("int", "uint", "float", "decimal")):
            numbers += 1
            if numbers == 2:
                yield "tabular"
        elif kind.startswith(("timestamp", "date")):
            yield "timeseries"


def _kinds(found: Iterable[Any]) -> Iterator[str]:  # Any: `features` as somebody wrote them
    """dtypes of all features, also of those inside lists and groups. Bounded in number and depth."""
    waiting: list[tuple[Any, int]] = [(one, 0) for one in reversed(list(found))]
    seen = 0
    while waiting and seen < _FEATURES_MAX:
        one, depth = waiting.pop()
        seen += 1
        match one:
            case str():
                yield one
            case list() if depth < _DEPTH_MAX:
                waiting += [(item, depth + 1) for item in reversed(one)]
            case dict() if depth < _DEPTH_MAX:
                waiting += [(one[key], depth + 1) for key in _INSIDE if key in one]
                yield from (key for key in _MODALITIES if isinstance(one.get(key), dict))


_INSIDE = ("dtype", "sequence", "list", "struct")


def _dicts(value: Any) -> list[Json]:  # Any: a field of somebody's card
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
