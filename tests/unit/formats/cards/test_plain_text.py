"""Plain text and its words: what a reader sees, compared without case and accents, whatever a file holds."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoco.formats.cards.plain_text import one_line, plain_text
from zoco.formats.cards.words import GAP, apart, fold, words_of


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("# Llamas\n\nPhotos of **llamas** and _alpacas_.", "Llamas Photos of llamas and alpacas ."),
        ("- one\n* two\n1. three\n> four\n> - five", "one two three four five"),
        ("[the paper](https://arxiv.org/abs/1) and ![a cat](cat.png)", "the paper and a cat"),
        ("[![build](https://x/b.svg)](https://x) [ref][1]\n\n[1]: https://example.org 'x'\n", "build ref"),
        ("<p align='center'>Hello <b>world</b></p><!-- hidden\nwords -->!", "Hello world !"),
        ("<script>var a = 1;</script>a<style>b{}</style>", "a"),
        ("a < b and c > d, 3<4", "a < b and c > d, 3<4"),
        ("```python\nprint('hi')\n```\nafter", "print('hi') after"),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", "a b 1 2"),
        ("snake_case and __bold__ &amp; &lt;tag&gt; `code`", "snake_case and bold & <tag> code"),
        ("data:image/png;base64," + "iVBORw0KGgo" * 50 + " end", "data:image/png;base64, end"),
        ("a\0b\x07c\r\n\td\u00a0e", "a b c d e"),
        ("ﬁne Ｆull", "fine Full"),
        ("<!-- never ends", "<!-- never ends"),
    ],
)
def test_markup_goes_and_words_stay(markdown: str, plain: str) -> None:
    assert plain_text(markdown) == plain


def test_characters_of_languages_without_spaces_stand_apart() -> None:
    assert apart("使用BERT模型") == f"{GAP}使{GAP}用{GAP}BERT{GAP}模{GAP}型{GAP}"
    assert [word.folded for word in words_of(plain_text("使用BERT模型。"))] == ["使", "用", "bert", "模", "型"]


def test_words_are_compared_without_case_and_accents() -> None:
    assert [word.folded for word in words_of("Ñandú, ÉTÉ_x86-64 Straße")] == ["nandu", "ete", "x86", "64", "straße"]
    assert fold("x" * 1000) == "x" * 100


@given(st.text(alphabet="<>!-[]()`*_|#&;a \n\0\ud800\u0301漢", max_size=300) | st.text(max_size=200))
def test_any_text_gives_one_line_that_can_be_stored(text: str) -> None:
    for plain in (plain_text(text, 50), one_line(text, 50)):
        assert len(plain.encode()) <= 50
        assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in plain)
    for word in words_of(plain_text(text)):
        assert word.folded == fold(word.folded)
        assert not set(word.folded) & set("'\"\\ ")


@pytest.mark.parametrize("part", ["<!--", "<script>", "[", "![](", "[a](", "<a ", "_", "`", "| - ", "# > - ", "&amp"])
def test_hostile_repetition_is_read_in_time_that_grows_with_it(part: str) -> None:
    """Each of these once took time with the square of its length in some reader of Markdown."""
    assert len(plain_text(part * (400_000 // len(part)))) <= 400_000
