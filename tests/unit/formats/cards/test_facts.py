"""Tasks, libraries, languages and licences: that the tables say what the rest builds on."""

from __future__ import annotations

import pytest

from zoco.formats.cards.languages import LANGUAGES, is_language, is_language_tag, language_name, native_name
from zoco.formats.cards.libraries import (
    FORMATS,
    LIBRARIES,
    count_rule,
    dataset_libraries,
    library_id,
    model_libraries,
)
from zoco.formats.cards.licenses import LICENSES
from zoco.formats.cards.tasks import DOMAINS, SUBTASKS, TASKS, task_of_architecture


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


def test_every_task_has_a_domain_and_is_a_filter_somewhere() -> None:
    assert all(task.domain in DOMAINS for task in TASKS.values())
    assert [task.id for task in TASKS.values() if not task.for_models and not task.for_datasets] == ["other"]
    assert {"text-classification", "tabular-classification", "automatic-speech-recognition"} <= TASKS.keys()


def test_tasks_know_their_finer_tasks_metrics_and_libraries() -> None:
    task = TASKS["token-classification"]
    assert "named-entity-recognition" in task.subtasks
    assert "f1" in task.metrics
    assert {"transformers", "spacy", "flair"} <= set(task.libraries)
    assert SUBTASKS["language-modeling"] == "Language Modeling"
    assert TASKS["text2text-generation"].for_models, "dropped from the table, and still named by cards"


def test_libraries_have_other_spellings() -> None:
    assert (library_id("scikit-learn"), library_id("Transformers")) == ("sklearn", "transformers")


@pytest.mark.parametrize("written", ["paddleocr", "PaddleOCR", "PADDLEOCR"])
def test_a_library_has_the_spelling_of_its_table(written: str) -> None:
    assert library_id(written) == "PaddleOCR"


def test_some_libraries_count_downloads_by_a_rule_of_their_own() -> None:
    assert count_rule("peft") == 'path:"adapter_config.json"'
    assert count_rule("transformers") is None
    assert count_rule(None) is None
    assert count_rule("not-a-library") is None


def test_libraries_and_formats_have_names_and_addresses() -> None:
    assert (LIBRARIES["sklearn"], LIBRARIES["safetensors"], LIBRARIES["xgboost"]) == (
        "Scikit-learn",
        "Safetensors",
        "XGBoost",
    )
    spacy = model_libraries()["spacy"]
    assert (spacy.url, spacy.is_filter) == ("https://github.com/explosion/spaCy", True)
    assert "token-classification" in spacy.tasks
    assert dataset_libraries()["datasets"].name == "Datasets"
    assert FORMATS.keys() <= LIBRARIES.keys()


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
    assert all(language_name(code, "es") not in ("", code) for code in LANGUAGES)


def test_a_language_that_the_locale_data_does_not_know_has_its_english_name() -> None:
    assert language_name("aab", "es") == "Alumu-Tesu"
    assert language_name("bh", "es") == "Bihari"
    assert language_name("zzzz", "es") == "zzzz"


def test_languages_have_the_names_their_speakers_use() -> None:
    assert (native_name("es"), native_name("kbd"), native_name("qqq")) == ("Español", "Адыгэбзэ КIахэ", None)


def test_licences_are_written_in_lower_case() -> None:
    assert {"mit", "apache-2.0", "other", "cc-by-sa-4.0"} <= LICENSES.keys()
    assert all(one == one.lower() for one in LICENSES)
