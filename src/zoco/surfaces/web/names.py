"""What are tasks, libraries, licences and browsers called for people, and which colour has a task's domain?"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from zoco.core.ids import RepoType
from zoco.formats.cards.languages import is_language, language_name
from zoco.formats.cards.libraries import LIBRARIES
from zoco.formats.cards.licenses import LICENSES
from zoco.formats.cards.tasks import TASKS
from zoco.surfaces.web import urls
from zoco.surfaces.web.i18n import Language
from zoco.surfaces.web.task_names import N_

_COLOURS = {
    "nlp": "d-text",
    "cv": "d-vision",
    "audio": "d-audio",
    "multimodal": "d-multi",
    "tabular": "d-tab",
    "rl": "d-rl",
}
_SHORT = {RepoType.MODEL: "m", RepoType.DATASET: "d", RepoType.SPACE: "s"}
_FILE_KINDS = {"safetensors", "pytorch", "tf", "jax", "onnx", "gguf", "coreml", "openvino", "tensorboard", "rust"}
_HIDDEN = ("base_model:adapter:", "base_model:finetune:", "base_model:merge:", "base_model:quantized:", "region:")
KINDS = {
    "task": N_("Task"),
    "library": N_("Library"),
    "language": N_("Language"),
    "license": N_("Licence"),
    "dataset": N_("Dataset"),
    "base_model": N_("Base model"),
    "arxiv": N_("Paper"),
    "size": N_("Size"),
    "format": N_("Format"),
    "modality": N_("Modality"),
    "sdk": N_("SDK"),
    "tag": N_("Tag"),
    "task_id": N_("Subtask"),
    "app": N_("Runs in"),
    "provider": N_("Inference provider"),
    "model": N_("Model"),
    "parameters": N_("Parameters"),
    "access": N_("Access"),
    "owner": N_("Owner"),
    "name": N_("Name"),
}
RELATIONS = {
    "finetune": N_("Finetunes of"),
    "adapter": N_("Adapters of"),
    "merge": N_("Merges of"),
    "quantized": N_("Quantisations of"),
}
CHILDREN = {
    "finetune": N_("Finetunes"),
    "adapter": N_("Adapters"),
    "merge": N_("Merges"),
    "quantized": N_("Quantisations"),
}
METRICS = {
    "accuracy": N_("accuracy"),
    "recall": N_("recall"),
    "precision": N_("precision"),
    "f1": "F1",
    "wer": "WER",
    "cer": "CER",
    "bleu": "BLEU",
    "sacrebleu": "SacreBLEU",
    "rouge": "ROUGE",
    "mse": "MSE",
    "r-squared": "R²",
    "exact-match": N_("exact match"),
    "cross_entropy": N_("cross entropy"),
    "cross entropy": N_("cross entropy"),
    "perplexity": N_("perplexity"),
    "fid": "FID",
    "fvd": "FVD",
    "is": "Inception Score",
    "anls": "ANLS",
    "snri": "SNRi",
    "sdri": "SDRi",
    "clipsim": "CLIPSIM",
    "clip_score": "CLIPScore",
    "lpips": "LPIPS",
    "frećhet inception distance (fid)": "FID",
    "inception score (is)": "Inception Score",
    "mel cepstral distortion": N_("mel cepstral distortion"),
    "denotation accuracy": N_("denotation accuracy"),
    "cosine similarity": N_("cosine similarity"),
    "average precision": N_("average precision"),
    "mean average precision": N_("mean average precision"),
    "mean intersection over union": N_("mean intersection over union"),
    "intersection over union (iou)": N_("intersection over union"),
    "mean reward": N_("mean reward"),
    "discounted total reward": N_("discounted total reward"),
    "level of performance after some time": N_("performance after some time"),
    "identity_preservation": N_("identity preservation"),
    "motion_score": N_("amount of motion"),
    "top-k accuracy": N_("top-k accuracy"),
    "wu-palmer similarity": N_("Wu-Palmer similarity"),
}
"""By the table's word in lower case."""

FORMATS = {
    "json": "JSON",
    "csv": "CSV",
    "parquet": "Parquet",
    "imagefolder": "ImageFolder",
    "audiofolder": "AudioFolder",
    "videofolder": "VideoFolder",
    "webdataset": "WebDataset",
    "text": "Text",
    "arrow": "Arrow",
}
SDKS = {"gradio": "Gradio", "streamlit": "Streamlit", "docker": "Docker", "static": "Static"}

MODALITIES = {
    "text": N_("Text"),
    "image": N_("Image"),
    "audio": N_("Audio"),
    "video": N_("Video"),
    "tabular": N_("Tabular"),
    "3d": N_("3D"),
    "document": N_("Document"),
    "geospatial": N_("Geospatial"),
    "timeseries": N_("Time series"),
}

