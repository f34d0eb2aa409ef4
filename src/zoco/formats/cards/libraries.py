"""Which libraries are there, what are they called, and which of them does a word mean?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from zoco.formats.cards.facts import facts

FORMATS: dict[str, str] = {
    "coreml": "Core ML",
    "gguf": "GGUF",
    "jax": "JAX",
    "joblib": "Joblib",
    "onnx": "ONNX",
    "openvino": "OpenVINO",
    "pytorch": "PyTorch",
    "rust": "Rust",
    "safetensors": "Safetensors",
    "tensorboard": "TensorBoard",
    "tf": "TensorFlow",
    "tflite": "TF Lite",
}
"""Tags that say how the weights are stored, not what loads them. They are filters beside the libraries."""

_MORE = {
    "catboost": "CatBoost",
    "lightgbm": "LightGBM",
    "llamafile": "llamafile",
    "optimum_graphcore": "Graphcore",
    "paddlepaddle": "PaddlePaddle",
    "trl": "TRL",
    "vllm": "vLLM",
    "xgboost": "XGBoost",
}
"""Libraries that the published table does not have and cards name."""


@dataclass(frozen=True, slots=True)
class Library:
    """`count_rule` is None where the usual files are counted; `tasks` what it is known to serve."""

    id: str
    name: str
    repo: str = ""
    url: str = ""
    docs: str | None = None
    is_filter: bool = False
    """common enough to stand among the first of a list of filters"""
    count_rule: str | None = None
    tasks: tuple[str, ...] = ()


def _read(id: str, known: Mapping[str, Any]) -> Library:
    return Library(
        id,
        known["name"],
        known.get("repo", ""),
        known.get("url", ""),
        known.get("docs"),
        known.get("is_filter", False),
        known.get("count"),
        tuple(known.get("tasks", ())),
    )


_TABLES = facts("libraries")
LIBRARIES: dict[str, str] = dict(
    sorted({**{id: known["name"] for id, known in _TABLES["models"].items()}, **_MORE, **FORMATS}.items())
)
"""id → name, of libraries and formats alike."""

_COUNT_RULES: dict[str, str] = {id: known["count"] for id, known in _TABLES["models"].items() if "count" in known}
del _TABLES


@cache
def model_libraries() -> Mapping[str, Library]:
    """All that is known of the libraries that load models; read when a page first asks."""
    return {id: _read(id, known) for id, known in facts("libraries")["models"].items()}


@cache
def dataset_libraries() -> Mapping[str, Library]:
    return {id: _read(id, known) for id, known in facts("libraries")["datasets"].items()}


def count_rule(library_id: str | None) -> str | None:
    """Which files of a model count as a download of it, as the published query (`path:"config.json"`,
    `path_extension:"ckpt" OR …`, over `path`, `path_prefix`, `path_extension`, `path_filename`). None: the usual ones.
    """
    return _COUNT_RULES.get(library_id or "")


ALIASES = {"scikit-learn": "sklearn", "tensorflow": "tf", "keras_nlp": "keras-hub", "torch": "pytorch"}
"""What people write → the id."""

_BY_KEY = {id.lower(): id for id in LIBRARIES} | ALIASES


def library_id(name: str) -> str:
    """The id that a word names; the word in lower case where no library is known by it."""
    key = name.strip().lower()
    return _BY_KEY.get(key, key)
