"""Which words introduce a card."""

from __future__ import annotations

import pytest

from zoco.hub.cards.description import LENGTH_MAX, description_of


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            "# Title\n\nThe first *paragraph*, with a [link](https://x.org) and `code`.\n\nThe second.",
            "The first paragraph, with a link and code.",
        ),
        ("# Title\nText right below.\n", "Text right below."),
        ("<!-- hidden\n\nstill hidden -->\n\nShown.", "Shown."),
        ("```python\ncode()\n```\n\nProse.", "Prose."),
        ("![badge](a.svg) [![b](c.svg)](d)\n\nProse.", "Prose."),
        ("- a list\n- of things\n\n| a | table |\n\n> a quote\n\nProse\nover two lines.", "Prose over two lines."),
        ("<p align='center'>Centred</p>", "Centred"),
        ("# Only\n## Titles\n", ""),
        ("", ""),
        ("---\n\n123", ""),
    ],
)
def test_the_first_prose_is_found(body: str, words: str) -> None:
    assert description_of(body) == words


def test_long_prose_is_cut_at_a_word() -> None:
    cut = description_of("word " * 200)
    assert len(cut) <= LENGTH_MAX
    assert cut.endswith("word…")


def test_a_hostile_body_takes_no_time() -> None:
    assert description_of("<" * 1_000_000) is not None
    assert description_of("[" * 200_000) is not None
    assert description_of("```" * 100_000) is not None
