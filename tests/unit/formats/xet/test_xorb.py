"""A xorb is read in pieces of any size, and nothing but a whole and true one is accepted."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable

import lz4.frame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoco.core.errors import Invalid, TooLarge
from zoco.formats.xet.chunk import FOOTER_IDENT
from zoco.formats.xet.hashes import XetHash, chunk_hash, merkle_root, to_wire
from zoco.formats.xet.xorb import (
    CHUNK_RAW_MAX,
    CHUNKS_MAX,
    FOOTER_SIZE_MAX,
    XORB_STORED_MAX,
    Chunks,
    Scheme,
    StoredDecoder,
    XorbParser,
    decode,
    encode_xorb,
)


def weights(size: int, seed: int = 1) -> bytes:
    """Like float32 weights: the last byte of each four says little."""
    raw = bytearray(random.Random(seed).randbytes(size))
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


def chunk(payload: bytes, raw_size: int, scheme: int = 0, version: int = 0, payload_size: int | None = None) -> bytes:
    """A chunk that says what it is told to."""
    size = len(payload) if payload_size is None else payload_size
    return bytes((version, *size.to_bytes(3, "little"), scheme, *raw_size.to_bytes(3, "little"))) + payload


def frame(raw: bytes) -> bytes:
    packed: bytes = lz4.frame.compress(raw, store_size=False)
    return packed


def decodes(packed: bytes) -> bool:
    try:
        lz4.frame.decompress(packed)
    except RuntimeError:
        return False
    return True


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


raws = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=300), st.builds(lambda word, n: word * n, st.binary(min_size=1), st.just(50))
    ),
    min_size=1,
    max_size=8,
)


@given(raws, st.sampled_from(Scheme), st.lists(st.integers(1, 200), max_size=40))
def test_any_chunks_come_back(chunks: list[bytes], scheme: Scheme, cuts: list[int]) -> None:
    body = encode_xorb(chunks, scheme)
    parser, decoder, raw, at = XorbParser(), StoredDecoder(), list[bytes](), 0
    for cut in (*cuts, len(body)):
        assert parser.feed(body[at : at + cut]) == body[at : at + cut]
        raw += [bytes(one) for one in decoder.feed(body[at : at + cut])]
        at += cut
    name, facts = parser.finish()
    decoder.finish()
    assert raw == chunks
    assert name == to_wire(merkle_root((chunk_hash(one), len(one)) for one in chunks))
    for index, one in enumerate(chunks):
        start, end = facts.stored_range(index, index + 1)
        assert decode(facts.schemes[index], body[start + 8 : end], len(one)) == one
    middle = len(chunks) // 2
    start, end = facts.stored_range(middle, len(chunks))
    assert decoded(body[start:end]) == chunks[middle:]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 8, 4095])
def test_bytes_are_grouped_by_their_place_in_each_four(size: int) -> None:
    raw = bytes(n % 251 for n in range(size))
    grouped = b"".join(bytes(raw[n] for n in range(place, size, 4)) for place in range(4))
    assert decode(Scheme.BG4_LZ4, frame(grouped), size) == raw


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("checksums", [True, False])
@pytest.mark.parametrize("block", [lz4.frame.BLOCKSIZE_MAX64KB, lz4.frame.BLOCKSIZE_MAX4MB])
@pytest.mark.parametrize("level", [0, 9])
def test_a_frame_may_be_made_with_any_settings(linked: bool, checksums: bool, block: int, level: int) -> None:
    """hf-xet and the JavaScript client use different ones."""
    raw = weights(CHUNK_RAW_MAX)
    payload = lz4.frame.compress(
        raw,
        compression_level=level,
        block_size=block,
        block_linked=linked,
        content_checksum=checksums,
        block_checksum=checksums,
        store_size=checksums,
    )
    _, _, facts = parse(chunk(payload, len(raw), scheme=1))
    assert facts.hash_at(0) == chunk_hash(raw)


def test_a_frame_that_claims_another_size_is_refused() -> None:
    payload = bytearray(lz4.frame.compress(b"abc" * 100, store_size=True))
    assert int.from_bytes(payload[6:14], "little") == 300
    payload[6:14] = (2**40).to_bytes(8, "little")
    with pytest.raises(Invalid, match="cannot be decoded"):
        parse(chunk(bytes(payload), 300, scheme=1))


def test_an_uncompressed_chunk_is_not_copied() -> None:
    body = encode_xorb([b"x" * 500, b"y" * 700])
    (first, second) = StoredDecoder().feed(body)
    assert isinstance(first, memoryview)
    assert isinstance(second, memoryview)
    assert first.obj is second.obj is body


@pytest.mark.parametrize("step", [None, 1, 3, 50])
@pytest.mark.parametrize("rest", [b"", b"\1" * 40, b"\0" * 5000])
def test_a_footer_is_cut_off(rest: bytes, step: int | None) -> None:
    body = encode_xorb([b"word " * 30, weights(200)], Scheme.LZ4)
    stored, name, _ = parse(body + FOOTER_IDENT + rest, step)
    assert (stored, name) == (body, parse(body)[1])


@pytest.mark.parametrize("tail", [b"X", b"XETBLO", b"XETBLOX1234", b"XX"])
@pytest.mark.parametrize("step", [None, 1])
def test_what_only_begins_like_a_footer_is_damage(tail: bytes, step: int | None) -> None:
    with pytest.raises(Invalid, match="neither a chunk nor a footer"):
        parse(encode_xorb([b"a" * 60]) + tail, step)


BAD: dict[str, tuple[bytes, str]] = {
    "version": (chunk(b"abc", 3, version=1), "version 1"),
    "scheme": (chunk(b"abc", 3, scheme=3), "scheme 3"),
    "no bytes": (chunk(b"", 0), "hold 0 bytes"),
    "no payload": (chunk(b"", 3, scheme=1), "take 0 bytes"),
    "too long": (chunk(frame(bytes(131_073)), 131_073, scheme=1), "hold 131073 bytes"),
    "long payload": (chunk(b"", 131_072, scheme=1, payload_size=262_145), "take 262145 bytes"),
    "plain sizes": (chunk(b"abcd", 3), "3 bytes take 4"),
    "garbage": (chunk(b"abcdefgh", 100, scheme=1), "cannot be decoded"),
    "bomb": (chunk(frame(bytes(50_000_000)), 100, scheme=1), "more than the 100 bytes"),
    "one more": (chunk(frame(bytes(101)), 100, scheme=2), "more than the 100 bytes"),
    "one less": (chunk(frame(bytes(99)), 100, scheme=1), "ends after 99 of the 100"),
    "half a frame": (chunk(frame(weights(100))[:-30], 100, scheme=1), "ends after"),
    "no end mark": (chunk(frame(weights(100))[:-4], 100, scheme=1), "ends after 100 of the 100"),
    "two frames": (chunk(frame(b"abc") + frame(b"def"), 3, scheme=1), "something follows"),
    "skippable": (chunk(bytes.fromhex("502a4d1804000000") + b"abcd", 4, scheme=1), "ends after 0 of the 4"),
    "half a header": (b"\0\1\0", "ends in the middle"),
    "half a chunk": (chunk(b"abc", 4, payload_size=4), "ends in the middle"),
}
assert len(BAD["bomb"][0]) < 262_144, "the bomb must pass for a chunk by its size"


@pytest.mark.parametrize("step", [None, 1])
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_chunk_is_refused_and_named(bad: str, step: int | None) -> None:
    body, why = BAD[bad]
    if step == 1 and len(body) > 20_000:
        step = 1000
    good = encode_xorb([b"a" * 60, b"b" * 10])
    with pytest.raises(Invalid, match=f"damaged in chunk 2, at byte 86: .*{why}.*Upload the file again"):
        parse(good + body, step)


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_stored_chunk_is_an_error(bad: str) -> None:
    """Of ours, not of the caller: what is stored was checked."""
    body, why = BAD[bad]
    with pytest.raises(ValueError, match=why):
        decoded(encode_xorb([b"a" * 60]) + body)


def test_a_footer_among_stored_bytes_is_an_error() -> None:
    with pytest.raises(ValueError, match="no chunk begins"):
        decoded(encode_xorb([b"a" * 60]) + FOOTER_IDENT)


@pytest.mark.parametrize("scheme", [-1, 3, 255])
def test_a_scheme_that_is_not_known_does_not_decode(scheme: int) -> None:
    with pytest.raises(ValueError, match="not known"):
        decode(scheme, frame(b"abc"), 3)


@pytest.mark.parametrize("size", [0, CHUNK_RAW_MAX + 1])
def test_no_chunk_is_made_that_would_be_refused(size: int) -> None:
    with pytest.raises(ValueError, match="a chunk has 1 to"):
        encode_xorb([bytes(size)])


def test_an_empty_body_is_no_xorb() -> None:
    for body in (b"", FOOTER_IDENT):
        with pytest.raises(Invalid, match="no chunks"):
            parse(body)


def test_more_chunks_than_clients_make_are_refused() -> None:
    one = encode_xorb([b"x"])
    assert len(parse(one * CHUNKS_MAX)[2]) == CHUNKS_MAX
    with pytest.raises(TooLarge, match="more than 8192 chunks"):
        parse(one * (CHUNKS_MAX + 1))


def test_64_mib_of_incompressible_chunks_fit_and_one_more_does_not() -> None:
    one = encode_xorb([random.Random(1).randbytes(8192)])
    parser = XorbParser()
    for _ in range(CHUNKS_MAX):
        parser.feed(one)
    assert parser.finish()[1].stored_size == XORB_STORED_MAX
    large = encode_xorb([random.Random(1).randbytes(CHUNK_RAW_MAX)])
    parser = XorbParser()
    for _ in range(512):
        parser.feed(large)
    with pytest.raises(TooLarge, match="larger than 64 MiB"):
        parser.feed(large + FOOTER_IDENT)


def test_a_frame_that_only_some_decoders_read_is_refused() -> None:
    """Whoever sends a xorb first decides with which bytes it is stored: they must serve every client."""
    whole = frame(b"x" * 100)
    head = whole[:4] + bytes((whole[4] | 1, whole[5])) + b"\1\2\3\4"
    named = next(one for checksum in range(256) if decodes(one := head + bytes((checksum,)) + whole[7:]))
    for scheme in (Scheme.LZ4, Scheme.BG4_LZ4):
        with pytest.raises(Invalid, match="names a dictionary"):
            parse(chunk(named, 100, scheme))


def test_one_byte_more_than_64_mib_is_refused() -> None:
    """Though there would be room for it among what headers may take."""
    parser, large = XorbParser(), encode_xorb([random.Random(1).randbytes(CHUNK_RAW_MAX)])
    for _ in range(512):
        parser.feed(large)
    with pytest.raises(TooLarge, match="larger than 64 MiB"):
        parser.feed(encode_xorb([b"x"]))


def test_an_endless_footer_is_refused() -> None:
    parser = XorbParser()
    parser.feed(encode_xorb([b"x"]) + FOOTER_IDENT)
    with pytest.raises(TooLarge, match="footer is larger than 1 MiB"):
        for _ in range(FOOTER_SIZE_MAX // 65_536 + 1):
            parser.feed(bytes(65_536))


def peak_of(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_bomb_takes_no_memory() -> None:
    body = encode_xorb([b"a" * 60]) + BAD["bomb"][0]

    def explode() -> None:
        with pytest.raises(Invalid):
            parse(body)

    assert peak_of(explode) < 2_000_000


@pytest.mark.parametrize("scheme", Scheme)
def test_about_one_chunk_is_kept_however_much_is_fed(scheme: Scheme) -> None:
    one = encode_xorb([weights(100_000)], scheme)
    piece = (one * 2)[30_000:] + one[:30_000]  # chunks never begin with a piece

    def feed() -> None:
        parser, decoder = XorbParser(), StoredDecoder()
        parser.feed(one[:30_000])
        decoder.feed(one[:30_000])
        for _ in range(100):
            parser.feed(piece)
            decoder.feed(piece)

    assert peak_of(feed) < 1_500_000


@settings(max_examples=400)
@given(raws, st.sampled_from(Scheme), st.data())
def test_a_damaged_xorb_is_refused_or_has_another_name(
    chunks: list[bytes], scheme: Scheme, data: st.DataObject
) -> None:
    """Or the same one, where the damage says nothing: then it decodes to the same chunks."""
    body = bytearray(encode_xorb(chunks, scheme))
    for _ in range(data.draw(st.integers(1, 3))):
        match data.draw(st.sampled_from(["change", "drop", "insert"])):
            case "change" if body:
                body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
            case "drop" if body:
                at = data.draw(st.integers(0, len(body) - 1))
                del body[at : at + data.draw(st.integers(1, 30))]
            case _:
                at = data.draw(st.integers(0, len(body)))
                body[at:at] = data.draw(st.binary(min_size=1, max_size=30))
    try:
        stored, name, facts = parse(bytes(body), data.draw(st.sampled_from([None, 1, 13])))
    except (Invalid, TooLarge):
        return
    raw = decoded(stored)
    assert name == to_wire(merkle_root((chunk_hash(one), len(one)) for one in raw))
    assert facts.stored_size == len(stored)
    if name == to_wire(merkle_root((chunk_hash(one), len(one)) for one in chunks)):
        assert raw == chunks


@given(st.binary(max_size=300))
def test_garbage_is_refused_in_words(garbage: bytes) -> None:
    try:
        parse(garbage)
    except Invalid as refused:
        assert refused.message.endswith("Upload the file again.")
