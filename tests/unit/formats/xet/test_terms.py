"""The terms of a file, as kept in SQL."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoco.formats.xet.hashes import XetHash, to_wire
from zoco.formats.xet.shard import Term, pack_terms, raw_ends_of_terms, unpack_terms, xorbs_of_terms

WORD = st.integers(0, 2**32 - 1)
term = st.builds(Term, st.integers(0, 5).map(lambda n: to_wire(bytes([n] * 32))), WORD, WORD, WORD)


@given(st.lists(term, max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_packed_and_unpacked_they_are_the_same(terms: list[Term], start: int, end: int) -> None:
    packed = pack_terms(terms)
    assert len(packed) == 44 * len(terms)
    assert unpack_terms(packed) == terms
    assert unpack_terms(packed, start) == terms[start:]
    assert unpack_terms(packed, start, end) == terms[start:end]
    assert xorbs_of_terms(packed) == list(dict.fromkeys(term.xorb for term in terms))
    assert raw_ends_of_terms(packed).tolist() == list(accumulate(term.raw_size for term in terms))


def test_a_file_may_be_larger_than_four_gib() -> None:
    packed = pack_terms([Term(XetHash("0" * 64), 0, 1, 2**32 - 1)] * 3)
    assert raw_ends_of_terms(packed)[-1] == 3 * (2**32 - 1)


def test_the_packed_form_never_changes() -> None:
    """Databases are full of it."""
    packed = pack_terms([Term(to_wire(bytes(range(32))), 1, 2, 70_000)])
    assert packed.hex() == bytes(range(32)).hex() + "01000000" + "02000000" + "70110100"


@given(st.binary(max_size=200).filter(lambda data: len(data) % 44))
def test_half_a_term_is_an_error(data: bytes) -> None:
    for read in (unpack_terms, xorbs_of_terms, raw_ends_of_terms):
        with pytest.raises(ValueError, match="packed terms"):
            read(data)
