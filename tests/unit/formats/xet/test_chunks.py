"""The chunks of a xorb, as kept in SQL: every range is right, and damage is noticed."""

from __future__ import annotations

from array import array
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoco.formats.xet.xorb import Chunks, Scheme

Fact = tuple[bytes, int, int, int]  # hash, stored size, raw size, scheme

fact = st.tuples(
    st.binary(min_size=32, max_size=32), st.integers(9, 262_152), st.integers(1, 131_072), st.sampled_from(Scheme)
)
facts = st.lists(fact, min_size=1, max_size=40)


def chunks_of(some: list[Fact]) -> Chunks:
    return Chunks(
        b"".join(hash_ for hash_, *_ in some),
        array("I", accumulate(stored for _, stored, *_ in some)),
        array("I", accumulate(raw for _, _, raw, _ in some)),
        bytes(scheme for *_, scheme in some),
    )


@given(facts, st.data())
def test_ranges_are_the_sums_of_what_they_hold(some: list[Fact], data: st.DataObject) -> None:
    chunks = chunks_of(some)
    start = data.draw(st.integers(0, len(some) - 1))
    end = data.draw(st.integers(start + 1, len(some)))
    stored, raw = [fact[1] for fact in some], [fact[2] for fact in some]
    assert len(chunks) == len(some)
    assert chunks.stored_range(start, end) == (sum(stored[:start]), sum(stored[:end]))
    assert chunks.raw_range(start, end) == (sum(raw[:start]), sum(raw[:end]))
    assert chunks.raw_sizes_of(start, end) == raw[start:end]
    assert chunks.raw_size_of(start) == raw[start]
    assert chunks.hashes_of(start, end) == b"".join(fact[0] for fact in some[start:end])
    assert chunks.hash_at(start) == some[start][0]
    assert chunks.is_plain(start, end) == all(fact[3] == 0 for fact in some[start:end])
    assert (chunks.stored_size, chunks.raw_size) == (sum(stored), sum(raw))
    assert list(chunks.leaves()) == [(fact[0], fact[2]) for fact in some]


@given(facts, st.data())
def test_every_raw_byte_is_in_one_chunk(some: list[Fact], data: st.DataObject) -> None:
    chunks = chunks_of(some)
    offset = data.draw(st.integers(0, chunks.raw_size - 1))
    index = chunks.chunk_at_raw(offset)
    start, end = chunks.raw_range(index, index + 1)
    assert start <= offset < end


@pytest.mark.parametrize(("start", "end"), [(-1, 1), (0, 0), (1, 1), (2, 1), (0, 4), (3, 4), (5, 9)])
def test_a_range_outside_is_an_error(start: int, end: int) -> None:
    chunks = chunks_of([(bytes(32), 20, 12, 0)] * 3)
    for ask in (chunks.hashes_of, chunks.raw_sizes_of, chunks.raw_range, chunks.stored_range, chunks.is_plain):
        with pytest.raises(ValueError, match="a xorb that has 3"):
            ask(start, end)


@pytest.mark.parametrize("offset", [-1, 36, 37])
def test_a_byte_outside_is_an_error(offset: int) -> None:
    with pytest.raises(ValueError, match="of a xorb that has 36"):
        chunks_of([(bytes(32), 20, 12, 0)] * 3).chunk_at_raw(offset)


@given(facts)
def test_packed_and_unpacked_they_are_the_same(some: list[Fact]) -> None:
    chunks = chunks_of(some)
    packed = chunks.pack()
    assert Chunks.unpack(packed) == chunks
    assert len(packed) == 5 + 41 * len(some)


def test_the_packed_form_never_changes() -> None:
    """Databases are full of it."""
    packed = chunks_of([(b"a" * 32, 11, 3, 0), (b"b" * 32, 300, 70_000, 2)]).pack()
    assert packed.hex() == (
        "01" + "61" * 32 + "62" * 32 + "0b000000" + "37010000" + "03000000" + "73110100" + "0002" + "6e3abd55"
    )


@given(facts, st.data())
def test_no_changed_byte_goes_unnoticed(some: list[Fact], data: st.DataObject) -> None:
    packed = bytearray(chunks_of(some).pack())
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match="packed chunks"):
        Chunks.unpack(bytes(packed))


@given(facts, st.data())
def test_nothing_that_is_cut_short_unpacks(some: list[Fact], data: st.DataObject) -> None:
    packed = chunks_of(some).pack()
    with pytest.raises(ValueError, match="packed chunks"):
        Chunks.unpack(packed[: data.draw(st.integers(0, len(packed) - 1))])


@given(st.binary(max_size=400))
def test_garbage_does_not_unpack(garbage: bytes) -> None:
    with pytest.raises(ValueError, match="packed chunks"):
        Chunks.unpack(garbage)
