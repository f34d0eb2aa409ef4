"""The rule that makes tags of a card and its files: one table for each type."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from zoco.core.ids import RepoType
from zoco.formats.cards.front_matter import split
from zoco.hub.cards.card import TAGS_MAX, Card, card_from


def card(type_: str, yaml: str, paths: list[str] | None = None, config: Mapping[str, object] | None = None) -> Card:
    return card_from(RepoType(type_), split(f"---\n{yaml}\n---\n# T\n"), paths or [], config)


BERT = {"architectures": ["BertForMaskedLM"], "model_type": "bert"}


@pytest.mark.parametrize(
    ("yaml", "paths", "config", "tags"),
    [
        ("license: mit", [], None, ["license:mit"]),
        ("license: MIT", [], None, ["license:mit"]),
        # the lesson: a bare `es` is a language, `bert` stays free, the task is a task
        (
            "tags: [es, bert, text-classification]\ndatasets: [llamas]",
            [],
            None,
            ["text-classification", "es", "bert", "dataset:llamas"],
        ),
        ("language: no", [], None, ["no"]),
        ("language: false", [], None, ["no"]),
        ("language: [false, es]", [], None, ["no", "es"]),
        ("language: [es, en]\ntags: [es]", [], None, ["es", "en"]),
        ("language: Spanish", [], None, []),
        ("tags: [da, ner]", [], None, ["da", "ner"]),
        ("library_name: sklearn", ["model.joblib"], None, ["sklearn", "joblib"]),
        (
            "tags: [sklearn, tabular-classification]",
            ["m.joblib"],
            None,
            ["sklearn", "joblib", "tabular-classification"],
        ),
        ("", ["model.joblib"], None, ["joblib"]),
        (
            "license: mit",
            ["config.json", "model.safetensors"],
            BERT,
            ["transformers", "safetensors", "bert", "fill-mask", "license:mit"],
        ),
        (
            "base_model: a/b",
            ["adapter_config.json"],
            None,
            ["peft", "base_model:a/b", "base_model:adapter:a/b"],
        ),
        (
            "base_model: [a/b, c/d]",
            [],
            None,
            ["base_model:a/b", "base_model:merge:a/b", "base_model:c/d", "base_model:merge:c/d"],
        ),
        ("base_model: a/b", ["m.gguf"], None, ["gguf", "base_model:a/b", "base_model:quantized:a/b"]),
        ("base_model: a/b\nbase_model_relation: merge", [], None, ["base_model:a/b", "base_model:merge:a/b"]),
        ("base_model: a/b", [], None, ["base_model:a/b", "base_model:finetune:a/b"]),
        ("model-index: [{name: m, results: []}]", [], None, ["model-index"]),
        ("tags: [arxiv:1910.01108]", [], None, ["arxiv:1910.01108"]),
        ("tags: es", [], None, ["es"]),
        ("tags: [1, 2.5, true, {a: b}, '']", [], None, ["1", "2.5"]),
    ],
)
def test_a_models_tags(yaml: str, paths: list[str], config: Mapping[str, object] | None, tags: list[str]) -> None:
    assert list(card("model", yaml, paths, config).tags) == tags


@pytest.mark.parametrize(
    ("yaml", "config", "task"),
    [
        ("pipeline_tag: summarization\ntags: [fill-mask]", BERT, "summarization"),
        ("tags: [bert, text-classification]", BERT, "text-classification"),
        ("tags: [text-generation, text-classification]", None, "text-classification"),
        ("", BERT, "fill-mask"),
        ("", {"architectures": ["Odd"], "model_type": "odd"}, None),
        ("", {"diffusers": {"_class_name": "StableDiffusionPipeline"}}, "text-to-image"),
        ("pipeline_tag: [a]", None, None),
    ],
)
def test_a_models_task(yaml: str, config: Mapping[str, object] | None, task: str | None) -> None:
    assert card("model", yaml, [], config).pipeline_tag == task


def test_a_paper_linked_in_the_text_is_a_tag() -> None:
    readme = split("---\nlicense: mit\n---\nSee https://arxiv.org/abs/1706.03762v5 and arxiv.org/pdf/2005.14165.\n")
    tags = card_from(RepoType.MODEL, readme, [], None).tags
    assert tags[:2] == ("arxiv:1706.03762", "arxiv:2005.14165")


@pytest.mark.parametrize(
    ("yaml", "paths", "tags"),
    [
        (
            "task_categories: [text-classification]\nlanguage: [es]\nlicense: cc-by-4.0\ntags: [flowers]",
            ["data/train.csv", "data/test.csv", "README.md"],
            [
                "task_categories:text-classification",
                "language:es",
                "license:cc-by-4.0",
                "format:csv",
                "modality:tabular",
                "flowers",
            ],
        ),
        (
            "tags: [es, text-classification]",
            [],
            ["task_categories:text-classification", "language:es", "text-classification"],
        ),
        ("size_categories: n<1K", ["a.parquet"], ["size_categories:n<1K", "format:parquet"]),
        ("", ["img/1.png", "img/2.png", "metadata.csv"], ["format:imagefolder", "modality:image"]),
        ("", ["README.md", "requirements.txt", "LICENSE"], []),
    ],
)
def test_a_datasets_tags(yaml: str, paths: list[str], tags: list[str]) -> None:
    assert list(card("dataset", yaml, paths).tags) == tags


def test_a_spaces_tags_begin_with_its_sdk() -> None:
    assert card("space", "sdk: gradio\ntags: [fun]\nlicense: mit").tags == ("gradio", "fun", "license:mit")


@pytest.mark.parametrize(
    ("type_", "yaml", "links"),
    [
        ("model", "datasets: [Ana/Llamas, squad]\nbase_model: A/B", ("dataset:ana/llamas", "base_model:a/b")),
        ("space", "models: [A/B]\ndatasets: c/d", ("model:a/b", "dataset:c/d")),
        ("dataset", "source_datasets: [a/b]", ()),
    ],
)
def test_links_are_found_in_any_case(type_: str, yaml: str, links: tuple[str, ...]) -> None:
    assert card(type_, yaml).links == links


def test_a_tag_with_control_characters_is_none() -> None:
    """Among the tags stand hidden ones for links, which nobody may forge."""
    read = card("model", 'tags: ["\\x1fmodel:a/b", "a\\x1fb", "a\\nb", fine, 👩‍🔬]')
    assert read.tags == ("model:a/b", "fine", "👩‍🔬")


def test_tags_are_bounded() -> None:
    many = card("model", "tags: [" + ", ".join(f"t{n}" for n in range(5000)) + "]")
    assert len(many.tags) == TAGS_MAX
    assert card("model", f"tags: [{'x' * 291}, y]").tags == ("y",)


def test_a_broken_card_still_has_what_its_files_say() -> None:
    broken = card_from(RepoType.MODEL, split("---\na: [\n---\nHello there.\n"), ["m.safetensors"], BERT)
    assert broken.problem
    assert "line 3" in broken.problem
    assert broken.tags == ("transformers", "safetensors", "bert", "fill-mask")
    assert broken.description == "Hello there."
