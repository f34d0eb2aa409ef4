"""Which tasks may a model or a dataset be for, and to which domain does each belong?

The order is that of the published table, within a domain from the specific to the general: where a card's tags name
several tasks, the first here wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from zoco.formats.cards.facts import facts

_DOMAINS_IN_ORDER = ("multimodal", "cv", "nlp", "audio", "tabular", "rl", "other")
"""As the pages show them; a domain that a newer table adds comes last."""


@dataclass(frozen=True, slots=True)
class Task:
    """`for_models` and `for_datasets`: whether lists of those offer it as a filter; cards may name it all the same."""

    id: str
    name: str
    domain: str
    for_models: bool = True
    for_datasets: bool = True
    subtasks: Mapping[str, str] = field(default_factory=dict)
    """id → name: what `task_ids` of a dataset may hold"""
    metrics: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


_OLDER = {
    "text-generation": Task(
        "text2text-generation", "Text2Text Generation", "nlp", subtasks={}, libraries=("transformers",)
    )
}
"""Tasks that the table has dropped and cards still name, by the one they come after."""


def _domains(known: Mapping[str, str]) -> dict[str, str]:
    return {id: known[id] for id in (*_DOMAINS_IN_ORDER, *known)}


def _tasks(table: Mapping[str, Any]) -> Iterator[Task]:  # Any: of each task what the table has
    for id, known in table.items():
        yield Task(
            id,
            known["name"],
            known["modality"],
            not known.get("hidden_in_models"),
            not known.get("hidden_in_datasets"),
            known.get("subtasks", {}),
            tuple(known.get("metrics", ())),
            tuple(known.get("libraries", ())),
        )
        if older := _OLDER.get(id):
            yield older


_TABLES = facts("tasks")
DOMAINS: dict[str, str] = _domains(_TABLES["modalities"])
TASKS: dict[str, Task] = {task.id: task for task in _tasks(_TABLES["tasks"])}
SUBTASKS: dict[str, str] = {id: name for task in TASKS.values() for id, name in task.subtasks.items()}
del _TABLES

TASKS_OF_TRANSFORMERS: dict[str, tuple[str, str]] = {
    "ForCausalLM": ("text-generation", "AutoModelForCausalLM"),
    "LMHeadModel": ("text-generation", "AutoModelForCausalLM"),
    "ForMaskedLM": ("fill-mask", "AutoModelForMaskedLM"),
    "ForPreTraining": ("", "AutoModelForPreTraining"),
    "ForSequenceClassification": ("text-classification", "AutoModelForSequenceClassification"),
    "ForTokenClassification": ("token-classification", "AutoModelForTokenClassification"),
    "ForTableQuestionAnswering": ("table-question-answering", "AutoModelForTableQuestionAnswering"),
    "ForDocumentQuestionAnswering": ("document-question-answering", "AutoModelForDocumentQuestionAnswering"),
    "ForVisualQuestionAnswering": ("visual-question-answering", "AutoModelForVisualQuestionAnswering"),
    "ForQuestionAnswering": ("question-answering", "AutoModelForQuestionAnswering"),
    "ForMultipleChoice": ("multiple-choice", "AutoModelForMultipleChoice"),
    "ForNextSentencePrediction": ("", "AutoModelForNextSentencePrediction"),
    "ForSpeechSeq2Seq": ("automatic-speech-recognition", "AutoModelForSpeechSeq2Seq"),
    "ForCTC": ("automatic-speech-recognition", "AutoModelForCTC"),
    "ForAudioClassification": ("audio-classification", "AutoModelForAudioClassification"),
    "ForAudioFrameClassification": ("", "AutoModelForAudioFrameClassification"),
    "ForTextToWaveform": ("text-to-audio", "AutoModelForTextToWaveform"),
    "ForTextToSpeech": ("text-to-speech", "AutoModelForTextToSpectrogram"),
    "ForImageClassification": ("image-classification", "AutoModelForImageClassification"),
    "ForZeroShotImageClassification": ("zero-shot-image-classification", "AutoModelForZeroShotImageClassification"),
    "ForZeroShotObjectDetection": ("zero-shot-object-detection", "AutoModelForZeroShotObjectDetection"),
    "ForObjectDetection": ("object-detection", "AutoModelForObjectDetection"),
    "ForSemanticSegmentation": ("image-segmentation", "AutoModelForSemanticSegmentation"),
    "ForInstanceSegmentation": ("image-segmentation", "AutoModelForInstanceSegmentation"),
    "ForUniversalSegmentation": ("image-segmentation", "AutoModelForUniversalSegmentation"),
    "ForImageSegmentation": ("image-segmentation", "AutoModelForImageSegmentation"),
    "ForMaskGeneration": ("mask-generation", "AutoModelForMaskGeneration"),
    "ForDepthEstimation": ("depth-estimation", "AutoModelForDepthEstimation"),
    "ForVideoClassification": ("video-classification", "AutoModelForVideoClassification"),
    "ForKeypointDetection": ("keypoint-detection", "AutoModelForKeypointDetection"),
    "ForVision2Seq": ("image-text-to-text", "AutoModelForImageTextToText"),
    "ForImageTextToText": ("image-text-to-text", "AutoModelForImageTextToText"),
    "ForTimeSeriesPrediction": ("time-series-forecasting", "AutoModelForTimeSeriesPrediction"),
    "ForPrediction": ("time-series-forecasting", "AutoModelForTimeSeriesPrediction"),
}
"""Ending of an architecture's class → (task, automatic class). The longest ending that fits is meant."""

