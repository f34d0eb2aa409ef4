"""Front matter: read as authors mean it, repaired where that is obvious, and harmless whatever it holds."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoco.formats.cards.card_yaml import VALUES_MAX
from zoco.formats.cards.front_matter import BLOCK_SIZE_MAX, split


def block(text: str) -> str:
    return f"---\n{text}---\n"


@pytest.mark.parametrize(
    ("yaml", "data"),
    [
        ("language: no\n", {"language": "no"}),
        ("language: [no, on, off, yes, n, y]\n", {"language": ["no", "on", "off", "yes", "n", "y"]}),
        ("a: true\nb: False\n", {"a": True, "b": False}),
        ("date: 2024-01-31\n", {"date": "2024-01-31"}),
        ("at: 2024-01-31T10:00:00Z\n", {"at": "2024-01-31T10:00:00Z"}),
        ("time: 12:30\n", {"time": "12:30"}),
        ("zip: 00123\n", {"zip": "00123"}),
        ("n: 42\nf: 0.5\ne: 1e-3\nneg: -7\n", {"n": 42, "f": 0.5, "e": 0.001, "neg": -7}),
        ("size: n<1K\n", {"size": "n<1K"}),
        ("empty:\nalso: ~\n", {"empty": None, "also": None}),
        ("inf: .inf\nnan: .nan\nbig: 1e999\n", {"inf": ".inf", "nan": ".nan", "big": "inf"}),
        ("1: one\ntrue: yes\n", {"1": "one", "true": "yes"}),
        ("a: &x [1, 2]\nb: *x\n", {"a": [1, 2], "b": [1, 2]}),
        ("<<: {a: 1}\n", {"<<": {"a": 1}}),
        ("when: !!timestamp 2024-01-31\n", {"when": "2024-01-31"}),
        ("t: |\n  two\n  lines\n", {"t": "two\nlines\n"}),
        ("emoji: 🚀\nname: ñandú\n", {"emoji": "🚀", "name": "ñandú"}),
        ('nul: "a\\0b"\n', {"nul": "ab"}),
        ("# only a comment\n", {}),
        ("", {}),
    ],
)
def test_values_are_what_the_author_wrote(yaml: str, data: object) -> None:
    card = split(block(yaml) + "text\n")
    assert card.problem is None
    assert card.data == data
    assert card.body == "text\n"
    assert card.has_block


@pytest.mark.parametrize(
    "text",
    ["# no block\n", "", "\ntext\n---\na: 1\n---\n", "--- a: 1\n", "---\n\nA ruled line begins this text.\n", "----\n"],
)
def test_text_without_a_block_is_all_body(text: str) -> None:
    card = split(text)
    assert (card.body, dict(card.data), card.problem, card.has_block) == (text, {}, None, False)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n\n"])
def test_any_newline_and_a_byte_order_mark_are_fine(newline: str, start: str) -> None:
    card = split(start + newline.join(["---", "license: mit", "---", "body"]))
    assert dict(card.data) == {"license": "mit"}
    assert card.body == "body"


def test_a_block_may_end_the_file() -> None:
    assert split("---\nlicense: mit\n---").data == {"license": "mit"}


def test_the_lessons_example_is_repaired_and_the_repair_is_named() -> None:
    """The printed example has a space before its first key and no-break spaces before its comments."""
    card = split(
        "---\n tags:\n- es \u00a0# idioma\n- bert\n- text-classification\n\u00a0# datos\ndatasets:\n- llamas\n---\n"
    )
    assert card.data == {"tags": ["es", "bert", "text-classification"], "datasets": ["llamas"]}
    assert card.problem
    assert card.problem.line == 3
    assert "space before the first key" in card.problem.hint
    assert "no-break" in card.problem.hint


@pytest.mark.parametrize(
    ("text", "data", "line", "hint"),
    [
        (block("tags:\n\t- a\n"), {"tags": ["a"]}, 3, "Line 3 begins with a tab"),
        (block("license:\u00a0mit\n"), {"license": "mit"}, 2, "Line 2 holds a no-break space"),
        (block("\u00a0\u00a0a: 1\nb: 2\n"), {"a": 1, "b": 2}, 2, "space before the first key"),
        (block("title: one: two\n"), {}, 2, "between quotes"),
        (block("license:mit\n"), {}, 2, "space after the colon"),
        (block("who: @me\n"), {}, 2, "between quotes"),
        (block("- a\n- b\n"), {}, 2, ""),
        (block("a: 1\na: 2\n"), {}, 3, ""),
        (block("a: [1, 2\n"), {}, 3, ""),
        ("\n\n" + block("a: 1\nb: [\n"), {}, 6, ""),
        ("---\nlicense: mit\n\n# Text\n", {}, 1, "line of ---"),
        (block("a: !!python/object/apply:os.system [id]\n"), {}, 2, ""),
        (block("a: !!bool perhaps\n"), {}, 2, ""),
        (block("a: \x01\n"), {}, 2, ""),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_to_do(text: str, data: object, line: int, hint: str) -> None:
    card = split(text)
    assert card.problem
    assert (card.problem.line, dict(card.data)) == (line, data)
    assert hint in card.problem.hint


def test_a_broken_block_never_hides_the_text() -> None:
    assert split("---\na: [\n---\n# Title\n").body == "# Title\n"
    assert "# Title" in split("---\nlicense: mit\n# Title\n").body


def test_references_that_multiply_are_refused_before_they_grow() -> None:
    levels = "".join(f"k{n}: &r{n} [{', '.join([f'*r{n - 1}'] * 9)}]\n" for n in range(1, 12))
    for bomb in (f"k0: &r0 [x]\n{levels}", "a: &a [*a]\n", f"a: &a [{'x, ' * 300}]\nb: [{'*a, ' * 400}]\n"):
        started = time.process_time()
        card = split(block(bomb))
        assert card.problem
        assert "stand for too much" in card.problem.message
        assert time.process_time() - started < 20, "bounded by values, not by what they stand for"


@pytest.mark.parametrize("nest", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused_without_deep_recursion(nest: str) -> None:
    card = split(block(nest * 5000 + "\n"))
    assert card.problem
    assert not card.data


def test_a_block_that_is_too_large_is_not_parsed() -> None:
    card = split(block(f"a: {'x' * BLOCK_SIZE_MAX}\n") + "text")
    assert card.problem
    assert "256 kB" in card.problem.message
    assert card.body == "text"


def test_many_values_are_refused() -> None:
    assert split(block("a: [" + "1," * (VALUES_MAX + 1) + "]\n")).problem


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("ab: -[]{}#&*!|>'\"%@`?,\n\t\u00a0\0~<=.0123456789\ud800")), max_size=80))
def test_nothing_raises_and_what_is_read_fits_json(text: str) -> None:
    for candidate in (text, f"---\n{text}\n---\n", f"---\na: {text}\n---\nbody"):
        card = split(candidate)
        said = json.dumps(dict(card.data), allow_nan=False)
        assert "\\u0000" not in said
        assert "\\ud800" not in said
