"""What is known of a repository from its card and its files: one value, and the rule that makes its tags. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from zoco.core.ids import RepoType
from zoco.formats.cards.front_matter import FrontMatter
from zoco.formats.cards.languages import is_language, is_language_tag
from zoco.formats.cards.libraries import LIBRARIES, file_kinds, library_id, library_of_files
from zoco.formats.cards.tags import Tag, TagKind
from zoco.formats.cards.tasks import TASKS, task_of_architecture
from zoco.hub.cards.description import description_of

Json = Mapping[str, Any]  # Any: somebody's JSON or YAML

RULES = 1
"""Which rules these are. Raise it when the same files would now say something else: cards that were read by older
rules are read again."""

TAG_LENGTH_MAX = 290
TAGS_MAX = 500

_ARXIV = re.compile(
    r"arxiv\.org/(?:abs|pdf|html)/(\d{4}\.\d{4,5})|huggingface\.co/papers/(\d{4}\.\d{4,5})", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ARXIV_TAG = re.compile(r"arxiv:(\d{4}\.\d{4,5})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Card:
    """`problem` says why the front matter could not be read as written; what could be read is in `data`."""

    data: Json = field(default_factory=dict)
    problem: str | None = None
    tags: tuple[Tag, ...] = ()
    pipeline_tag: str | None = None
    library_name: str | None = None
    license: str | None = None
    description: str = ""
    config: Json | None = None
    links: tuple[str, ...] = ()
    """repositories that the card names, as `kind:owner/name` in lower case: kinds are model, dataset and base_model"""
    weights: Mapping[str, int] | None = None
    """parameters by dtype; None where unknown"""


def card_from(repo_type: RepoType, readme: FrontMatter, paths: Collection[str], config: Json | None) -> Card:
    """`paths` are the names of the files at the commit; `config` the parts of its JSON files that the API shows."""
    data = readme.data
    library = _library(data, paths, config) if repo_type is RepoType.MODEL else None
    task = _task(data, config) if repo_type is RepoType.MODEL else None
    match repo_type:
        case RepoType.MODEL:
            tags = _model_tags(data, readme.body, paths, config, library, task)
        case RepoType.DATASET:
            tags = _dataset_tags(data, readme.body, paths)
        case RepoType.SPACE:
            tags = _space_tags(data)
    return Card(
        data=data,
        problem=str(readme.problem) if readme.problem else None,
        tags=_unique(tags),
        pipeline_tag=task,
        library_name=library,
        license=next(_licenses(data), None),
        description=description_of(readme.body),
        config=config,
        links=_links(repo_type, data),
    )


def _links(repo_type: RepoType, data: Json) -> tuple[str, ...]:
    fields = {
        RepoType.MODEL: (("dataset", "datasets"), ("base_model", "base_model")),
        RepoType.DATASET: (),
        RepoType.SPACE: (("model", "models"), ("dataset", "datasets")),
    }[repo_type]
    named = ((kind, name) for kind, key in fields for name in _words(data.get(key)) if len(name) <= TAG_LENGTH_MAX)
    return tuple(dict.fromkeys(f"{kind}:{name.lower()}" for kind, name in named if not _CONTROL.search(name)))[
        :TAGS_MAX
    ]


def base_models(data: Json) -> list[str]:
    return [name for name in _words(data.get("base_model")) if "/" in name]


def base_model_relation(data: Json, library: str | None, paths: Collection[str] = ()) -> str:
    """How this model came from its base: said by the card, or to be seen from its files."""
    said = data.get("base_model_relation")
    if said in ("adapter", "finetune", "merge", "quantized"):
        return str(said)
    if library in ("peft", "adapter-transformers") or "adapter_config.json" in paths:
        return "adapter"
    if len(base_models(data)) > 1 or "merge" in _words(data.get("tags")) or "mergekit" in _words(data.get("tags")):
        return "merge"
    if library == "gguf" or any(path.endswith(".gguf") for path in paths) or "quantize_config.json" in paths:
        return "quantized"
    return "finetune"


def _model_tags(
    data: Json, body: str, paths: Collection[str], config: Json | None, library: str | None, task: str | None
) -> Iterator[Tag]:
    if library:
        yield Tag(TagKind.LIBRARY, library)
    yield from (Tag(TagKind.LIBRARY, kind) for kind in file_kinds(paths))
    if config and isinstance(model_type := config.get("model_type"), str):
        yield Tag(TagKind.OTHER, model_type)
    if task:
        yield Tag(TagKind.TASK, task)
    yield from _free(data)
    yield from (Tag(TagKind.LANGUAGE, code) for code in _languages(data))
    yield from (Tag(TagKind.DATASET, name) for name in _words(data.get("datasets")))
    yield from _papers(data, body)
    relation = base_model_relation(data, library, paths)
    for name in base_models(data):
        yield Tag(TagKind.BASE_MODEL, name)
        yield Tag(TagKind.BASE_MODEL, f"{relation}:{name}")
    yield from (Tag(TagKind.LICENSE, name) for name in _licenses(data))
    if data.get("model-index"):
        yield Tag(TagKind.OTHER, "model-index")


def _free(data: Json) -> Iterator[Tag]:
    """Words under `tags:` that are not known as something else."""
    languages = {word for word in _words(data.get("tags")) if _is_spoken(word, data)}
    for word in _words(data.get("tags")):
        if word in TASKS:
            yield Tag(TagKind.TASK, word)
        elif (library := library_id(word)) in LIBRARIES:
            yield Tag(TagKind.LIBRARY, library)
        elif word not in languages:
            yield Tag(TagKind.OTHER, word)


def _is_spoken(word: str, data: Json) -> bool:
    """Whether a bare word among the tags is a language: not where the card says its languages apart."""
    return is_language_tag(word) and data.get("language") is None


_DATASET_KEYS = ("annotations_creators", "language_creators", "multilinguality", "source_datasets")


def _dataset_tags(data: Json, body: str, paths: Collection[str]) -> Iterator[Tag]:
    tasks = _words(data.get("task_categories"))
    yield from (Tag(TagKind.TASK, word) for word in tasks)
    yield from (Tag(TagKind.TASK_ID, word) for word in _words(data.get("task_ids")))
    for key in _DATASET_KEYS:
        yield from (Tag(TagKind.OTHER, f"{key}:{word}") for word in _words(data.get(key)))
    yield from (Tag(TagKind.LANGUAGE, code) for code in _languages(data))
    yield from (Tag(TagKind.LICENSE, name) for name in _licenses(data))
    yield from (Tag(TagKind.SIZE, size) for size in _words(data.get("size_categories")))
    yield from _data_formats(paths)
    yield from _papers(data, body)
    yield from (tag for tag in _free(data) if tag.kind is not TagKind.TASK or not tasks)


def _space_tags(data: Json) -> Iterator[Tag]:
    if isinstance(sdk := data.get("sdk"), str):
        yield Tag(TagKind.SDK, sdk)
    yield from (Tag(TagKind.OTHER, word) for word in _words(data.get("tags")))
    yield from (Tag(TagKind.LICENSE, name) for name in _licenses(data))


def _task(data: Json, config: Json | None) -> str | None:
    """Said by the card, else named by one of its tags, else what the architecture is for."""
    said = data.get("pipeline_tag")
    if isinstance(said, str) and said.strip():
        return said.strip()[:64]
    free = set(_words(data.get("tags")))
    named = next((task for task in TASKS if task in free and TASKS[task].for_models), None)
    if named or config is None:
        return named
    for architecture in config.get("architectures") or ():
        task, _ = task_of_architecture(str(architecture), str(config.get("model_type") or ""))
        if task:
            return task
    return "text-to-image" if config.get("diffusers") else None


def _library(data: Json, paths: Collection[str], config: Json | None) -> str | None:
    said = data.get("library_name")
    if isinstance(said, str) and said.strip():
        return library_id(said)[:64]
    free = [library_id(word) for word in _words(data.get("tags"))]
    named = next((word for word in free if word in LIBRARIES and word not in _FORMATS), None)
    return named or library_of_files(paths, config)


_FORMATS = {
    "safetensors",
    "onnx",
    "gguf",
    "tensorboard",
    "pytorch",
    "tf",
    "jax",
    "rust",
    "tflite",
    "coreml",
    "openvino",
}
"""Tags that say how the weights are stored, not what loads them."""


def _languages(data: Json) -> Iterator[str]:
    said = data.get("language")
    # tools that read YAML 1.1 write `no` back as `false`: no other language can be meant
    codes = ["no" if code is False else code for code in (said if isinstance(said, list) else [said])]
    yield from (code for code in _words(codes) if is_language(code))
    yield from (word for word in _words(data.get("tags")) if _is_spoken(word, data))


def _licenses(data: Json) -> Iterator[str]:
    yield from (name.lower()[:64] for name in _words(data.get("license")))


def _papers(data: Json, body: str) -> Iterator[Tag]:
    named = (_ARXIV_TAG.fullmatch(word) for word in _words(data.get("tags")))
    yield from (Tag(TagKind.ARXIV, found[1]) for found in named if found)
    yield from (Tag(TagKind.ARXIV, found[1] or found[2]) for found in _ARXIV.finditer(body))


_FORMAT_OF_ENDING = {
    "csv": ("csv", "tabular"),
    "tsv": ("csv", "tabular"),
    "json": ("json", "text"),
    "jsonl": ("json", "text"),
    "parquet": ("parquet", None),
    "arrow": ("arrow", None),
    "txt": ("text", "text"),
    "tar": ("webdataset", None),
    "jpg": ("imagefolder", "image"),
    "jpeg": ("imagefolder", "image"),
    "png": ("imagefolder", "image"),
    "wav": ("audiofolder", "audio"),
    "mp3": ("audiofolder", "audio"),
    "flac": ("audiofolder", "audio"),
}


def _data_formats(paths: Iterable[str]) -> Iterator[Tag]:
    """The format that most of the data files have: what `load_dataset` would take them for."""
    counts: dict[str, int] = {}
    for path in paths:
        name, _, ending = path.rpartition("/")[2].rpartition(".")
        if name and ending.lower() in _FORMAT_OF_ENDING and name not in _NOT_DATA:
            counts[ending.lower()] = counts.get(ending.lower(), 0) + 1
    if counts:
        kind, modality = _FORMAT_OF_ENDING[max(counts, key=lambda ending: (counts[ending], ending))]
        yield Tag(TagKind.FORMAT, kind)
        if modality:
            yield Tag(TagKind.MODALITY, modality)


_NOT_DATA = {"dataset_infos", "dataset_info", "requirements", "LICENSE", "config"}


def _words(value: Any) -> list[str]:  # Any: a string, a list, or whatever the author wrote
    """Words of a field that may hold one or several; numbers count as written, other things do not."""
    items = value if isinstance(value, list) else [value]
    words = [str(item).strip() for item in items if isinstance(item, (str, int, float)) and not isinstance(item, bool)]
    return [word for word in words if word]


def _unique(tags: Iterable[Tag]) -> tuple[Tag, ...]:
    """In order, each once. What is longer than a tag may be, or holds control characters, is left out."""
    kept = dict.fromkeys(tag for tag in tags if len(tag.value) <= TAG_LENGTH_MAX and not _CONTROL.search(tag.value))
    return tuple(kept)[:TAGS_MAX]