_ICONS = {
    "text-generation": "text-align-start",
    "text-classification": "tag",
    "token-classification": "whole-word",
    "question-answering": "message-circle-question-mark",
    "table-question-answering": "table-2",
    "visual-question-answering": "message-circle-question-mark",
    "document-question-answering": "file-text",
    "translation": "languages",
    "summarization": "list-collapse",
    "fill-mask": "text-cursor-input",
    "sentence-similarity": "equal-approximately",
    "feature-extraction": "waypoints",
    "image-feature-extraction": "waypoints",
    "text-ranking": "list-ordered",
    "text-retrieval": "search",
    "visual-document-retrieval": "search",
    "image-classification": "image",
    "object-detection": "scan-search",
    "image-segmentation": "lasso",
    "mask-generation": "lasso",
    "text-to-image": "sparkles",
    "text-to-video": "film",
    "image-to-video": "film",
    "video-classification": "film",
    "video-to-video": "film",
    "text-to-3d": "box",
    "image-to-3d": "box",
    "automatic-speech-recognition": "mic",
    "text-to-speech": "volume-2",
    "image-text-to-text": "eye",
    "time-series-forecasting": "chart-line",
    "robotics": "bot",
}
_ICONS_OF_DOMAINS = {
    "nlp": "text-align-start",
    "cv": "image",
    "audio": "audio-lines",
    "multimodal": "layers",
    "tabular": "table-2",
    "rl": "gamepad-2",
}

PICKLED = (".pkl", ".pickle", ".joblib", ".bin", ".pt", ".pth", ".ckpt", ".dill")
"""Endings of files that may run code when they are loaded."""


@dataclass(frozen=True, slots=True)
class Tag:
    """`kind` is a key of KINDS; `filter` the query of the list this tag leads to."""

    kind: str
    label: str
    name: str
    value: str
    domain: str = ""
    href: str = ""


def language_label(language: Language, code: str) -> str:
    """As a label begins, with a capital; the code itself where it has no name."""
    name = language_name(code, language.code)
    return name[:1].upper() + name[1:] if name != code else code


def plain(text: str) -> str:
    """Without accents and case: `ingles` finds Inglés."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def glyph_kind(type: RepoType) -> str:
    return _SHORT[type]


def domain_of_task(task: str | None) -> str:
    found = TASKS.get(task or "")
    return _COLOURS.get(found.domain, "d-none") if found else "d-none"


def domain_of(task: str | None, tags: tuple[str, ...] = ()) -> str:
    """The colour of a repository: of its task, or of the first task among its tags."""
    if task:
        return domain_of_task(task)
    for tag in tags:
        if tag.startswith("task_categories:"):
            return domain_of_task(tag.partition(":")[2])
        if tag.startswith("modality:"):
            return {
                "text": "d-text",
                "image": "d-vision",
                "video": "d-vision",
                "audio": "d-audio",
                "tabular": "d-tab",
            }.get(tag.partition(":")[2], "d-multi")
    return "d-none"


def task_name(language: Language, task: str) -> str:
    found = TASKS.get(task)
    return language.gettext(found.name) if found else task


def task_icon(task: str) -> str:
    return _ICONS.get(task) or _ICONS_OF_DOMAINS.get(TASKS[task].domain if task in TASKS else "", "tag")


def library_name(library: str) -> str:
    return LIBRARIES.get(library, library)


def licence_name(licence: str) -> str:
    return LICENSES.get(licence, licence)


def tag_of(language: Language, type: RepoType, tag: str, *, task: str | None, library: str | None) -> Tag | None:
    """How a tag of the Hub is shown and which filter it leads to. None for those that only machines read."""
    if tag.startswith(_HIDDEN):
        return None
    kind, label, name, value = _read_tag(language, type, tag, task, library)
    domain = domain_of_task(value) if kind == "task" else ""
    href = "" if kind in {"dataset", "base_model"} else urls.with_query(f"/{type.plural}", {name: value})
    return Tag(kind, label, name, value, domain, href)


def _read_tag(
    language: Language, type: RepoType, tag: str, task: str | None, library: str | None
) -> tuple[str, str, str, str]:
    """Kind, label, name of the query parameter, its value."""
    head, _, rest = tag.partition(":")
    if tag == task:
        return "task", task_name(language, tag), "pipeline_tag", tag
    if tag == library or (type is RepoType.MODEL and tag in _FILE_KINDS):
        return "library", library_name(tag), "library", tag
    match head if rest else "":
        case "license":
            return "license", licence_name(rest) if len(licence_name(rest)) < 24 else rest, "license", rest
        case "language":
            return "language", language_name(rest, language.code), "language", rest
        case "dataset" | "base_model" | "arxiv":
            return head, rest, "other", tag
        case "task_categories":
            return "task", task_name(language, rest), "task_categories", rest
        case "size_categories":
            return "size", rest, "size_categories", rest
        case "format" | "modality":
            return head, rest, head, rest
    if type is RepoType.SPACE and tag in SDKS:
        return "sdk", SDKS[tag], "sdk", tag
    if type is RepoType.MODEL and is_language(tag) and len(tag) == 2:
        return "language", language_name(tag, language.code), "language", tag
    return "tag", tag, "other", tag


def may_run_code(path: str) -> bool:
    return path.lower().endswith(PICKLED)


def browser(user_agent: str) -> str:
    """`Firefox 140, Linux`: enough for its owner to recognise. Empty when it cannot be told."""
    found = re.search(r"(Edg|OPR|Firefox|Chrome|Version)/(\d+)", user_agent)
    system = next((name for word, name in _SYSTEMS.items() if word in user_agent), "")
    names = {"Edg": "Edge", "OPR": "Opera", "Version": "Safari"}
    if not found:
        return system
    if edge := re.search(r"(Edg|OPR)/(\d+)", user_agent):
        found = edge
    program = f"{names.get(found[1], found[1])} {found[2]}"
    return f"{program}, {system}" if system else program


_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
