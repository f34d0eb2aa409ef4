"""What the Hub says to a card: errors where huggingface.co makes errors, one warning that clients know."""

from __future__ import annotations

import pytest

from zoco.core.ids import RepoType
from zoco.formats.cards.validate import EMPTY_BLOCK, validate

RESULT = "{task: {type: t}, dataset: {type: d, name: D}, metrics: [{type: acc, value: 0.9}]}"


def card(yaml: str) -> str:
    return f"---\n{yaml}\n---\n# Text\n"


@pytest.mark.parametrize("content", ["# Only text\n", "", "---\n---\n", "---\n# a comment\n---\ntext"])
@pytest.mark.parametrize("type_", list(RepoType))
def test_no_metadata_is_a_warning_in_words_that_clients_know(content: str, type_: RepoType) -> None:
    assert validate(content, type_) == ((), (EMPTY_BLOCK,))
    assert EMPTY_BLOCK == "empty or missing yaml metadata in repo card"


@pytest.mark.parametrize(
    "yaml",
    [
        "license: mit",
        "license: other\nlicense_name: mine\nlicense_link: LICENSE",
        "license: [mit, apache-2.0]",
        "language: no",
        "language: [false, en]",
        "language: [es, pt-BR, zh-Hant, spa, multilingual, code]",
        "tags: [a, b]",
        "base_model: [a/b, c/d]\nbase_model_relation: merge",
        f"model-index: [{{name: m, results: [{RESULT}]}}]",
        "model-index: [{name: m, results: []}]",
        "anything: {the: author, likes: [1, 2]}",
    ],
)
def test_good_models_pass_without_a_word(yaml: str) -> None:
    assert validate(card(yaml), RepoType.MODEL) == ((), ())


@pytest.mark.parametrize(
    ("type_", "yaml", "error"),
    [
        ("model", "license: my-own", '"license" must be one of [apache-2.0, mit,'),
        ("model", "license: 3", '"license" must be a string'),
        ("model", "tags: es", '"tags" must be an array'),
        ("model", "tags: [1]", "quotes"),
        ("model", "language: Spanish", '"language"'),
        ("model", "language: [es, English]", "English"),
        ("model", "language: {es: 1}", '"language"'),
        ("model", "pipeline_tag: [a]", '"pipeline_tag"'),
        ("model", "library_name: 3", '"library_name"'),
        ("model", "datasets: [{a: b}]", '"datasets"'),
        ("model", "base_model_relation: child", "base_model_relation"),
        ("model", "model-index: foo", '"model-index" must be an array'),
        ("model", "model-index: [foo]", '"model-index[0]" must be an object'),
        ("model", "model-index: [{results: []}]", '"model-index[0].name" is required'),
        ("model", "model-index: [{name: m}]", '"model-index[0].results" is required'),
        ("model", "model-index: [{name: m, results: [{}]}]", '"model-index[0].results[0].task" is required'),
        (
            "model",
            "model-index: [{name: m, results: [{task: {type: t}, dataset: {type: d}, metrics: []}]}]",
            '"model-index[0].results[0].dataset.name" is required',
        ),
        (
            "model",
            "model-index: [{name: m, results: [{task: {type: t}, dataset: {type: d, name: D}, metrics: [{type: a}]}]}]",
            '"model-index[0].results[0].metrics[0].value" is required',
        ),
        ("dataset", "task_categories: [{a: 1}]", '"task_categories"'),
        ("dataset", "configs: {a: b}", '"configs" must be an array'),
        ("dataset", "configs: [{data_files: x}]", '"configs[0].config_name"'),
        ("space", "sdk: flask", '"sdk" must be one of'),
        ("space", "colorFrom: octarine", '"colorFrom" must be one of'),
        ("space", "pinned: maybe", '"pinned" must be a boolean'),
        ("space", "models: a/b", '"models" must be an array'),
        ("model", "tags: [", "Invalid YAML metadata in README.md, line"),
        ("model", " license: mit\ntags: []", "Remove the space before the first key"),
    ],
)
def test_faults_are_errors_that_name_the_field(type_: str, yaml: str, error: str) -> None:
    verdict = validate(card(yaml), RepoType(type_))
    assert any(error in one for one in verdict.errors), verdict


def test_an_unknown_task_is_only_a_warning() -> None:
    errors, warnings = validate(card("pipeline_tag: mind-reading"), RepoType.MODEL)
    assert not errors
    assert "mind-reading" in warnings[0]


def test_a_readme_in_a_wrong_encoding_is_a_warning_with_its_line() -> None:
    garbled = card("license: mit").replace("Text", "Título en español").encode().decode("mac_roman")
    errors, warnings = validate(garbled, RepoType.MODEL)
    assert not errors
    assert len(warnings) == 1
    assert "README.md, line 4: the text was read as Mac Roman and saved again" in warnings[0]
