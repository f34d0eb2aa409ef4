"""Front matter: read as authors mean it, repaired where that is obvious, and harmless whatever it holds."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoco.formats.cards.card_yaml import VALUES_MAX, YamlError
from zoco.formats.cards.front_matter import BLOCK_SIZE_MAX, split
from zoco.formats.cards.repairs import ATTEMPTS_MAX, PARSED_MAX, _Mender, read_block


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
        (block("title: one: two\n"), {"title": "one: two"}, 2, "between quotes"),
        (block("license:mit\n"), {"license": "mit"}, 2, "space after the colon"),
        (block("who: @me\n"), {"who": "@me"}, 2, "between quotes"),
        (block("- a\n- b\n"), {}, 2, ""),
        (block("a: 1\na: 2\n"), {}, 3, ""),
        (block("a: [1, 2\n"), {"a": [1, 2]}, 2, "close the '['"),
        ("\n\n" + block("a: 1\nb: [\n"), {"a": 1, "b": []}, 6, "Line 5: close the '['"),
        ("---\nlicense: mit\n\n# Text\n", {"license": "mit"}, 1, "line of ---"),
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


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (" tags:\n- es\n", "tags:\n- es\n"),
        ("\u00a0tags:\n- es \u00a0# idioma\n", "tags:\n- es  # idioma\n"),
        ("  a: 1\n  b:\n    - x\nc: 2\n", "a: 1\nb:\n  - x\nc: 2\n"),
        ("tags:\n\t- a\n\t- b\n", "tags:\n  - a\n  - b\n"),
        ("license:mit\n", "license: mit\n"),
        ("license:mit\nlanguage:es\ntags:\n- a\n", "license: mit\nlanguage: es\ntags:\n- a\n"),
        ("license:mit\nlanguage:es\nnote: see a:b\n", "license: mit\nlanguage: es\nnote: see a:b\n"),
        ("tags:\n-es\n-bert\nlicense: mit\n", "tags:\n- es\n- bert\nlicense: mit\n"),
        ("title: GPT: the model # new\n", 'title: "GPT: the model" # new\n'),
        ('title: He said: "no"\n', "title: 'He said: \"no\"'\n"),
        ("title: a: it's\nb: 1\n", 'title: "a: it\'s"\nb: 1\n'),
        ("tags:\n- one: two: three\n", 'tags:\n- one: "two: three"\n'),
        ("who: @ana\n", 'who: "@ana"\n'),
        ("tags:\n- `code`\n", 'tags:\n- "`code`"\n'),
        ("title: *bold* words\n", 'title: "*bold* words"\n'),
        ("share: 50\nnote: %odd\n", 'share: 50\nnote: "%odd"\n'),
        ('title: "My model\nlicense: mit\n', 'title: "My model"\nlicense: mit\n'),
        ('title: "My model\nauthor: "Ana"\n', 'title: "My model"\nauthor: "Ana"\n'),
        ("title: 'My model\nlicense: mit\n", "title: 'My model'\nlicense: mit\n"),
        ("tags: [es, bert\nlicense: mit\n", "tags: [es, bert]\nlicense: mit\n"),
        ("tags: [es, bert,\nlicense: mit\n", "tags: [es, bert]\nlicense: mit\n"),
        ("extra: {a: 1\nlicense: mit\n", "extra: {a: 1}\nlicense: mit\n"),
        ("license: mit\n  language: es\n", "license: mit\nlanguage: es\n"),
        ("tags:\n  - a\n - b\n", "tags:\n  - a\n  - b\n"),
        ("license: mit\nA model of mine\n", "license: mit\n# A model of mine\n"),
        # several faults, one after the other
        (
            ' license:mit\ntitle: One: two\ntags: [a, b\nauthor: "Ana\nlanguage: es\n',
            'license: mit\ntitle: "One: two"\ntags: [a, b]\nauthor: "Ana"\nlanguage: es\n',
        ),
    ],
)
def test_what_an_obvious_change_mends_is_offered_as_the_whole_readme(wrong: str, right: str, newline: str) -> None:
    """With the same newlines, and nothing else changed."""
    text = f"---\n{wrong}---\n# Title\n\n\u00a0Text: with - anything [ in it\n"
    card = split(text.replace("\n", newline))
    assert card.repaired == text.replace(wrong, right).replace("\n", newline)
    assert card.problem
    assert card.problem.hint
    again = split(card.repaired)
    assert (again.problem, again.repaired) == (None, None)
    assert again.data == card.data


@pytest.mark.parametrize(
    "yaml",
    [
        "- a\n- b\n",
        "a: 1\na: 2\n",
        "a: !!python/object/apply:os.system [id]\n",
        "k0: &r0 [x]\n" + "".join(f"k{n}: &r{n} [{', '.join([f'*r{n - 1}'] * 9)}]\n" for n in range(1, 12)),
        "a: \x01\n",
        f"a: {'x' * BLOCK_SIZE_MAX}\n",
    ],
)
def test_where_nobody_knows_what_was_meant_nothing_is_offered(yaml: str) -> None:
    card = split(block(yaml))
    assert card.problem
    assert (card.repaired, dict(card.data)) == (None, {})


def test_every_line_that_was_changed_is_named() -> None:
    card = split(block("license:mit\ntitle: One: two\n"))
    assert card.problem
    assert "Line 2: write a space after the colon." in card.problem.hint
    assert "Line 3: put the value between quotes" in card.problem.hint


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("---\nlicense: mit\n\n# Text\n", "---\nlicense: mit\n---\n\n# Text\n"),
        ("---\nlicense: mit\ntags:\n- es\nSome words.\n", "---\nlicense: mit\ntags:\n- es\n---\nSome words.\n"),
        ("---\r\nlicense: mit\r\n\r\n# Text", "---\r\nlicense: mit\r\n---\r\n\r\n# Text"),
        ("---\nlicense: mit", "---\nlicense: mit\n---\n"),
        ("---\n tags: [es]\nlicense: mit\n\nText\n", "---\ntags: [es]\nlicense: mit\n---\n\nText\n"),
    ],
)
def test_a_block_that_is_never_closed_is_closed(text: str, repaired: str) -> None:
    card = split(text)
    assert (card.repaired, card.data) == (repaired, {"license": "mit"} | ({"tags": ["es"]} if "tags" in text else {}))
    assert card.body == text, "nothing is hidden"


SPANISH = (
    "---\n tags:\n- es \u00a0# idioma\n- bert\nlicense: mit\n---\n# Español\n\n«Aquí», dijo la niña. Año 1 … ñandú.\n"
)


@pytest.mark.parametrize("encoding", ["mac_roman", "cp1252"])
def test_a_readme_that_was_read_in_the_wrong_encoding_is_offered_as_it_was(encoding: str) -> None:
    """A copy of a lesson came so: UTF-8 read as Mac Roman and saved again."""
    text = SPANISH.replace("Aquí", "Aqui").encode().decode(encoding)
    card = split(text)
    assert card.garbled
    assert card.garbled.line == 3
    assert card.data == {"tags": ["es", "bert"], "license": "mit"}, "both faults at once"
    assert card.problem
    assert "no-break" in card.problem.hint
    assert card.repaired
    assert "niña. Año 1 … ñandú" in card.repaired
    again = split(card.repaired)
    assert (again.problem, again.garbled, again.repaired) == (None, None, None)
    assert card.body.startswith("# Espa"), "shown as it is until somebody saves it"
    assert "ñ" not in card.body


@pytest.mark.parametrize(
    "text",
    [
        SPANISH,
        "—Él vino.\n—Óscar también se fue.\n",
        "—Él vino.\n",
        "«été» et «École»\n",
        "√2 ≈ 1,41 y ¬p\n",
        "Привет, мир\n",
        "模型\n",
        "emoji 🚀 ñ\n",
        "São João, ÃO\n",
        "plain\n",
    ],
)
def test_text_that_was_never_garbled_is_left_alone(text: str) -> None:
    assert split(text).garbled is None


@pytest.mark.parametrize("text", ["Привет, мир: это модель\n", "这是一个模型，用于分类\n", "これはモデルです\n"])
def test_other_scripts_are_restored_too(text: str) -> None:
    garbled = text.encode().decode("mac_roman")
    assert split(garbled).repaired == text


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
        if card.repaired is not None:
            assert split(card.repaired).problem is None
        said = json.dumps(dict(card.data), allow_nan=False)
        assert "\\u0000" not in said
        assert "\\ud800" not in said


LINES = st.sampled_from(
    [
        "license:mit",
        " a: 1",
        "tags:",
        "- x",
        "-y",
        "\t- z",
        "b: c: d",
        'q: "',
        "l: [1, 2",
        "@",
        "e: {",
        "}",
        "]",
        "'",
        "# c",
        "",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_a_repair_is_readable_and_means_what_the_card_says(lines: list[str], newline: str) -> None:
    card = split(newline.join(["---", *lines, "---", "text"]))
    if card.repaired is not None:
        again = split(card.repaired)
        assert (again.problem, again.data, again.body) == (None, card.data, "text")


@settings(max_examples=100, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=6), st.integers(1, 4000))
def test_mending_is_bounded_however_long_the_block(lines: list[str], times: int) -> None:
    text = "\n".join(lines * times)[:BLOCK_SIZE_MAX]
    mender = _Mender(2)
    try:
        read_block(text)
    except YamlError as error:
        mender.mended(text, error)
    assert mender.attempts <= ATTEMPTS_MAX + 1
    assert mender.parsed <= PARSED_MAX + BLOCK_SIZE_MAX * 2