_BY_MODEL_TYPE: dict[str, tuple[str, str]] = {
    "whisper": ("automatic-speech-recognition", "AutoModelForSpeechSeq2Seq"),
    "speech_to_text": ("automatic-speech-recognition", "AutoModelForSpeechSeq2Seq"),
    "speecht5": ("text-to-speech", "AutoModelForTextToSpectrogram"),
    "marian": ("translation", "AutoModelForSeq2SeqLM"),
    "m2m_100": ("translation", "AutoModelForSeq2SeqLM"),
    "pegasus": ("summarization", "AutoModelForSeq2SeqLM"),
    "bart": ("feature-extraction", "AutoModelForSeq2SeqLM"),
    "sam": ("mask-generation", "AutoModelForMaskGeneration"),
    "clip": ("zero-shot-image-classification", "AutoModelForZeroShotImageClassification"),
    "siglip": ("zero-shot-image-classification", "AutoModelForZeroShotImageClassification"),
    "vits": ("text-to-speech", "AutoModelForTextToWaveform"),
    "musicgen": ("text-to-audio", "AutoModelForTextToWaveform"),
    "llava": ("image-text-to-text", "AutoModelForImageTextToText"),
    "encodec": ("feature-extraction", "AutoModel"),
    "vision-encoder-decoder": ("image-to-text", "AutoModelForImageTextToText"),
}


def task_of_architecture(architecture: str, model_type: str = "") -> tuple[str | None, str]:
    """(task, automatic class) of a model class of transformers: `BertForMaskedLM` is for fill-mask."""
    if architecture.endswith(("ForConditionalGeneration", "MTModel")):
        task, auto = _BY_MODEL_TYPE.get(model_type, ("text2text-generation", "AutoModelForSeq2SeqLM"))
        return task, auto
    endings = [ending for ending in TASKS_OF_TRANSFORMERS if architecture.endswith(ending)]
    if endings:
        task, auto = TASKS_OF_TRANSFORMERS[max(endings, key=len)]
        return task or None, auto
    if architecture.endswith("Model"):
        task, auto = _BY_MODEL_TYPE.get(model_type, ("feature-extraction", "AutoModel"))
        return task, auto
    return None, "AutoModel"
