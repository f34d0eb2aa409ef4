"""Which results of evaluations does a model report in its files (`.eval_results/*.yaml`)?

Each file is a list of results: `dataset` with `id` and `task_id`, `value`, and what else their authors say
(huggingface/hub-docs, eval_results.yaml). A file that cannot be read is told with its fault, as clients expect.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from zoco.formats.cards.card_yaml import Value, YamlError, load

FOLDER = ".eval_results/"
FILES_MAX = 50
FILE_SIZE_MAX = 64_000
SHOWN_SIZE_MAX = 256_000
"""What all results of a model may take in the database."""


def evaluation_files(paths: Mapping[str, Any]) -> list[str]:
    found = (path for path in paths if path.startswith(FOLDER) and path.endswith((".yaml", ".yml")))
    return sorted(path for path in found if path.count("/") == 1)[:FILES_MAX]


def results_of(files: Mapping[str, str | None]) -> tuple[dict[str, Any], ...]:
    """As the API shows them. `files` are the texts by path; None for one that is too large."""
    shown: list[dict[str, Any]] = []
    size = 0
    for path, text in files.items():
        for result in _of_file(path, text):
            size += len(json.dumps(result))
            if size > SHOWN_SIZE_MAX:
                return tuple(shown)
            shown.append(result)
    return tuple(shown)


def _of_file(path: str, text: str | None) -> Iterator[dict[str, Any]]:
    if text is None:
        yield {"filename": path, "error": f"the file is larger than {FILE_SIZE_MAX // 1000} kB"}
        return
    try:
        found = load(text)
    except YamlError as error:
        yield {"filename": path, "error": f"line {error.line}: {error.message}"}
        return
    results = found if isinstance(found, list) else [found]
    if fault := next((fault for fault in map(_fault, results) if fault), None):
        yield {"filename": path, "error": fault}
        return
    yield from ({"filename": path, "verified": False, "data": result} for result in results)


def _fault(result: Value) -> str | None:
    if not isinstance(result, dict):
        return "a result must be a group with dataset and value"
    dataset = result.get("dataset")
    if not isinstance(dataset, dict) or not all(isinstance(dataset.get(key), str) for key in ("id", "task_id")):
        return "dataset.id and dataset.task_id must be strings"
    if result.get("value") is None:
        return "value is required"
    source = result.get("source")
    if source is not None and (not isinstance(source, dict) or not isinstance(source.get("url"), str)):
        return "source.url must be a string"
    return None
