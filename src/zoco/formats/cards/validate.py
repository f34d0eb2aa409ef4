"""What would the Hub say to this README? Errors stop a commit by the API; warnings are only shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from zoco.core.ids import RepoType
from zoco.formats.cards.card_yaml import Value
from zoco.formats.cards.front_matter import split
from zoco.formats.cards.languages import is_language
from zoco.formats.cards.licenses import LICENSES
from zoco.formats.cards.tasks import TASKS

EMPTY_BLOCK = "empty or missing yaml metadata in repo card"
"""huggingface_hub's tests know this text."""

SDKS = ("gradio", "streamlit", "docker", "static")
COLORS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
RELATIONS = ("adapter", "finetune", "merge", "quantized")


class Verdict(NamedTuple):
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def validate(content: str, repo_type: RepoType) -> Verdict:
    card = split(content)
    warnings = [] if card.garbled is None else [f"README.md, {card.garbled}"]
    if card.problem is not None:
        return Verdict((f"Invalid YAML metadata in README.md, {card.problem}",), tuple(warnings))
    if not card.data:
        return Verdict((), (*warnings, EMPTY_BLOCK))
    errors = [*_everywhere(card.data)]
    match repo_type:
        case RepoType.MODEL:
            errors += _model(card.data)
            warnings += _unknown_task(card.data.get("pipeline_tag"), '"pipeline_tag"')
        case RepoType.DATASET:
            errors += _dataset(card.data)
            warnings += _unknown_tasks(card.data.get("task_categories"))
        case RepoType.SPACE:
            errors += _space(card.data)
    return Verdict(tuple(errors), tuple(warnings))


def _everywhere(data: Mapping[str, Value]) -> Iterator[str]:
    yield from _license(data)
    yield from _strings(data, "tags")
    yield from _languages(data.get("language"))
    for key in ("library_name", "pipeline_tag", "license_name", "license_link", "pretty_name", "thumbnail"):
        if data.get(key) is not None and not isinstance(data[key], str):
            yield f'"{key}" must be a string'


def _license(data: Mapping[str, Value]) -> Iterator[str]:
    for named in _listed(data.get("license")):
        if not isinstance(named, str):
            yield '"license" must be a string'
        elif named.lower() not in LICENSES:
            yield (
                f"\"license\" must be one of [{', '.join(LICENSES)}], not '{named[:80]}'. For another licence use"
                " 'other' with license_name and license_link"
            )


def _languages(value: Value) -> Iterator[str]:
    for code in _listed(value):
        if code is False:
            continue  # Norwegian, rewritten by a tool that reads YAML 1.1
        if not isinstance(code, str):
            yield '"language" must be a string or a list of strings'
        elif not is_language(code):
            yield (
                f"\"language\" '{code[:80]}' must be a code of two or three letters (ISO 639), like 'es', or a special"
                " value like 'code' or 'multilingual'"
            )


def _strings(data: Mapping[str, Value], key: str) -> Iterator[str]:
    value = data.get(key)
    if value is None:
        return
    if not isinstance(value, list):
        yield f'"{key}" must be an array'
    elif not all(isinstance(item, str) for item in value):
        odd = next(item for item in value if not isinstance(item, str))
        yield f'"{key}" must hold only strings: put {str(odd)[:40]} between quotes'


def _model(data: Mapping[str, Value]) -> Iterator[str]:
    for key in ("datasets", "metrics", "base_model", "new_version"):
        if not all(isinstance(item, str) for item in _listed(data.get(key))):
            yield f'"{key}" must be a string or a list of strings'
    relation = data.get("base_model_relation")
    if relation is not None and relation not in RELATIONS:
        yield f'"base_model_relation" must be one of [{", ".join(RELATIONS)}]'
    if "model-index" in data:
        yield from _model_index(data["model-index"])


def _model_index(index: Value) -> Iterator[str]:
    if not isinstance(index, list):
        yield '"model-index" must be an array'
        return
    for i, model in enumerate(index):
        at = f'"model-index[{i}]'
        if not isinstance(model, dict):
            yield f'{at}" must be an object'
            continue
        if not isinstance(model.get("name"), str):
            yield f'{at}.name" is required'
        results = model.get("results")
        if not isinstance(results, list):
            yield f'{at}.results" is required and must be an array'
            continue
        for j, result in enumerate(results):
            yield from _result(f"{at}.results[{j}]", result)


def _result(at: str, result: Value) -> Iterator[str]:
    if not isinstance(result, dict):
        yield f'{at}" must be an object'
        return
    yield from _required(at, result, "task", ("type",))
    yield from _required(at, result, "dataset", ("type", "name"))
    metrics = result.get("metrics")
    if not isinstance(metrics, list):
        yield f'{at}.metrics" is required and must be an array'
        return
    for k, metric in enumerate(metrics):
        if not isinstance(metric, dict):
            yield f'{at}.metrics[{k}]" must be an object'
            continue
        for key in ("type", "value"):
            if metric.get(key) is None:
                yield f'{at}.metrics[{k}].{key}" is required'


def _required(at: str, holder: Mapping[str, Value], key: str, fields: Iterable[str]) -> Iterator[str]:
    value = holder.get(key)
    if not isinstance(value, dict):
        yield f'{at}.{key}" is required'
        return
    for name in fields:
        if not isinstance(value.get(name), str):
            yield f'{at}.{key}.{name}" is required'


def _dataset(data: Mapping[str, Value]) -> Iterator[str]:
    for key in ("task_categories", "task_ids", "size_categories", "annotations_creators", "source_datasets"):
        if not all(isinstance(item, str) for item in _listed(data.get(key))):
            yield f'"{key}" must be a string or a list of strings'
    yield from _configs(data.get("configs"))


def _configs(configs: Value) -> Iterator[str]:
    if configs is None:
        return
    if not isinstance(configs, list):
        yield '"configs" must be an array'
        return
    for i, config in enumerate(configs):
        if not isinstance(config, dict) or not isinstance(config.get("config_name"), str):
            yield f'"configs[{i}].config_name" is required and must be a string'


def _space(data: Mapping[str, Value]) -> Iterator[str]:
    sdk = data.get("sdk")
    if sdk is not None and sdk not in SDKS:
        yield f'"sdk" must be one of [{", ".join(SDKS)}]'
    for key in ("colorFrom", "colorTo"):
        if data.get(key) is not None and data[key] not in COLORS:
            yield f'"{key}" must be one of [{", ".join(COLORS)}]'
    for key in ("title", "emoji", "app_file", "short_description"):
        if data.get(key) is not None and not isinstance(data[key], (str, int, float)):
            yield f'"{key}" must be a string'
    if data.get("pinned") is not None and not isinstance(data["pinned"], bool):
        yield '"pinned" must be a boolean'
    for key in ("models", "datasets"):
        yield from _strings(data, key)


def _unknown_task(task: Value, where: str) -> Iterator[str]:
    if isinstance(task, str) and task not in TASKS:
        yield f"{where} '{task[:80]}' is not a task this Hub knows: it will be kept as a tag"


def _unknown_tasks(value: Value) -> Iterator[str]:
    for task in _listed(value):
        yield from _unknown_task(task, '"task_categories"')


def _listed(value: Value) -> list[Value]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
