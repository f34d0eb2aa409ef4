"""The real client's bytes: what hf-xet uploads is read, proven and put together again; what we answer it believes."""

from __future__ import annotations

import hashlib
import random
import struct
import time
from dataclasses import dataclass
from pathlib import Path

import hf_xet
import pytest
from tests.unit.formats.xet.recording_cas import Recorded, recording_cas

from zoco.core.ids import Sha256
from zoco.formats.xet.hashes import (
    MerkleTree,
    XetHash,
    chunk_hash,
    file_hash,
    is_global,
    is_xet_hash,
    range_hash,
    to_raw,
    to_wire,
)
from zoco.formats.xet.shard import Shard, ShardFile, dedup_answer, parse_shard, write_shard
from zoco.formats.xet.xorb import Chunks, Scheme, StoredDecoder, XorbParser

pytestmark = pytest.mark.client

CHANCE = random.Random(3)
FILES = {
    "random": CHANCE.randbytes(70 << 20),  # more than a xorb
    "float32": struct.pack("<400000f", *(CHANCE.gauss(0, 0.02) for _ in range(400_000))),
    "text": b"".join(b"%d is a number\n" % n for n in range(100_000)),
    "zeros": bytes(1_000_003),
    "one": b"x",
    "small": CHANCE.randbytes(8191),
    "least": CHANCE.randbytes(8192),
    "odd": CHANCE.randbytes(131_075),
}


@dataclass(frozen=True)
class Known:
    """What a server knows of an upload."""

    sent: Recorded
    stored: dict[XetHash, bytes]
    chunks: dict[XetHash, Chunks]
    shards: list[Shard]

    @property
    def files(self) -> list[ShardFile]:
        return [file for shard in self.shards for file in shard.files]


def know(sent: Recorded, step: int = 65_536) -> Known:
    stored, chunks = {}, {}
    for name, body in sent.xorbs.items():
        parser = XorbParser()
        kept = b"".join(parser.feed(body[at : at + step]) for at in range(0, len(body), step))
        computed, facts = parser.finish()
        assert computed == name
        stored[computed], chunks[computed] = kept, facts
    return Known(sent, stored, chunks, [parse_shard(body) for body in sent.shards])


