"""A shard is read whole or refused in words, and what it claims costs nothing until its bytes are there."""

from __future__ import annotations

import hashlib
import struct
import tracemalloc
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoco.core.errors import Invalid, TooLarge
from zoco.core.ids import Sha256
from zoco.formats.xet.hashes import XetHash, to_raw, to_wire
from zoco.formats.xet.shard import (
    SHARD_SIZE_MAX,
    Shard,
    ShardFile,
    ShardXorb,
    Term,
    parse_shard,
    write_shard,
)

TAG = bytes.fromhex("48465265706f4d6574614461746100556967456a7b815783a5bdd95ccdd14aa9")
END = b"\xff" * 32 + bytes(16)
WITH_RANGES, WITH_SHA256 = 1 << 31, 1 << 30

raw_hash = st.binary(min_size=32, max_size=32).filter(lambda raw: raw != b"\xff" * 32)
name = raw_hash.map(to_wire)
word = st.integers(0, 2**32 - 1)


@st.composite
def terms(draw: st.DrawFn) -> Term:
    start = draw(st.integers(0, 9000))
    return Term(draw(name), start, start + draw(st.integers(1, 9000)), draw(word))


@st.composite
def files(draw: st.DrawFn) -> ShardFile:
    some = draw(st.lists(terms(), max_size=4))
    ranges = tuple(draw(raw_hash) for _ in some)
    return ShardFile(draw(name), tuple(some), ranges, draw(st.none() | name.map(Sha256)))


@st.composite
def xorbs(draw: st.DrawFn) -> ShardXorb:
    sizes = draw(st.lists(st.integers(1, 131_072), max_size=5))
    hashes = b"".join(draw(raw_hash) for _ in sizes)
    numbers = tuple(n for n in range(len(sizes)) if draw(st.booleans()))
    return ShardXorb(draw(name), hashes, array("I", sizes), draw(word), numbers)


shards = st.builds(Shard, st.lists(files(), max_size=4).map(tuple), st.lists(xorbs(), max_size=3).map(tuple))


def header(footer_size: int = 0, tag: bytes = TAG, version: int = 2) -> bytes:
    return tag + struct.pack("<QQ", version, footer_size)


def a_file(flags: int = WITH_RANGES, count: int = 1, raw: bytes = b"f" * 32) -> bytes:
    return raw + struct.pack("<IIQ", flags, count, 0)


def a_term(start: int = 0, end: int = 3, raw_size: int = 1000) -> bytes:
    return b"x" * 32 + struct.pack("<4I", 0, raw_size, start, end)


def a_xorb(count: int = 1) -> bytes:
    return b"x" * 32 + struct.pack("<4I", 0, count, 1000, 900)


def footer(counts: tuple[int, int, int] = (0, 0, 0), version: int = 1) -> bytes:
    """As in `shard_format.rs`; JavaScript leaves the lookups out."""
    files, xorbs, chunks = counts
    return struct.pack("<9Q32s2Q48x4Q", version, 48, 96, 0, files, 0, xorbs, 0, chunks, bytes(32), 1, 0, 0, 0, 0, 144)


RANGE = b"r" * 32 + bytes(16)
EMPTY = END + END
ONE = a_file() + a_term() + RANGE + END + a_xorb() + b"c" * 32 + struct.pack("<4I", 0, 1000, 0, 0) + END


@given(shards)
def test_written_and_read_a_shard_is_the_same(shard: Shard) -> None:
    body = write_shard(shard)
    assert parse_shard(body) == shard
    assert parse_shard(body + footer()) == shard
    tables = bytes(12 * len(shard.files) + 12 * len(shard.xorbs) + 16 * 2)
    assert parse_shard(body + tables + footer((len(shard.files), len(shard.xorbs), 2))) == shard


@pytest.mark.parametrize("footer_size", [0, 200])
@pytest.mark.parametrize("tail", [b"", footer()])
def test_the_footer_may_be_there_or_not_whatever_the_header_says(footer_size: int, tail: bytes) -> None:
    (file,) = parse_shard(header(footer_size) + ONE + tail).files
    assert file.terms == (Term(to_wire(b"x" * 32), 0, 3, 1000),)
    assert file.range_hashes == (b"r" * 32,)
    assert file.sha256 is None


def test_the_sha256_is_that_of_the_file() -> None:
    """The field holds it in the order of Xet's hashes: each eight bytes turned around."""
    digest = hashlib.sha256(b"some file").digest()
    field = b"".join(digest[at : at + 8][::-1] for at in range(0, 32, 8))
    body = header() + a_file(WITH_RANGES | WITH_SHA256) + a_term() + RANGE + field + bytes(16) + EMPTY
    (file,) = parse_shard(body).files
    assert file.sha256 == hashlib.sha256(b"some file").hexdigest()
    assert to_raw(XetHash(file.sha256)) == field


