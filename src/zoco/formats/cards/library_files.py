"""Which library made these files, in which formats are the weights, and what is such a model for? Mostly tables.

A new library is a new line here. The first sign that fits decides, so what builds on another library stands before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]  # Any: somebody's JSON


@dataclass(frozen=True, slots=True)
class Sign:
    """All that is named must be there: `root` are files in the root folder, `anywhere` file names in any folder,
    `endings` of which one is enough, `config` keys of what is shown of config.json, with a value where it matters."""

    library: str
    root: tuple[str, ...] = ()
    anywhere: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    config: tuple[str, ...] = ()


SIGNS = (
    Sign("diffusers", root=("model_index.json",)),
    Sign("adapter-transformers", config=("adapter_transformers",)),
    Sign("peft", root=("adapter_config.json",)),
    Sign("setfit", root=("config_setfit.json",)),
    Sign("sentence-transformers", root=("modules.json",)),
    Sign("sentence-transformers", root=("config_sentence_transformers.json",)),
    Sign("span-marker", config=("model_type=span-marker",)),
    Sign("open_clip", root=("open_clip_config.json",)),
    Sign("gliner", root=("gliner_config.json",)),
    Sign("transformers", config=("architectures", "model_type")),
    Sign("transformers", config=("auto_map", "model_type")),
    Sign("timm", config=("architecture",), endings=(".safetensors", ".bin")),
    Sign("sklearn", config=("sklearn",)),
    Sign("keras-hub", root=("metadata.json", "task.json")),
    Sign("keras-hub", root=("metadata.json", "preprocessor.json")),
    Sign("spacy", root=("meta.json", "config.cfg")),
    Sign("spacy", root=("meta.yaml", "config.cfg")),
    Sign("speechbrain", root=("hyperparams.yaml",)),
    Sign("espnet", root=("meta.yaml",)),
    Sign("stable-baselines3", anywhere=("_stable_baselines3_version",)),
    Sign("sample-factory", root=("sf_log.txt",)),
    Sign("fastai", root=("model.pkl", "pyproject.toml")),
    Sign("fastai", root=("learner.pkl",)),
    Sign("spacy", root=("meta.json",)),
    Sign("bertopic", root=("topics.json",)),
    Sign("lerobot", root=("train_config.json", "config.json")),
    Sign("keras", root=("keras_metadata.pb",)),
    Sign("tf", root=("saved_model.pb",)),
    Sign("nemo", endings=(".nemo",)),
    Sign("sklearn", endings=(".skops", ".joblib")),
    Sign("keras", endings=(".keras",)),
    Sign("unity-sentis", endings=(".sentis",)),
    Sign("paddlenlp", root=("model_state.pdparams",)),
    Sign("mlx", root=("weights.npz", "config.json")),
    Sign("transformers", root=("tokenizer_config.json", "config.json")),
    Sign("llamafile", endings=(".llamafile",)),
    Sign("gguf", endings=(".gguf",)),
    Sign("onnx", endings=(".onnx",)),
)

FILE_KINDS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    # tag, beginnings of file names, endings of paths
    ("pytorch", ("pytorch_model.bin", "pytorch_model-"), (".pt", ".pth", ".ckpt")),
    ("tf", ("tf_model.h5", "saved_model.pb"), ()),
    ("jax", ("flax_model.msgpack", "flax_model-"), ()),
    ("tflite", (), (".tflite",)),
    ("rust", ("rust_model.ot",), ()),
    ("onnx", (), (".onnx",)),
    ("coreml", (), (".mlmodel", ".mlpackage/Manifest.json")),
    ("openvino", ("openvino_model.xml",), ()),
    ("safetensors", (), (".safetensors",)),
    ("gguf", (), (".gguf",)),
    ("joblib", (), (".joblib",)),
    ("keras", ("keras_metadata.pb",), (".keras",)),
    ("tensorboard", ("events.out.tfevents",), ()),
)

TASK_OF_LIBRARY = {
    "bertopic": "text-classification",
    "gliner": "token-classification",
    "lerobot": "robotics",
    "open_clip": "zero-shot-image-classification",
    "sentence-transformers": "sentence-similarity",
    "setfit": "text-classification",
    "spacy": "token-classification",
    "span-marker": "token-classification",
    "stable-baselines3": "reinforcement-learning",
    "sample-factory": "reinforcement-learning",
    "timm": "image-classification",
}
"""Libraries that are for one task, where neither the card nor its tags say another."""

TASK_OF_ADAPTER = {
    "CAUSAL_LM": "text-generation",
    "FEATURE_EXTRACTION": "feature-extraction",
    "QUESTION_ANS": "question-answering",
    "SEQ_2_SEQ_LM": "text2text-generation",
    "SEQ_CLS": "text-classification",
    "TOKEN_CLS": "token-classification",
}
"""`task_type` of adapter_config.json → task."""

TASK_OF_PIPELINE = (
    ("Img2Img", "image-to-image"),
    ("Inpaint", "image-to-image"),
    ("Upscale", "image-to-image"),
    ("Edit", "image-to-image"),
    ("Pix2Pix", "image-to-image"),
    ("ImageToVideo", "image-to-video"),
    ("VideoDiffusion", "image-to-video"),
    ("Video", "text-to-video"),
    ("Audio", "text-to-audio"),
    ("DDPM", "unconditional-image-generation"),
    ("DDIM", "unconditional-image-generation"),
    ("Pipeline", "text-to-image"),
)
"""A part of the name of a pipeline of Diffusers → task; the first that fits."""


def file_kinds(paths: Iterable[str]) -> list[str]:
    """Tags of the weight formats among `paths`, in a fixed order."""
    found: set[str] = set()
    for path in paths:
        name = path.rpartition("/")[2]
        found.update(tag for tag, starts, ends in FILE_KINDS if name.startswith(starts) or path.endswith(ends))
    return [tag for tag, _, _ in FILE_KINDS if tag in found]


def library_of_files(paths: Collection[str], config: Json | None) -> str | None:
    """The library that made these files, or None. `config` is what is shown of config.json and its companions."""
    root = {path for path in paths if "/" not in path}
    names = {path.rpartition("/")[2] for path in paths}
    endings = {f".{name.rpartition('.')[2]}" for name in names if "." in name}
    return next((sign.library for sign in SIGNS if _fits(sign, root, names, endings, config or {})), None)


def _fits(sign: Sign, root: set[str], names: set[str], endings: set[str], config: Json) -> bool:
    return (
        root.issuperset(sign.root)
        and names.issuperset(sign.anywhere)
        and (not sign.endings or not endings.isdisjoint(sign.endings))
        and all(_says(config, key) for key in sign.config)
    )


def _says(config: Json, key: str) -> bool:
    name, _, value = key.partition("=")
    return config.get(name) == value if value else bool(config.get(name))


def task_of_pipeline(class_name: str) -> str | None:
    return next((task for part, task in TASK_OF_PIPELINE if part in class_name), None)