def content(known: Known, file: ShardFile) -> bytes:
    """The file from its terms, each read from where its chunks are stored."""
    parts: list[bytes] = []
    for term in file.terms:
        start, end = known.chunks[term.xorb].stored_range(term.start, term.end)
        decoder = StoredDecoder()
        raw = b"".join(decoder.feed(known.stored[term.xorb][start:end]))
        decoder.finish()
        assert len(raw) == term.raw_size
        parts.append(raw)
    return b"".join(parts)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def known(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Known:
    with recording_cas() as cas:
        return know(cas.upload([folder / name for name in FILES], tmp_path_factory.mktemp("cache")))


def test_every_file_comes_back_from_its_chunks(known: Known) -> None:
    by_sha256 = {hashlib.sha256(data).hexdigest(): data for data in FILES.values()}
    assert {file.sha256: content(known, file) for file in known.files} == by_sha256


def test_the_file_hashes_are_those_of_hf_xet(known: Known, folder: Path) -> None:
    computed = {}
    for file in known.files:
        tree = MerkleTree()
        for term in file.terms:
            chunks = known.chunks[term.xorb]
            tree.add(chunks.hashes_of(term.start, term.end), chunks.raw_sizes_of(term.start, term.end))
        computed[sum(term.raw_size for term in file.terms)] = to_wire(tree.file_hash())
        assert to_wire(tree.file_hash()) == file.hash
    told = hf_xet.hash_files([str(folder / name) for name in FILES])
    assert computed == {info.file_size: info.hash for info in told}
    assert sorted(known.sent.file_hashes) == sorted(computed.values())


def test_the_range_hashes_prove_the_chunks(known: Known) -> None:
    for file in known.files:
        proofs = [range_hash(known.chunks[term.xorb].hashes_of(term.start, term.end)) for term in file.terms]
        assert list(file.range_hashes) == proofs


def test_the_client_compresses_in_every_way_that_is_known(known: Known) -> None:
    assert {scheme for chunks in known.chunks.values() for scheme in chunks.schemes} == set(Scheme)
    assert len(known.chunks) > 1


def test_a_shard_is_written_as_the_client_writes_it(known: Known) -> None:
    assert [write_shard(shard) for shard in known.shards] == known.sent.shards


def test_the_shard_tells_the_chunks_that_are_in_the_xorbs(known: Known) -> None:
    told = {xorb.hash: (xorb.chunk_hashes, xorb.raw_sizes.tolist()) for shard in known.shards for xorb in shard.xorbs}
    assert told == {name: (chunks.hashes, chunks.raw_sizes_of(0, len(chunks))) for name, chunks in known.chunks.items()}


@pytest.mark.parametrize("step", [1009, 131_071, 64 << 20])
def test_its_xorbs_read_the_same_in_pieces_of_any_size(known: Known, step: int) -> None:
    assert know(known.sent, step).chunks == known.chunks


def test_an_empty_file_has_no_terms_and_zeros_for_hashes(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with recording_cas() as cas:
        sent = cas.upload([tmp_path / "empty"], tmp_path / "cache")
    zeros = "0" * 64
    assert know(sent).files == [ShardFile(XetHash(zeros), (), (), Sha256(zeros))]
    assert sent.file_hashes == [to_wire(file_hash([]))] == [zeros]


def answering(known: Known, expires_s: int) -> bytes:
    return dedup_answer(list(known.chunks.items()), b"k" * 32, int(time.time()), expires_s)


def test_on_a_new_machine_the_client_uses_what_we_answer(known: Known, folder: Path, tmp_path: Path) -> None:
    """It asks for the first chunk of a file, imports our answer, and sends only the file's description."""
    with recording_cas() as cas:
        cas.dedup = lambda _: answering(known, int(time.time()) + 3600)
        sent = cas.upload([folder / "random"], tmp_path / "cache")
    assert not sent.xorbs
    assert all(map(is_xet_hash, sent.asked))
    assert sent.asked[0] == to_wire(chunk_hash(FILES["random"][: first_chunk_size(known)]))
    again = Known(sent, known.stored, known.chunks, [parse_shard(body) for body in sent.shards])
    assert [content(again, file) for file in again.files] == [FILES["random"]]


def first_chunk_size(known: Known) -> int:
    (file,) = (file for file in known.files if sum(term.raw_size for term in file.terms) == len(FILES["random"]))
    return known.chunks[file.terms[0].xorb].raw_size_of(file.terms[0].start)


@pytest.mark.parametrize(("lives_s", "sends_again"), [(3600, False), (-60, True)])
def test_the_next_session_uses_an_answer_until_it_expires(
    known: Known, folder: Path, tmp_path: Path, lives_s: int, sends_again: bool
) -> None:
    """The session that asked uses it whatever it says."""
    with recording_cas() as cas:
        cas.dedup = lambda _: answering(known, int(time.time()) + lives_s)
        assert not cas.upload([folder / "odd"], tmp_path / "cache").xorbs
        cas.dedup = lambda _: None
        assert bool(cas.upload([folder / "text"], tmp_path / "cache").xorbs) is sends_again


def test_the_chunks_that_others_may_ask_for_are_those_the_client_asks_for(known: Known) -> None:
    """The first of each file, and those that `is_global` tells."""
    firsts = {known.chunks[file.terms[0].xorb].hash_at(file.terms[0].start) for file in known.files}
    asked = {to_raw(XetHash(name)) for name in known.sent.asked}
    assert firsts <= asked
    assert all(is_global(raw) for raw in asked - firsts)
