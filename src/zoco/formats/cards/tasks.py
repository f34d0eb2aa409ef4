"""Which tasks may a model or a dataset be for, and to which domain does each belong?

The order within a domain runs from the specific to the general: where a card's tags name several tasks, the first
here wins.
"""

from __future__ import annotations

from dataclasses import dataclass

DOMAINS: dict[str, str] = {
    "multimodal": "Multimodal",
    "cv": "Computer Vision",
    "nlp": "Natural Language Processing",
    "audio": "Audio",
    "tabular": "Tabular",
    "rl": "Reinforcement Learning",
    "other": "Other",
}


@dataclass(frozen=True, slots=True)
class Task:
    id: str
    name: str
    domain: str
    for_models: bool = True
    for_datasets: bool = True


_NLP = (
    "text-classification=Text Classification",
    "token-classification=Token Classification",
    "table-question-answering=Table Question Answering",
    "question-answering=Question Answering",
    "zero-shot-classification=Zero-Shot Classification",
    "translation=Translation",
    "summarization=Summarization",
    "feature-extraction=Feature Extraction",
    "text-generation=Text Generation",
    "text2text-generation=Text2Text Generation",
    "fill-mask=Fill-Mask",
    "sentence-similarity=Sentence Similarity",
    "text-ranking=Text Ranking",
    "table-to-text=Table to Text",
    "multiple-choice=Multiple Choice",
    "text-retrieval=Text Retrieval",
)
_AUDIO = (
    "text-to-speech=Text-to-Speech",
    "text-to-audio=Text-to-Audio",
    "automatic-speech-recognition=Automatic Speech Recognition",
    "audio-to-audio=Audio-to-Audio",
    "audio-classification=Audio Classification",
    "voice-activity-detection=Voice Activity Detection",
)
_CV = (
    "depth-estimation=Depth Estimation",
    "image-classification=Image Classification",
    "object-detection=Object Detection",
    "image-segmentation=Image Segmentation",
    "text-to-image=Text-to-Image",
    "image-to-text=Image-to-Text",
    "image-to-image=Image-to-Image",
    "image-to-video=Image-to-Video",
    "unconditional-image-generation=Unconditional Image Generation",
    "video-classification=Video Classification",
    "text-to-video=Text-to-Video",
    "video-to-video=Video-to-Video",
    "zero-shot-image-classification=Zero-Shot Image Classification",
    "mask-generation=Mask Generation",
    "zero-shot-object-detection=Zero-Shot Object Detection",
    "text-to-3d=Text-to-3D",
    "image-to-3d=Image-to-3D",
    "image-feature-extraction=Image Feature Extraction",
    "keypoint-detection=Keypoint Detection",
)
_MULTIMODAL = (
    "audio-text-to-text=Audio-Text-to-Text",
    "image-text-to-text=Image-Text-to-Text",
    "image-text-to-image=Image-Text-to-Image",
    "image-text-to-video=Image-Text-to-Video",
    "visual-question-answering=Visual Question Answering",
    "document-question-answering=Document Question Answering",
    "video-text-to-text=Video-Text-to-Text",
    "visual-document-retrieval=Visual Document Retrieval",
    "any-to-any=Any-to-Any",
)
_TABULAR = (
    "tabular-classification=Tabular Classification",
    "tabular-regression=Tabular Regression",
    "tabular-to-text=Tabular to Text",
    "time-series-forecasting=Time Series Forecasting",
)
_RL = ("reinforcement-learning=Reinforcement Learning", "robotics=Robotics")
_OTHER = ("graph-ml=Graph Machine Learning", "other=Other")

_ONLY_DATASETS = {"table-to-text", "multiple-choice", "text-retrieval", "tabular-to-text", "other"}
_ONLY_MODELS = {
    "audio-text-to-text",
    "image-text-to-text",
    "image-text-to-image",
    "image-text-to-video",
    "document-question-answering",
    "visual-document-retrieval",
    "any-to-any",
    "keypoint-detection",
}


def _tasks() -> dict[str, Task]:
    groups = (
        ("nlp", _NLP),
        ("audio", _AUDIO),
        ("cv", _CV),
        ("multimodal", _MULTIMODAL),
        ("tabular", _TABULAR),
        ("rl", _RL),
        ("other", _OTHER),
    )
    found: dict[str, Task] = {}
    for domain, lines in groups:
        for line in lines:
            task, _, name = line.partition("=")
            found[task] = Task(task, name, domain, task not in _ONLY_DATASETS, task not in _ONLY_MODELS)
    return found


TASKS: dict[str, Task] = _tasks()

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
