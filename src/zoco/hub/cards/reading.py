"""What do the files at a commit say about a repository? Reads the card and the small JSON files that libraries write.

Everything is bounded: the card of a repository of a million files is still found in a moment, and a hostile file is
left out, never an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

from zoco.core.ids import EMPTY_TREE, Oid, RepoType
from zoco.formats.cards.card_yaml import YamlError, plain, text_for_json
from zoco.formats.cards.front_matter import FrontMatter, split
from zoco.formats.git.objects import Commit, Kind, TreeEntry
from zoco.hub.cards.card import Card, card_from

PATHS_MAX = 20_000
README_SIZE_MAX = 2_000_000
JSON_SIZE_MAX = 2_000_000
SHOWN_SIZE_MAX = 32_000
"""What a part of a JSON file may take in the database."""

_CONFIG_KEYS = ("architectures", "model_type", "auto_map", "quantization_config", "task_specific_params")
_TOKENIZER_KEYS = (
    *("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token"),
    *("chat_template", "use_default_system_prompt", "tokenizer_class"),
)
_ADAPTER_KEYS = ("base_model_name_or_path", "task_type", "peft_type")


class Objects(Protocol):
    """Where commits, trees and blobs are read from: a repository's reader, or a commit that is still being made."""

    def read(self, oid: Oid) -> tuple[Kind, bytes]: ...
    def header(self, oid: Oid) -> tuple[Kind, int]: ...
    def tree(self, oid: Oid) -> list[TreeEntry]: ...
    def commit(self, oid: Oid) -> Commit: ...
    def walk(self, tree: Oid) -> Iterator[tuple[str, TreeEntry]]: ...


def read_card(objects: Objects, commit: Oid, repo_type: RepoType) -> Card:
    root = objects.commit(commit).tree
    if root == EMPTY_TREE:
        return card_from(repo_type, FrontMatter(), (), None)
    top = {entry.name.decode("utf-8", "replace"): entry for entry in objects.tree(root) if entry.is_blob}
    paths = {path for path, entry in islice(objects.walk(root), PATHS_MAX) if not entry.is_tree}
    readme = FrontMatter()
    if (entry := top.get("README.md")) and (text := _text(objects, entry, README_SIZE_MAX)) is not None:
        readme = split(text)
    config = _config(objects, top) if repo_type is RepoType.MODEL else None
    return card_from(repo_type, readme, paths, config)


def _config(objects: Objects, top: Mapping[str, TreeEntry]) -> dict[str, Any] | None:
    """What the API shows of config.json and its companions, in the shape that clients know."""
    shown = _picked(_json(objects, top.get("config.json")), _CONFIG_KEYS)
    if tokenizer := _picked(_json(objects, top.get("tokenizer_config.json")), _TOKENIZER_KEYS):
        shown["tokenizer_config"] = {name: _token(value) for name, value in tokenizer.items()}
    if adapter := _picked(_json(objects, top.get("adapter_config.json")), _ADAPTER_KEYS):
        shown["peft"] = adapter
    if pipeline := _picked(_json(objects, top.get("model_index.json")), ("_class_name",)):
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
