"""A xorb is read in pieces of any size, and nothing but a whole and true one is accepted."""

from __future__ import annotations

import random

import pytest

from zoco.core.errors import Invalid, TooLarge
from zoco.formats.xet.hashes import XetHash, chunk_hash, merkle_root, to_wire
from zoco.formats.xet.xorb import (
    CHUNKS_MAX,
    Chunks,
    Scheme,
    StoredDecoder,
    XorbParser,
    encode_xorb,
)


def weights(size: int, seed: int = 1) -> bytes:
    """Like float32 weights: the last byte of each four says little."""
    chance = random.Random(seed)
    raw = bytearray(chance.randbytes(size))
    raw[3::4] = bytes([62] * len(raw[3::4]))
    return bytes(raw)


def parse(body: bytes, step: int | None = None) -> tuple[bytes, XetHash, Chunks]:
    parser = XorbParser()
    step = step or max(1, len(body))
    stored = b"".join(parser.feed(body[at : at + step]) for at in range(0, len(body), step))
    return (stored, *parser.finish())


def decoded(stored: bytes, step: int | None = None) -> list[bytes]:
    decoder = StoredDecoder()
    step = step or max(1, len(stored))
    raws = [bytes(raw) for at in range(0, len(stored), step) for raw in decoder.feed(stored[at : at + step])]
    decoder.finish()
    return raws


SOME = [weights(9000), b"a", b"ab", b"abc", bytes(5000), weights(131_072, 2), b"word " * 3001]


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize("step", [None, 1, 7, 8, 9, 64, 65_536])
def test_a_xorb_gives_the_same_whatever_pieces_it_comes_in(scheme: Scheme, step: int | None) -> None:
    chunks = SOME[:5] if step == 1 else SOME
    body = encode_xorb(chunks, scheme)
    stored, name, facts = parse(body, step)
    assert stored == body
    assert name == to_wire(merkle_root([(chunk_hash(raw), len(raw)) for raw in chunks]))
    assert [hash_ for hash_, _ in facts.leaves()] == [chunk_hash(raw) for raw in chunks]
    assert [facts.raw_size_of(i) for i in range(len(facts))] == [len(raw) for raw in chunks]
    assert (facts.stored_size, facts.raw_size) == (len(body), sum(map(len, chunks)))
    assert decoded(stored, step) == chunks


def test_more_chunks_than_clients_make_are_refused() -> None:
    one = encode_xorb([b"x"])
    parse(one * CHUNKS_MAX)
    with pytest.raises(TooLarge, match="more than 8192 chunks"):
        parse(one * (CHUNKS_MAX + 1))


def test_an_empty_body_is_no_xorb() -> None:
    with pytest.raises(Invalid, match="no chunks"):
        parse(b"")
