from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoco.core.errors import NotAuthenticated
from zoco.formats.signed import read_signed, sign

KEY = b"k" * 32
FACTS = {"repo": 7, "sha": "ab" * 32, "user": None}


def test_what_was_signed_is_read_back_until_it_expires() -> None:
    token = sign(KEY, "lfs upload", FACTS, 1000)
    assert read_signed(KEY, "lfs upload", token, 1000) == FACTS
    with pytest.raises(NotAuthenticated, match="expired"):
        read_signed(KEY, "lfs upload", token, 1001)


def test_a_token_for_one_purpose_is_none_for_another() -> None:
    with pytest.raises(NotAuthenticated, match="not valid"):
        read_signed(KEY, "lfs upload", sign(KEY, "lfs download", FACTS, 1000), 1)


def test_another_key_signs_nothing_here() -> None:
    with pytest.raises(NotAuthenticated, match="not valid"):
        read_signed(KEY, "x", sign(b"other" * 8, "x", FACTS, 1000), 1)


def test_a_longer_life_cannot_be_written_in() -> None:
    _, rest = sign(KEY, "x", FACTS, 1000).split(".", 1)
    with pytest.raises(NotAuthenticated, match="not valid"):
        read_signed(KEY, "x", f"9999.{rest}", 1)


def test_every_changed_character_breaks_the_token() -> None:
    token = sign(KEY, "x", {"a": 1}, 1000)
    for place in range(len(token) - 1):  # the last character of base64 holds spare bits
        other = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(NotAuthenticated):
            read_signed(KEY, "x", other, 1)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_refused_as_an_answer_not_a_crash(text: str) -> None:
    with pytest.raises(NotAuthenticated):
        read_signed(KEY, "x", text, 1)


def test_a_token_needs_no_escaping_in_an_address() -> None:
    token = sign(KEY, "x", {"name": "ñ/?&= %"}, 1000)
    assert all(c.isalnum() or c in "-_." for c in token)
