"""Which library does a model belong to, by what its card says or by the files it is made of?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

LIBRARIES: dict[str, str] = {
    "adapter-transformers": "Adapters",
    "allennlp": "AllenNLP",
    "asteroid": "Asteroid",
    "bertopic": "BERTopic",
    "bm25s": "BM25S",
    "coreml": "Core ML",
    "diffusers": "Diffusers",
    "doctr": "docTR",
    "espnet": "ESPnet",
    "fairseq": "Fairseq",
    "fastai": "fastai",
    "fasttext": "fastText",
    "flair": "Flair",
    "gguf": "GGUF",
    "gliner": "GLiNER",
    "jax": "JAX",
    "joblib": "Joblib",
    "k2": "k2",
    "keras": "Keras",
    "keras-hub": "KerasHub",
    "lerobot": "LeRobot",
    "llamafile": "llamafile",
    "mindspore": "MindSpore",
    "ml-agents": "ml-agents",
    "mlx": "MLX",
    "nemo": "NeMo",
    "onnx": "ONNX",
    "open_clip": "OpenCLIP",
    "openvino": "OpenVINO",
    "optimum_graphcore": "Graphcore",
    "paddlenlp": "paddlenlp",
    "paddlepaddle": "PaddlePaddle",
    "peft": "PEFT",
    "pyannote-audio": "pyannote.audio",
    "pytorch": "PyTorch",
    "rust": "Rust",
    "safetensors": "Safetensors",
    "sample-factory": "sample-factory",
    "sentence-transformers": "sentence-transformers",
    "setfit": "setfit",
    "sklearn": "Scikit-learn",
    "spacy": "spaCy",
    "span-marker": "SpanMarker",
    "speechbrain": "speechbrain",
    "stable-baselines3": "stable-baselines3",
    "stanza": "Stanza",
    "tensorboard": "TensorBoard",
    "tf": "TensorFlow",
    "tf-keras": "TF-Keras",
    "tflite": "TF Lite",
    "timm": "timm",
    "transformers": "Transformers",
    "transformers.js": "Transformers.js",
    "trl": "TRL",
    "ultralytics": "ultralytics",
    "unity-sentis": "unity-sentis",
    "vllm": "vLLM",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
}

ALIASES = {"scikit-learn": "sklearn", "tensorflow": "tf", "keras_nlp": "keras-hub", "torch": "pytorch"}
"""What people write → the id."""

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
    key = name.strip().lower()
    return ALIASES.get(key, key)


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
