"""What do the files at a commit say about a repository? Reads the card and the small JSON files that libraries write.

Everything is bounded: the card of a repository of a million files is still found in a moment, and a hostile file is
left out, never an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from zoco.core.ids import Oid, RepoType
from zoco.core.repos import ContentsRepo
from zoco.formats.cards.card_yaml import YamlError, plain, text_for_json
from zoco.formats.cards.front_matter import FrontMatter, split
from zoco.formats.git.objects import TreeEntry
from zoco.hub.cards.card import Card, card_from
from zoco.hub.cards.evaluations import FILE_SIZE_MAX, evaluation_files, results_of
from zoco.hub.cards.ggufs import gguf_at
from zoco.hub.cards.ranges import Objects, files_at
from zoco.hub.cards.weights import SHARDS_MAX, weights_at
from zoco.hub.xet.xorbs import Xet

README_SIZE_MAX = 2_000_000
JSON_SIZE_MAX = 2_000_000
SHOWN_SIZE_MAX = 32_000
"""What a part of a JSON file may take in the database."""

_CONFIG_KEYS = (
    *("architectures", "model_type", "auto_map", "quantization_config", "task_specific_params"),
    *("architecture", "sklearn"),  # timm, skops
)
_TOKENIZER_KEYS = (
    *("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token"),
    *("chat_template", "use_default_system_prompt", "tokenizer_class"),
)
_PEFT_KEYS = ("base_model_name_or_path", "task_type", "peft_type")
_ADAPTERS_KEYS = ("model_name", "model_class")


def read_card(
    objects: Objects,
    commit: Oid,
    repo_type: RepoType,
    files: Mapping[str, TreeEntry] | None = None,
    *,
    weights: Mapping[str, int] | None = None,
    gguf: Mapping[str, Any] | None = None,
) -> Card:
    """What card and small files say; `weights` and `gguf` are what the headers of large ones told."""
    files = files_at(objects, commit) if files is None else files
    readme = FrontMatter()
    if (entry := files.get("README.md")) and (text := _text(objects, entry, README_SIZE_MAX)) is not None:
        readme = split(text)
    if repo_type is not RepoType.MODEL:
        return card_from(repo_type, readme, files.keys(), None)
    evaluations = {path: _text(objects, files[path], FILE_SIZE_MAX) for path in evaluation_files(files)}
    return card_from(
        repo_type,
        readme,
        files.keys(),
        _config(objects, files),
        gguf=gguf,
        weights=weights,
        eval_results=results_of(evaluations),
    )


def card_at(
    xet: Xet,
    repo: ContentsRepo,
    objects: Objects,
    commit: Oid,
    *,
    parts_max: int = SHARDS_MAX,
) -> Card:
    """With what the headers of the weights tell, of models of up to so many files."""
    files = files_at(objects, commit)
    if repo.id.type is not RepoType.MODEL:
        return read_card(objects, commit, repo.id.type, files)
    return read_card(
        objects,
        commit,
        repo.id.type,
        files,
        weights=weights_at(xet, repo, objects, commit, shards_max=parts_max),
        gguf=gguf_at(xet, repo, objects, files, parts_max=parts_max),
    )


def _config(objects: Objects, files: Mapping[str, TreeEntry]) -> dict[str, Any] | None:
    """What the API shows of config.json and its companions, in the shape that clients know."""
    shown = _picked(_json(objects, files.get("config.json")), _CONFIG_KEYS)
    if tokenizer := _picked(_json(objects, files.get("tokenizer_config.json")), _TOKENIZER_KEYS):
        shown["tokenizer_config"] = {name: _token(value) for name, value in tokenizer.items()}
    if (entry := files.get("chat_template.jinja")) and (template := _text(objects, entry, SHOWN_SIZE_MAX)):
        shown["chat_template_jinja"] = template
    adapter = _json(objects, files.get("adapter_config.json"))
    if peft := _picked(adapter, _PEFT_KEYS):
        shown["peft"] = peft
    elif adapters := _picked(adapter, _ADAPTERS_KEYS):
        shown["adapter_transformers"] = adapters
    if pipeline := _picked(_json(objects, files.get("model_index.json")), ("_class_name",)):
        shown["diffusers"] = pipeline
    architectures = shown.get("architectures")
    if architectures is not None and not (
        isinstance(architectures, list) and all(isinstance(name, str) for name in architectures)
    ):
        del shown["architectures"]
    return shown or None


def _token(value: Any) -> Any:  # Any: a token is written as text or as an object with its text inside
    return value.get("content") if isinstance(value, dict) and "content" in value else value


def _picked(found: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    kept = {key: found[key] for key in keys if found.get(key) is not None}
    return {key: value for key, value in kept.items() if len(json.dumps(value)) <= SHOWN_SIZE_MAX}


def _json(objects: Objects, entry: TreeEntry | None) -> Mapping[str, Any]:
    """Empty when there is no such file, or it holds no JSON object."""
    text = _text(objects, entry, JSON_SIZE_MAX) if entry else None
    if text is None:
        return {}
    try:
        found = plain(json.loads(text))
    except (ValueError, RecursionError, YamlError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(objects: Objects, entry: TreeEntry, size_max: int) -> str | None:
    if objects.header(entry.oid)[1] > size_max:
        return None
    return text_for_json(objects.read(entry.oid)[1].decode("utf-8", "replace"))
