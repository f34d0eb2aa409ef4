"""The rule that makes tags of a card and its files: one table for each type."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoco.core.ids import RepoType
from zoco.formats.cards.front_matter import FrontMatter, split
from zoco.formats.cards.tags import TagKind
from zoco.hub.cards.card import TAGS_MAX, Card, card_from


def card(type_: str, yaml: str, paths: list[str] | None = None, config: Mapping[str, object] | None = None) -> Card:
    return card_from(RepoType(type_), split(f"---\n{yaml}\n---\n# T\n"), paths or [], config)


def printed(card: Card, type_: RepoType = RepoType.MODEL) -> list[str]:
    return [tag.printed(type_) for tag in card.tags]


def kinds(card: Card) -> dict[str, str]:
    return {tag.value: tag.kind.value for tag in card.tags}


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
            ["text-classification", "bert", "es", "dataset:llamas"],
        ),
        ("language: no", [], None, ["no"]),
        ("language: false", [], None, ["no"]),
        ("language: [false, es]", [], None, ["no", "es"]),
        ("language: [es, en]\ntags: [es]", [], None, ["es", "en"]),
        ("language: Spanish", [], None, []),
        ("language: [PT-BR, zh_Hant]", [], None, ["pt-BR", "zh_Hant"]),
        ("tags: [da, ner]", [], None, ["ner", "da"]),
        ("library_name: sklearn", ["model.joblib"], None, ["sklearn", "joblib"]),
        (
            "tags: [sklearn, tabular-classification]",
            ["m.joblib"],
            None,
            ["sklearn", "joblib", "tabular-classification"],
        ),
        ("", ["model.joblib"], None, ["sklearn", "joblib"]),
        # what people write stays visible beside what it means
        ("tags: [scikit-learn]", [], None, ["sklearn", "scikit-learn"]),
        ("library_name: scikit-learn", [], None, ["sklearn"]),
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
        (
            "arxiv: '1910.01108'\ndoi: https://doi.org/10.57967/hf/0039",
            [],
            None,
            ["arxiv:1910.01108", "doi:10.57967/hf/0039"],
        ),
        (
            "license: mit\ntags: [doi:10.57967/hf/0039, region:us, license:mit]",
            [],
            None,
            ["doi:10.57967/hf/0039", "region:us", "license:mit"],
        ),
        ("base_model: gpt2", [], None, ["base_model:gpt2", "base_model:finetune:gpt2"]),
        ("base_model: /home/ana/checkpoint-500", [], None, []),
        (
            "",
            ["adapter_config.json"],
            {"peft": {"base_model_name_or_path": "a/b", "task_type": "CAUSAL_LM"}},
            ["peft", "text-generation", "base_model:a/b", "base_model:adapter:a/b"],
        ),
        ("", [], {"peft": {"base_model_name_or_path": "/content/out/final"}}, []),
        (
            "",
            ["config.json"],
            {
                "architectures": ["LlamaForCausalLM"],
                "model_type": "llama",
                "auto_map": {"AutoModel": "m.M"},
                "tokenizer_config": {"chat_template": "{{ x }}"},
                "quantization_config": {"quant_method": "gptq", "bits": 4},
            },
            ["transformers", "llama", "text-generation", "conversational", "custom_code", "4-bit", "gptq"],
        ),
        (
            "pipeline_tag: translation\ntags: [summarization]",
            [],
            {"chat_template_jinja": "{{ x }}", "quantization_config": {"load_in_8bit": True, "bits": "x"}},
            ["translation", "summarization", "8-bit"],
        ),
        ("tags: es", [], None, ["es"]),
        ("tags: [1, 2.5, true, {a: b}, '']", [], None, ["1", "2.5"]),
    ],
)
def test_a_models_tags(yaml: str, paths: list[str], config: Mapping[str, object] | None, tags: list[str]) -> None:
    assert printed(card("model", yaml, paths, config)) == tags


@pytest.mark.parametrize(
    ("yaml", "kind_of"),
    [
        ("tags: [es, bert, text-classification]", {"es": "language", "bert": "other", "text-classification": "task"}),
        # `da` is also what some call «direct assessment»: beside a language that is said, it is a free word
        ("language: en\ntags: [da, ner]", {"en": "language", "da": "other", "ner": "other"}),
        ("language: da\ntags: [da]", {"da": "language"}),
        ("language: english\ntags: [da]", {"da": "other"}),
        # a model has one task: counts by task count it once
        ("tags: [translation, summarization]", {"translation": "task", "summarization": "other"}),
        ("pipeline_tag: summarization\ntags: [translation]", {"summarization": "task", "translation": "other"}),
        ("tags: [PyTorch]", {"pytorch": "library", "PyTorch": "other"}),
        ("tags: [region:us, arxiv:1706.03762]", {"us": "region", "1706.03762": "arxiv"}),
        ("tags: [multilingual]", {"multilingual": "language"}),
        ("tags: ['size_categories:1K', 'x:y']", {"size_categories:1K": "other", "x:y": "other"}),
        ("base_model: a/b", {"a/b": "base_model", "finetune:a/b": "base_model"}),
    ],
)
def test_each_tag_of_a_model_has_its_kind(yaml: str, kind_of: dict[str, str]) -> None:
    assert kinds(card("model", yaml)) == kind_of


@pytest.mark.parametrize(
    ("yaml", "config", "task"),
    [
        ("pipeline_tag: summarization\ntags: [fill-mask]", BERT, "summarization"),
        ("tags: [bert, text-classification]", BERT, "text-classification"),
        ("tags: [text-generation, text-classification]", None, "text-classification"),
        ("", BERT, "fill-mask"),
        ("", {"architectures": ["Odd"], "model_type": "odd"}, None),
        ("", {"diffusers": {"_class_name": "StableDiffusionPipeline"}}, "text-to-image"),
        ("", {"sklearn": {"task": "tabular-regression"}}, "tabular-regression"),
        ("", {"sklearn": {"task": "no-task"}}, None),
        ("", {"peft": {"task_type": "SEQ_CLS"}}, "text-classification"),
        ("library_name: sentence-transformers", {"architectures": ["BertModel"]}, "sentence-similarity"),
        ("library_name: timm", None, "image-classification"),
        ("pipeline_tag: [a]", None, None),
    ],
)
def test_a_models_task(yaml: str, config: Mapping[str, object] | None, task: str | None) -> None:
    assert card("model", yaml, [], config).pipeline_tag == task


def test_a_paper_linked_in_the_text_is_a_tag() -> None:
    readme = split("---\nlicense: mit\n---\nSee https://arxiv.org/abs/1706.03762v5 and arxiv.org/pdf/2005.14165.\n")
    tags = printed(card_from(RepoType.MODEL, readme, [], None))
    assert tags[:2] == ["arxiv:1706.03762", "arxiv:2005.14165"]


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
                "library:datasets",
                "library:pandas",
                "library:polars",
                "library:mlcroissant",
                "flowers",
            ],
        ),
        ("tags: [es, text-classification]", [], ["language:es", "task_categories:text-classification"]),
        (
            "task_categories: [translation]\ntags: [text-classification]",
            [],
            ["task_categories:translation", "text-classification"],
        ),
        ("task_ids: [sentiment-analysis]", [], ["task_ids:sentiment-analysis"]),
        (
            "tags: ['task_ids:parsing', 'language:eu', 'region:us']",
            [],
            ["task_ids:parsing", "language:eu", "region:us"],
        ),
        ("tags: [distilabel]", [], ["library:distilabel", "distilabel"]),
        (
            "annotations_creators: [found]\nmultilinguality: monolingual",
            [],
            ["annotations_creators:found", "multilinguality:monolingual"],
        ),
        (
            "",
            ["img/1.png", "img/2.png", "metadata.csv"],
            ["format:imagefolder", "modality:image", "library:datasets", "library:mlcroissant"],
        ),
        ("", ["README.md", "requirements.txt", "LICENSE"], []),
    ],
)
def test_a_datasets_tags(yaml: str, paths: list[str], tags: list[str]) -> None:
    assert printed(card("dataset", yaml, paths), RepoType.DATASET) == tags


@pytest.mark.parametrize(
    ("yaml", "size"),
    [
        ("size_categories: 10K<n<100K\ndataset_info: {splits: [{num_examples: 3}]}", "10K<n<100K"),
        ("dataset_info: {splits: [{num_examples: 600}, {num_examples: 400}]}", "1K<n<10K"),
        ("dataset_info: [{splits: [{num_examples: 1}]}, {splits: [{num_examples: 998}]}]", "n<1K"),
        ("dataset_info: {splits: [{num_examples: 2000000000000}]}", "n>1T"),
        ("dataset_info: {splits: [{num_examples: 600}, {num_examples: many}]}", None),
        ("dataset_info: {splits: {train: 5}}", None),
        ("dataset_info: 5", None),
        ("", None),
    ],
)
def test_the_size_of_a_dataset_is_said_or_counted(yaml: str, size: str | None) -> None:
    sizes = [value for value, kind in kinds(card("dataset", yaml)).items() if kind == "size"]
    assert sizes == ([size] if size else [])


@pytest.mark.parametrize(
    ("features", "modalities"),
    [
        ("[{name: a, dtype: string}, {name: b, dtype: image}]", ["text", "image"]),
        ("[{name: a, dtype: {audio: {sampling_rate: 16000}}}, {name: t, dtype: string}]", ["audio", "text"]),
        (
            "[{name: a, dtype: int64}, {name: b, dtype: float32}, {name: c, dtype: {class_label: {names: [x]}}}]",
            ["tabular"],
        ),
        ("[{name: a, dtype: int64}]", []),
        ("[{name: at, dtype: 'timestamp[ns]'}]", ["timeseries"]),
        ("[{name: a, struct: [{name: b, list: [{name: c, dtype: video}]}]}]", ["video"]),
        ("[{name: a, sequence: string}]", ["text"]),
        ("[{name: a, dtype: {translation: {languages: [es, en]}}}]", ["text"]),
        ("words", []),
    ],
)
def test_the_features_of_a_dataset_tell_its_modalities(features: str, modalities: list[str]) -> None:
    found = card("dataset", f"dataset_info: {{features: {features}}}")
    assert [value for value, kind in kinds(found).items() if kind == "modality"] == modalities


def test_features_as_deep_or_as_many_as_anybody_likes_are_read_in_bounds() -> None:
    deep = "[" * 19 + "{dtype: image}" + "]" * 19
    assert "image" in kinds(card("dataset", f"dataset_info: {{features: {deep}}}"))
    many = ", ".join(["{dtype: string}"] * 9_000)
    assert "text" in kinds(card("dataset", f"dataset_info: {{features: [{many}]}}"))


def test_data_in_shards_is_read_by_dask() -> None:
    shards = [f"data/train-0000{n}-of-00002.parquet" for n in range(2)]
    assert "library:dask" in printed(card("dataset", "", shards), RepoType.DATASET)
    assert "library:pandas" in printed(card("dataset", "", ["data/train-00000-of-00001.parquet"]), RepoType.DATASET)


def test_a_spaces_tags_begin_with_its_sdk() -> None:
    space = card("space", "sdk: gradio\ntags: [fun, region:us]\nlicense: mit")
    assert printed(space, RepoType.SPACE) == ["gradio", "fun", "region:us", "license:mit"]
    assert kinds(space) == {"gradio": "sdk", "fun": "other", "us": "region", "mit": "license"}


@pytest.mark.parametrize(
    ("type_", "yaml", "links"),
    [
        (
            "model",
            "datasets: [Ana/Llamas, squad]\nbase_model: A/B",
            ("dataset:ana/llamas", "dataset:squad", "base_model:a/b"),
        ),
        ("space", "models: [A/B]\ndatasets: c/d", ("model:a/b", "dataset:c/d")),
        ("dataset", "source_datasets: [a/b]", ()),
        ("model", "base_model: [gpt2, ../out]", ("base_model:gpt2",)),
    ],
)
def test_links_are_found_in_any_case(type_: str, yaml: str, links: tuple[str, ...]) -> None:
    assert card(type_, yaml).links == links


def test_a_tag_with_control_characters_is_none() -> None:
    read = card("model", 'tags: ["\\x1fmodel:a/b", "a\\x1fb", "a\\nb", fine, 👩‍🔬]')
    assert printed(read) == ["model:a/b", "fine", "👩‍🔬"]


def test_tags_are_bounded() -> None:
    many = card("model", "tags: [" + ", ".join(f"t{n}" for n in range(5000)) + "]")
    assert len(many.tags) == TAGS_MAX
    assert printed(card("model", f"tags: [{'x' * 291}, y]")) == ["y"]


def test_a_word_is_printed_once_and_the_kind_it_has_elsewhere_wins() -> None:
    read = card("model", "library_name: keras\nlanguage: es\ntags: [keras, es, es]")
    assert printed(read) == ["keras", "es"]
    assert kinds(read) == {"keras": "library", "es": "language"}


@pytest.mark.parametrize(
    ("yaml", "paths", "base_models"),
    [
        ("base_model: a/b", ["adapter_config.json"], (("a/b", "adapter"),)),
        ("base_model: [a/b, c/d]", [], (("a/b", "merge"), ("c/d", "merge"))),
        ("base_model: a/b\nbase_model_relation: quantized", [], (("a/b", "quantized"),)),
        ("license: mit", [], ()),
    ],
)
def test_a_card_names_its_base_models_with_their_relation(
    yaml: str, paths: list[str], base_models: tuple[tuple[str, str], ...]
) -> None:
    assert card("model", yaml, paths).base_models == base_models


def test_a_broken_card_still_has_what_its_files_say() -> None:
    broken = card_from(RepoType.MODEL, split("---\na: [\n---\nHello there.\n"), ["m.safetensors"], BERT)
    assert broken.problem
    assert "line 3" in broken.problem
    assert printed(broken) == ["transformers", "safetensors", "bert", "fill-mask"]
    assert broken.description == "Hello there."


_WORDS = st.sampled_from(
    ["es", "mit", "bert", "a/b", "string", "image", "n<1K", "arxiv:1706.03762", "x" * 300, "", "\x1f"]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _WORDS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["dtype", "list", "splits", "num_examples", "name", "task", "bits"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)
_FIELDS = st.sampled_from(
    "license language tags datasets base_model base_model_relation pipeline_tag library_name model-index arxiv doi"
    " task_categories task_ids size_categories dataset_info configs sdk models".split()
)
_CONFIG = st.sampled_from(
    "model_type auto_map quantization_config tokenizer_config chat_template_jinja sklearn peft diffusers".split()
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(list(RepoType)),
    st.dictionaries(_FIELDS, _VALUES, max_size=6),
    st.none() | st.dictionaries(_CONFIG, _VALUES, max_size=4),
    st.none() | st.dictionaries(st.sampled_from(["chat_template", "total"]), _VALUES, max_size=2),
)
def test_whatever_authors_write_becomes_a_card(
    type_: RepoType, data: dict[str, object], config: dict[str, object] | None, gguf: dict[str, object] | None
) -> None:
    found = card_from(type_, FrontMatter(data), ["a.parquet", "m.safetensors"], config, gguf=gguf)
    assert all(0 < len(tag.value) <= 290 and "\x1f" not in tag.value for tag in found.tags)
    assert len({tag.printed(type_) for tag in found.tags}) == len(found.tags)
    assert sum(tag.kind is TagKind.TASK for tag in found.tags) <= 1 or type_ is not RepoType.MODEL
    assert found.parameters is None or type(found.parameters) is int
    json.dumps([found.tags, found.links, found.base_models])
