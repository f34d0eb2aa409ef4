"""Query files: every rule of the tables is read, and means what its words say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoco.formats.cards import libraries
from zoco.formats.cards.download_rules import LENGTH_MAX, UNLISTED, RuleError, parse_rule, query_files


@pytest.mark.parametrize(
    ("rule", "counted", "not_counted"),
    [
        ('path:"config.json"', ["config.json"], ["unet/config.json", "config.json5", "xconfig.json", ""]),
        ('path_extension:"pt"', ["a.pt", "x/y.z.pt"], ["a.pth", "pt", ".pt", "a.PT"]),
        ('path_extension:".pth"', ["a.pth"], ["a.pt"]),
        ('path_filename:"config" AND path_extension:"json"', ["config.json", "a/b/config.json"], ["config.yaml"]),
        ('path_filename:".hidden"', [".hidden"], ["hidden"]),
        (
            'path_extension:"pt" AND path_prefix:"checkpoints/"',
            ["checkpoints/a.pt"],
            ["a.pt", "checkpoints/b/a.pt", "x/checkpoints/a.pt"],
        ),
        (
            'path_extension:"gguf" OR (path_filename:"config" AND path_extension:"json")',
            ["q4.gguf", "config.json"],
            ["config.yaml", "model.json"],
        ),
        (
            'path_filename:"model" AND path_extension:"mil" AND _exists_:"path_prefix"',
            ["encoder.mlmodelc/model.mil"],
            ["model.mil"],
        ),
        ('NOT path_extension:"md" AND NOT path:"a.txt"', ["b.txt"], ["a.txt", "README.md"]),
        ('path:"a" OR path:"b" AND path:"c"', ["a"], ["b", "c"]),
        ('(path:"a" OR path:"b") AND NOT(path:"b")', ["a"], ["b"]),
        ('path:"a" path:"b"', ["a", "b"], ["c"]),
        ("path:*.nemo OR path_filename:model-?", ["x/y.nemo", "model-1.bin"], ["nemo", "model-12.bin"]),
        ("path:[ab]*", ["[ab]c"], ["a", "ab"]),
        ('path:"*.nemo"', ["*.nemo"], ["a.nemo"]),
        ("path:OR OR path:AND", ["OR", "AND"], ["NOT"]),
    ],
)
def test_a_rule_counts_what_it_says(rule: str, counted: list[str], not_counted: list[str]) -> None:
    counts = parse_rule(rule)
    assert [path for path in counted if not counts(path)] == []
    assert [path for path in not_counted if counts(path)] == []


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("", "column 1: a field"),
        ('path:"a" AND', "column 13: a field"),
        ('path:"a" AND OR path:"b"', "a field"),
        ('(path:"a"', "closing parenthesis"),
        ('path:"a")', "the end is expected"),
        ('size:"3"', "there is no field 'size', only path"),
        ('_exists_:"size"', "there is no field"),
        ("path", "column 1: cannot be read"),
        ('path:"a', "column 1: cannot be read"),
        ("(" * 100 + 'path:"a"' + ")" * 100, "nested deeper"),
        ("NOT " * 900 + 'path:"a"', "nested deeper"),
        ('path:"a" OR ' * LENGTH_MAX, "at most"),
    ],
)
def test_what_cannot_be_read_is_said(rule: str, why: str) -> None:
    with pytest.raises(RuleError, match=why):
        parse_rule(rule)


@given(st.text(alphabet='ab"():* \t?.[]\\/\0', max_size=80) | st.text(max_size=80))
def test_nothing_else_goes_wrong(text: str) -> None:
    for rule in (text, f"path:{text}", f'path:"{text}"'):
        try:
            counts = parse_rule(rule)
        except RuleError:
            continue
        assert counts(text) in (True, False)


def test_every_rule_of_the_tables_is_read() -> None:
    known = {id for id in libraries.LIBRARIES if libraries.count_rule(id)}
    assert len(known) > 100
    for library in known | UNLISTED.keys():
        query_files(library)


@pytest.mark.parametrize(
    ("library", "counted", "not_counted"),
    [
        (None, ["config.json", "params.json", "meta.yaml", "x/q4.gguf"], ["model.safetensors", "x/config.json"]),
        ("transformers", ["config.json"], ["model.safetensors", "tokenizer.json"]),
        ("peft", ["adapter_config.json"], ["config.json"]),
        ("nemo", ["x.nemo", "model_config.yaml"], ["weights.ckpt"]),
        ("timm", ["pytorch_model.bin", "model.safetensors"], ["config.json"]),
        ("diffusers", ["model_index.json", "lora.safetensors"], ["unet/a.safetensors", "config.json", "README.md"]),
        ("nobody-knows-it", ["config.json"], ["model.safetensors"]),
    ],
)
def test_each_library_has_its_query_files(library: str | None, counted: list[str], not_counted: list[str]) -> None:
    counts = query_files(library)
    assert [path for path in counted if not counts(path)] == []
    assert [path for path in not_counted if counts(path)] == []
