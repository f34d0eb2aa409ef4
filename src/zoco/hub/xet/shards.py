"""Is a shard true? Every file it names is made of xorbs that are here, and is what it says it is.

Chunk hashes and lengths come only from what was verified when the xorbs came, never from the shard. That the client
has the chunks it counts on is shown by the verification hash over each term, so a term may name any xorb of the Hub:
clients remember what they uploaded to other repositories. The SHA-256 is proven by putting the file together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Write
from zoco.core.errors import Invalid
from zoco.core.ids import Sha256
from zoco.formats.xet.hashes import NULL_HASH, MerkleTree, XetHash, range_hash, to_wire
from zoco.formats.xet.shard import Shard, ShardFile, Term, pack_terms
from zoco.formats.xet.xorb import Chunks
from zoco.hub.xet import store
from zoco.hub.xet.reassembly import read_file
from zoco.hub.xet.store import XetFile
from zoco.hub.xet.xorbs import Xet, XorbCollected

Progress = Callable[[int], None]
"""Told how many more bytes were put together."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """`first_chunk` is the (chunk, xorb) that a client asks for before it uploads such a file."""

    file: XetFile
    xorbs: tuple[XetHash, ...]
    first_chunk: tuple[XetHash, XetHash]


def check(xet: Xet, shard: Shard) -> list[CheckedFile]:
    """All that can be checked without reading a file's bytes. Raises Invalid naming the file and what is wrong.

    Empty files are left out: hf-xet names them by zeros, and they are committed without Xet.
    """
    return [_checked(xet, file) for file in shard.files if not _is_empty(file)]


def prove(xet: Xet, files: Sequence[CheckedFile], progress: Progress) -> None:
    """That each file has the SHA-256 it claims. Raises Invalid.

    A file hash names its bytes, so what was proven for it once holds for ever.
    """
    with xet.db.read() as read:
        known = store.sha256_of_files(read, [one.file.hash for one in files])
    for one in files:
        proven = known.get(one.file.hash) or _sha256(xet, one.file, progress)
        if proven != one.file.sha256:
            raise Invalid(
                f"The file {one.file.hash} has SHA-256 {proven}, not {one.file.sha256}: it changed while it was being"
                " uploaded. Upload it again."
            )


def insert(write: Write, files: Sequence[CheckedFile]) -> None:
    """Raises XorbCollected when one of the xorbs went between the check and now; then nothing must be committed."""
    now = now_ms()
    wanted = sorted(set(chain.from_iterable(one.xorbs for one in files)))
    if len(store.hold_xorbs(write, wanted, now)) != len(wanted):
        raise XorbCollected
    for one in sorted(files, key=lambda one: one.file.hash):
        store.insert_file(write, one.file, one.xorbs, now)
    store.insert_askable(write, [one.first_chunk for one in files])


def _is_empty(file: ShardFile) -> bool:
    return not file.terms and file.hash == to_wire(NULL_HASH)


def _checked(xet: Xet, file: ShardFile) -> CheckedFile:
    if file.sha256 is None:
        raise Invalid(f"The shard gives no SHA-256 for the file {file.hash}: a commit names its files by it.")
    if not file.terms:
        raise Invalid(f"The file {file.hash} has no terms.")
    if len(file.range_hashes) != len(file.terms):
        raise Invalid(f"The file {file.hash} needs a verification hash for each of its {len(file.terms)} terms.")
    for number, (term, claimed) in enumerate(zip(file.terms, file.range_hashes, strict=True)):
        _check_term(xet, file, number, term, claimed)
    if (found := _file_hash(xet, file.terms)) != file.hash:
        raise Invalid(f"The terms make the file {found}, not {file.hash}.")
    first = file.terms[0]
    chunk = to_wire(_chunks(xet, first).hash_at(first.start))
    size = sum(term.raw_size for term in file.terms)
    return CheckedFile(
        XetFile(file.hash, Sha256(file.sha256), size, pack_terms(file.terms)),
        tuple(sorted({term.xorb for term in file.terms})),
        (chunk, first.xorb),
    )


def _check_term(xet: Xet, file: ShardFile, number: int, term: Term, claimed: bytes) -> None:
    where = f"Term {number} of the file {file.hash}"
    chunks = _chunks(xet, term)
    if not 0 <= term.start < term.end <= len(chunks):
        raise Invalid(f"{where} wants chunks {term.start} to {term.end} of xorb {term.xorb}, which has {len(chunks)}.")
    start, end = chunks.raw_range(term.start, term.end)
    if end - start != term.raw_size:
        raise Invalid(f"{where} says it has {term.raw_size} bytes; its chunks have {end - start}.")
    if range_hash(chunks.hashes_of(term.start, term.end)) != claimed:
        raise Invalid(f"{where} has a wrong verification hash: its chunks are not those of the xorb.")


def _file_hash(xet: Xet, terms: Sequence[Term]) -> XetHash:
    tree = MerkleTree()
    for term in terms:
        chunks = _chunks(xet, term)
        tree.add(chunks.hashes_of(term.start, term.end), chunks.raw_sizes_of(term.start, term.end))
    return to_wire(tree.file_hash())


def _chunks(xet: Xet, term: Term) -> Chunks:
    found = xet.xorb(term.xorb)
    if found is None:
        raise Invalid(
            f"unknown xorb {term.xorb}: it was never uploaded here, or was collected. Upload the file again; if this"
            " comes again, remove the client's cache of this Hub (~/.cache/huggingface/xet)."
        )
    return found.chunks


def _sha256(xet: Xet, file: XetFile, progress: Progress) -> str:
    digest = hashlib.sha256()
    for piece in read_file(xet, file, 0, file.size):
        digest.update(piece)
        progress(len(piece))
    return digest.hexdigest()
