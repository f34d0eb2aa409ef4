"""Tasks, libraries, languages and licences: that the tables say what the rest builds on."""

from __future__ import annotations

import pytest

from zoco.formats.cards.languages import LANGUAGES, is_language, is_language_tag, language_name
from zoco.formats.cards.libraries import file_kinds, library_id, library_of_files
from zoco.formats.cards.licenses import LICENSES
from zoco.formats.cards.tasks import DOMAINS, TASKS, task_of_architecture


@pytest.mark.parametrize(
    ("architecture", "model_type", "task", "auto"),
    [
        ("BertForMaskedLM", "bert", "fill-mask", "AutoModelForMaskedLM"),
        ("GPT2LMHeadModel", "gpt2", "text-generation", "AutoModelForCausalLM"),
        ("LlamaForCausalLM", "llama", "text-generation", "AutoModelForCausalLM"),
        ("BertModel", "bert", "feature-extraction", "AutoModel"),
        ("BertForSequenceClassification", "bert", "text-classification", "AutoModelForSequenceClassification"),
        ("BertForTokenClassification", "bert", "token-classification", "AutoModelForTokenClassification"),
        ("TapasForQuestionAnswering", "tapas", "question-answering", "AutoModelForQuestionAnswering"),
        ("T5ForConditionalGeneration", "t5", "text2text-generation", "AutoModelForSeq2SeqLM"),
        ("MarianMTModel", "marian", "translation", "AutoModelForSeq2SeqLM"),
        ("WhisperForConditionalGeneration", "whisper", "automatic-speech-recognition", "AutoModelForSpeechSeq2Seq"),
        ("Wav2Vec2ForCTC", "wav2vec2", "automatic-speech-recognition", "AutoModelForCTC"),
        ("ViTForImageClassification", "vit", "image-classification", "AutoModelForImageClassification"),
        ("OwlViTForZeroShotObjectDetection", "x", "zero-shot-object-detection", "AutoModelForZeroShotObjectDetection"),
        ("Something", "x", None, "AutoModel"),
    ],
)
def test_an_architecture_tells_the_task(architecture: str, model_type: str, task: str | None, auto: str) -> None:
    assert task_of_architecture(architecture, model_type) == (task, auto)


def test_every_task_has_a_domain_and_is_for_something() -> None:
    assert all(task.domain in DOMAINS and (task.for_models or task.for_datasets) for task in TASKS.values())
    assert {"text-classification", "tabular-classification", "automatic-speech-recognition"} <= TASKS.keys()


@pytest.mark.parametrize(
    ("paths", "config", "library"),
    [
        (["model.safetensors", "config.json"], {"architectures": ["A"], "model_type": "a"}, "transformers"),
        (["model.safetensors", "config.json"], {"model_type": "a"}, None),
        (["adapter_config.json", "adapter_model.safetensors"], None, "peft"),
        (["model_index.json", "unet/config.json"], None, "diffusers"),
        (["modules.json", "config.json"], {"architectures": ["A"], "model_type": "a"}, "sentence-transformers"),
        (["model.joblib"], None, "joblib"),
        (["model.skops"], None, "sklearn"),
        (["m.gguf"], None, "gguf"),
        (["m.keras"], None, "keras"),
        (["README.md"], None, None),
    ],
)
def test_files_tell_the_library(paths: list[str], config: dict[str, object] | None, library: str | None) -> None:
    assert library_of_files(paths, config) == library


def test_files_tell_the_formats_in_a_fixed_order() -> None:
    files = [
        "onnx/model.onnx",
        "model.safetensors",
        "tf_model.h5",
        "pytorch_model-00001-of-00002.bin",
        "runs/events.out.tfevents.1",
    ]
    assert file_kinds(files) == ["pytorch", "tf", "onnx", "safetensors", "tensorboard"]
    assert file_kinds(["data.bin", "notes.h5"]) == []


def test_libraries_have_other_spellings() -> None:
    assert (library_id("scikit-learn"), library_id("Transformers")) == ("sklearn", "transformers")


def test_two_letters_are_a_language_and_three_only_where_a_language_is_asked_for() -> None:
    assert is_language_tag("es")
    assert is_language_tag("no")
    assert not is_language_tag("ner")
    assert not is_language_tag("xx")
    assert is_language("nah")
    assert not is_language("Spanish")
    assert len(LANGUAGES) > 180


def test_languages_have_spanish_names() -> None:
    assert language_name("es", "es") == "español"
    assert language_name("pt-BR", "es") == "portugués (BR)"
    assert language_name("qqq", "es") == "qqq"
    assert language_name("es", "tlh-unknown") == language_name("es")
    assert all(language_name(code, "es") != "" for code in LANGUAGES)


def test_licences_are_written_in_lower_case() -> None:
    assert {"mit", "apache-2.0", "other", "cc-by-sa-4.0"} <= LICENSES.keys()
    assert all(one == one.lower() for one in LICENSES)
