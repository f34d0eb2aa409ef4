"""A dedup answer can be searched as clients search it, by who has the chunks and by nobody else."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoco.formats.xet.hashes import XetHash, chunk_hash, keyed, to_raw
from zoco.formats.xet.shard import dedup_answer, parse_shard, read_dedup_answer
from zoco.formats.xet.xorb import Chunks, Scheme, XorbParser, encode_xorb

KEY = bytes(range(1, 33))

contents = st.lists(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6), max_size=5)


def xorb_of(chunks: list[bytes]) -> tuple[XetHash, Chunks]:
    parser = XorbParser()
    parser.feed(encode_xorb(chunks, Scheme.LZ4))
    return parser.finish()


def search(answer: bytes, hash_: bytes) -> set[tuple[XetHash, int]]:
    """By the footer and the lookups (`chunk_hash_dedup_query`), which want the table sorted."""
    footer = struct.unpack("<9Q32s2Q48x4Q", answer[-200:])
    wanted, found = keyed(hash_, footer[9]), set()
    table = list(struct.iter_unpack("<Q2I", answer[footer[7] : footer[7] + 16 * footer[8]]))
    assert table == sorted(table, key=lambda entry: entry[0])
    for first8, record, number in table:
        if first8 == int.from_bytes(wanted[:8], "little"):
            at = footer[2] + 48 * record
            xorb, entry = answer[at : at + 32], at + 48 * (1 + number)
            if answer[entry : entry + 32] == wanted:
                found.add((XetHash("".join(xorb[i : i + 8][::-1].hex() for i in range(0, 32, 8))), number))
    return found


@given(contents)
def test_every_chunk_is_found_where_it_is(some: list[list[bytes]]) -> None:
    xorbs = [xorb_of(chunks) for chunks in some]
    answer = dedup_answer(xorbs, KEY, 1000, 2000)
    read = read_dedup_answer(answer)
    assert (read.key, read.created_s, read.expires_s) == (KEY, 1000, 2000)
    for one in {chunk for chunks in some for chunk in chunks}:
        places = {
            (name, number)
            for (name, _), chunks in zip(xorbs, some, strict=True)
            for number, other in enumerate(chunks)
            if other == one and len(chunks) > 1
        }
        assert search(answer, chunk_hash(one)) == set(read.find(chunk_hash(one))) == places
    assert not search(answer, chunk_hash(b"something else"))


@given(contents)
def test_it_is_a_shard_whose_numbers_are_right(some: list[list[bytes]]) -> None:
    xorbs = dict(map(xorb_of, (chunks for chunks in some if len(chunks) > 1)))
    answer = dedup_answer(list(xorbs.items()), KEY, 1000, 2000)
    shard = parse_shard(answer)
    assert not shard.files
    for (name, chunks), read in zip(xorbs.items(), shard.xorbs, strict=True):
        assert (read.hash, read.stored_size) == (name, chunks.stored_size)
        assert read.raw_sizes.tolist() == chunks.raw_sizes_of(0, len(chunks))
        assert not read.global_chunks
    footer = struct.unpack("<9Q32s2Q48x4Q", answer[-200:])
    assert footer[:3] == (1, 48, 96)
    assert footer[12:] == (
        sum(chunks.stored_size for chunks in xorbs.values()),
        0,
        sum(chunks.raw_size for chunks in xorbs.values()),
        len(answer) - 200,
    )
    table = struct.iter_unpack("<QI", answer[footer[5] : footer[5] + 12 * footer[6]])
    records = {first8: answer[96 + 48 * record : 128 + 48 * record] for first8, record in table}
    assert records == {int.from_bytes(to_raw(name)[:8], "little"): to_raw(name) for name in xorbs}


def test_who_has_no_chunk_learns_no_hash() -> None:
    secret = chunk_hash(b"a secret")
    answers = [dedup_answer([xorb_of([b"a secret", b"more"])], key, 1000, 2000) for key in (KEY, KEY[::-1])]
    assert all(secret not in answer for answer in answers)
    first, second = (read_dedup_answer(answer).xorbs for answer in answers)
    assert first != second


def test_a_xorb_that_is_called_like_its_only_chunk_is_not_told() -> None:
    """Its name would be the chunk's hash in clear, and so the proof that one has it."""
    alone = xorb_of([b"a secret"])
    assert to_raw(alone[0]) == chunk_hash(b"a secret")
    answer = dedup_answer([alone, xorb_of([b"one", b"two"])], KEY, 1000, 2000)
    assert len(read_dedup_answer(answer).xorbs) == 1
    assert chunk_hash(b"a secret") not in answer


@given(contents, st.data())
def test_a_damaged_answer_is_an_error_or_reads_as_something(some: list[list[bytes]], data: st.DataObject) -> None:
    answer = bytearray(dedup_answer([xorb_of(chunks) for chunks in some], KEY, 1000, 2000))
    if data.draw(st.booleans()):
        del answer[data.draw(st.integers(0, len(answer) - 1)) :]
    else:
        answer[data.draw(st.integers(0, len(answer) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_dedup_answer(bytes(answer))
    except ValueError:
        return


def test_what_is_no_answer_is_an_error() -> None:
    for garbage in (b"", bytes(300), dedup_answer([], KEY, 1, 2)[:-1]):
        with pytest.raises(ValueError, match="dedup answer"):
            read_dedup_answer(garbage)
