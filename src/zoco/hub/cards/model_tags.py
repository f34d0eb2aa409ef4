"""Which tags does a model have, by its card and its files, and what are its library and task? Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from zoco.core.ids import RepoType
from zoco.formats.cards.languages import is_language_tag
from zoco.formats.cards.libraries import LIBRARIES, library_id
from zoco.formats.cards.library_files import (
    TASK_OF_ADAPTER,
    TASK_OF_LIBRARY,
    file_kinds,
    library_of_files,
    task_of_pipeline,
)
from zoco.formats.cards.tags import Tag, TagKind, tag_printed_as
from zoco.formats.cards.tasks import TASKS, task_of_architecture
from zoco.hub.cards.fields import (
    Json,
    base_model_relation,
    base_models,
    languages,
    licenses,
    named_library,
    papers,
    says_languages,
    words,
)

CHATTING = ("text-generation", "image-text-to-text", "audio-text-to-text", "video-text-to-text", "any-to-any")


def library_of(data: Json, paths: Collection[str], config: Json | None) -> str | None:
    return named_library(data) or library_of_files(paths, config)


def task_of(data: Json, library: str | None, config: Json | None, gguf: Json | None) -> str | None:
    """Said by the card, else named by one of its tags, else what the library or the architecture is for."""
    said = data.get("pipeline_tag")
    if isinstance(said, str) and said.strip():
        return said.strip()[:64]
    free = set(words(data.get("tags")))
    if named := next((task for task in TASKS if task in free and TASKS[task].for_models), None):
        return named
    return TASK_OF_LIBRARY.get(library or "") or _task_of_config(config or {}) or _task_of_gguf(gguf or {})


def _task_of_config(config: Json) -> str | None:
    for architecture in config.get("architectures") or ():
        task, _ = task_of_architecture(str(architecture), str(config.get("model_type") or ""))
        if task:
            return task
    match config:
        case {"sklearn": {"task": str() as task}} if task in TASKS:
            return task
        case {"peft": {"task_type": str() as kind}}:
            return TASK_OF_ADAPTER.get(kind)
        case {"diffusers": {"_class_name": str() as name}}:
            return task_of_pipeline(name)
    return None


def _task_of_gguf(gguf: Json) -> str | None:
    return "text-generation" if gguf.get("chat_template") else None


def model_tags(
    data: Json,
    body: str,
    paths: Collection[str],
    config: Json | None,
    gguf: Json | None,
    library: str | None,
    task: str | None,
) -> Iterator[Tag]:
    if library:
        yield Tag(TagKind.LIBRARY, library)
    yield from (Tag(TagKind.LIBRARY, kind) for kind in file_kinds(paths))
    if config and isinstance(model_type := config.get("model_type"), str):
        yield Tag(TagKind.OTHER, model_type)
    if task:
        yield Tag(TagKind.TASK, task)
    yield from _free(data, task)
    yield from (Tag(TagKind.OTHER, word) for word in _of_config(config or {}, gguf or {}, task))
    yield from (Tag(TagKind.LANGUAGE, code) for code in languages(data))
    yield from (Tag(TagKind.DATASET, name) for name in words(data.get("datasets")))
    yield from papers(data, body)
    relation = base_model_relation(data, library, paths)
    for name in base_models(data, config):
        yield Tag(TagKind.BASE_MODEL, name)
        yield Tag(TagKind.BASE_MODEL, f"{relation}:{name}")
    yield from (Tag(TagKind.LICENSE, name) for name in licenses(data))
    if data.get("model-index"):
        yield Tag(TagKind.OTHER, "model-index")


def _free(data: Json, task: str | None) -> Iterator[Tag]:
    """Words under `tags:`. What they are known as decides their kind; a model has one task, so that the other names of
    tasks among its tags are free words: a filter finds both, a count of models by task counts each once."""
    spoken = not says_languages(data)
    for word in words(data.get("tags")):
        if known := tag_printed_as(word, RepoType.MODEL):
            yield known
        elif word == task or (spoken and is_language_tag(word)):
            continue  # told as the task or as a language
        elif (library := library_id(word)) in LIBRARIES:
            yield Tag(TagKind.LIBRARY, library)
            if library != word:
                yield Tag(TagKind.OTHER, word)
        else:
            yield Tag(TagKind.OTHER, word)


_BITS = {"load_in_4bit": "4-bit", "load_in_8bit": "8-bit"}


def _of_config(config: Json, gguf: Json, task: str | None) -> Iterator[str]:
    """Free words that files tell: that code comes along, that it chats, how it is quantised."""
    tokenizer = config.get("tokenizer_config")
    templates = [config.get("chat_template_jinja"), gguf.get("chat_template")]
    templates += [tokenizer.get("chat_template")] if isinstance(tokenizer, dict) else []
    if any(templates) and (task is None or task in CHATTING):
        yield "conversational"
    if config.get("auto_map"):
        yield "custom_code"
    quantized = config.get("quantization_config")
    if not isinstance(quantized, dict):
        return
    if isinstance(bits := quantized.get("bits"), int) and 0 < bits <= 16:
        yield f"{bits}-bit"
    yield from (word for key, word in _BITS.items() if quantized.get(key) is True)
    if isinstance(method := quantized.get("quant_method"), str):
        yield method