def test_chunks_that_are_for_others_to_find_are_numbered() -> None:
    chunk = [b"c" * 32 + struct.pack("<4I", 0, 10, flags, 0) for flags in (0, 1 << 31, 1, (1 << 31) | 1)]
    (xorb,) = parse_shard(header() + END + a_xorb(4) + b"".join(chunk) + END).xorbs
    assert xorb.global_chunks == (1, 3)
    assert xorb.raw_sizes.tolist() == [10] * 4


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "ends after 0 bytes"),
    "half a header": (header()[:40], "ends after 40 bytes"),
    "tag": (header(tag=b"MerkleDB Shard\0" + TAG[15:]) + EMPTY, "does not begin as one"),
    "version": (header(version=3) + EMPTY, "version 3"),
    "footer size": (header(192) + EMPTY, "a footer of 192 bytes"),
    "no end of files": (header() + a_file() + a_term() + RANGE, "ends after 192 bytes"),
    "no end of xorbs": (header() + END, "ends after 96 bytes"),
    "no range hashes": (header() + a_file(flags=0) + a_term() + EMPTY, "file 0 comes without verification hashes"),
    "flags": (header() + a_file(WITH_RANGES | 1) + a_term() + RANGE + EMPTY, "file 0 has flags that are not known"),
    "no chunks": (header() + a_file() + a_term(3, 3) + RANGE + EMPTY, r"term 0 of file 66.* has no chunks \(\[3, 3\)"),
    "backwards": (header() + a_file() + a_term(3, 2) + RANGE + EMPTY, "has no chunks"),
    "trailing": (header() + EMPTY + b"x", "1 bytes follow its end"),
    "trailing record": (header() + EMPTY + END, "48 bytes follow its end"),
    "footer version": (header() + EMPTY + footer(version=2), "200 bytes follow its end that are no footer"),
    "between": (header() + EMPTY + b"x" + footer(), "201 bytes follow its end that are no footer"),
    "lookups": (header() + EMPTY + bytes(12) + footer((2, 0, 0)), "212 bytes follow"),
    "after the footer": (header() + EMPTY + footer() + b"x", "201 bytes follow"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_shard_is_refused_in_words(bad: str) -> None:
    body, why = BAD[bad]
    with pytest.raises(Invalid, match=f"not a shard that can be read: .*{why}.*Upload the files again"):
        parse_shard(body)


@pytest.mark.parametrize("bad", ["terms", "chunks"])
def test_a_claim_of_millions_in_a_tiny_body_costs_nothing(bad: str) -> None:
    count = 2**32 - 1
    body = header() + (a_file(count=count) if bad == "terms" else END + a_xorb(count)) + EMPTY
    tracemalloc.start()
    try:
        with pytest.raises(Invalid, match="records should follow"):
            parse_shard(body, terms_max=2**33)
        assert tracemalloc.get_traced_memory()[1] < 20_000
    finally:
        tracemalloc.stop()


def test_more_files_or_terms_than_may_be_are_refused() -> None:
    body = write_shard(Shard((ShardFile(XetHash("0" * 64), (), (), None),) * 3, ()))
    assert len(parse_shard(body, files_max=3).files) == 3
    with pytest.raises(TooLarge, match="more than 2 files"):
        parse_shard(body, files_max=2)
    body = header() + (a_file(count=2) + a_term() * 2 + RANGE * 2) * 2 + EMPTY
    assert len(parse_shard(body, terms_max=4).files) == 2
    with pytest.raises(TooLarge, match="more than 3 terms"):
        parse_shard(body, terms_max=3)
    with pytest.raises(TooLarge, match="more than 1000000 terms"):
        parse_shard(header() + a_file(count=1_000_001) + EMPTY)


def test_a_shard_larger_than_clients_make_is_refused() -> None:
    with pytest.raises(TooLarge, match="larger than 80 MiB"):
        parse_shard(bytes(SHARD_SIZE_MAX + 1))


@given(shards, st.data())
def test_a_shard_that_is_cut_short_is_refused(shard: Shard, data: st.DataObject) -> None:
    body = write_shard(shard)
    with pytest.raises(Invalid):
        parse_shard(body[: data.draw(st.integers(0, len(body) - 1))])


@settings(max_examples=300)
@given(shards, st.booleans(), st.data())
def test_a_damaged_shard_is_refused_or_reads_as_something(shard: Shard, footed: bool, data: st.DataObject) -> None:
    body = bytearray(write_shard(shard) + (footer() if footed else b""))
    for _ in range(data.draw(st.integers(1, 4))):
        if data.draw(st.booleans()):
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
        else:
            at = data.draw(st.integers(0, len(body)))
            body[at : at + data.draw(st.sampled_from([0, 1, 48]))] = data.draw(st.sampled_from([b"", b"x", END]))
    try:
        read = parse_shard(bytes(body))
    except (Invalid, TooLarge):
        return
    for file in read.files:
        assert len(file.range_hashes) == len(file.terms) or not file.terms
        assert all(term.start < term.end for term in file.terms)
    for xorb in read.xorbs:
        assert len(xorb.chunk_hashes) == 32 * len(xorb.raw_sizes)
    assert parse_shard(write_shard(read)) == read


@given(st.binary(max_size=500))
def test_garbage_after_the_header_is_refused_or_reads_as_something(garbage: bytes) -> None:
    try:
        parse_shard(header() + garbage)
    except Invalid as refused:
        assert refused.message.endswith("Upload the files again.")
