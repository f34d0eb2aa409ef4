"""Which library does a model belong to, by what its card says or by the files it is made of?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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

_FILE_KINDS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    # tag, exact file names, endings
    ("pytorch", ("pytorch_model.bin", "pytorch_model.bin.index.json"), (".pt", ".pth", ".ckpt")),
    ("tf", ("tf_model.h5", "saved_model.pb"), ()),
    ("jax", ("flax_model.msgpack",), ()),
    ("tflite", (), (".tflite",)),
    ("rust", ("rust_model.ot",), ()),
    ("onnx", (), (".onnx",)),
    ("coreml", (), (".mlmodel", ".mlpackage/Manifest.json")),
    ("openvino", ("openvino_model.xml",), ()),
    ("safetensors", (), (".safetensors",)),
    ("gguf", (), (".gguf",)),
    ("joblib", (), (".joblib",)),
    ("keras", ("keras_metadata.pb",), (".keras",)),
)


def library_id(name: str) -> str:
    """The id that a word names; the word in lower case where no library is known by it."""
    key = name.strip().lower()
    return _BY_KEY.get(key, key)


def file_kinds(paths: Iterable[str]) -> list[str]:
    """Tags of the weight formats among `paths`, in a fixed order."""
    names: set[str] = set()
    endings: set[str] = set()
    for path in paths:
        name = path.rpartition("/")[2]
        names.add(name)
        endings.update(ending for _, _, ends in _FILE_KINDS for ending in ends if path.endswith(ending))
        if name.startswith("events.out.tfevents"):
            names.add("tfevents")
        if name.startswith("pytorch_model-") and name.endswith(".bin"):
            names.add("pytorch_model.bin")
    found = [tag for tag, exact, ends in _FILE_KINDS if names.intersection(exact) or endings.intersection(ends)]
    return [*found, "tensorboard"] if "tfevents" in names else found


def library_of_files(paths: Collection[str], config: Mapping[str, Any] | None) -> str | None:
    """The library that made these files, or None. `config` is what config.json says."""
    names = set(paths)
    if "model_index.json" in names:
        return "diffusers"
    if "adapter_config.json" in names:
        return "peft"
    if "modules.json" in names or "config_sentence_transformers.json" in names:
        return "sentence-transformers"
    if config is not None and config.get("architectures") and config.get("model_type"):
        return "transformers"
    for file, library in _TELLING_FILES.items():
        if file in names:
            return library
    if any(path.endswith((".joblib", ".skops")) for path in names):
        return "sklearn" if any(path.endswith(".skops") for path in names) else "joblib"
    if any(path.endswith(".keras") for path in names):
        return "keras"
    if any(path.endswith(".gguf") for path in names):
        return "gguf"
    return None


_TELLING_FILES = {
    "open_clip_config.json": "open_clip",
    "config_setfit.json": "setfit",
    "gliner_config.json": "gliner",
    "hyperparams.yaml": "speechbrain",
    "meta.yaml": "espnet",
    "learner.pkl": "fastai",
    "meta.json": "spacy",
    "topics.json": "bertopic",
    "keras_metadata.pb": "keras",
    "saved_model.pb": "tf",
}
