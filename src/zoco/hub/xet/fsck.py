"""Is each xorb the bytes of its name, and does each Xet file come out as the file it should be?

Rows that go while they are looked at are not damaged: collection runs beside.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from zoco.adapters.blobs import port
from zoco.adapters.blobs.port import BlobNotFound
from zoco.adapters.db.engine import Database, Read, Write
from zoco.core.damage import UPLOAD_AGAIN, Damage, restore
from zoco.core.errors import Invalid, TooLarge, Unavailable
from zoco.formats.xet.hashes import MerkleTree, XetHash, to_wire
from zoco.formats.xet.shard import unpack_terms
from zoco.formats.xet.xorb import Chunks, XorbParser
from zoco.hub.xet import fsck_store
from zoco.hub.xet.fsck_store import FileRow, XorbRow
from zoco.hub.xet.instance import bump_generation
from zoco.hub.xet.reassembly import read_file
from zoco.hub.xet.store import XetFile
from zoco.hub.xet.xorbs import Xet

AT_ONCE = 500
KNOWN_MAX = 256
"""Xorbs whose chunks are remembered while one file is checked: about 40 kB each."""
XORB, FILE = "xorb", "xet file"


def all_xorbs(db: Database) -> Iterator[XetHash]:
    return _all(db, fsck_store.xorb_hashes)


def all_files(db: Database) -> Iterator[XetHash]:
    return _all(db, fsck_store.file_hashes)


def xorbs_of(db: Database, files: Sequence[XetHash]) -> list[XetHash]:
    found: set[XetHash] = set()
    for at in range(0, len(files), AT_ONCE):
        with db.read() as read:
            found |= fsck_store.xorbs_used(read, files[at : at + AT_ONCE])
    return sorted(found)


def check_xorbs(xet: Xet, hashes: Iterable[XetHash], tally: Counter[str], *, fast: bool) -> Iterator[Damage]:
    for hash in hashes:
        tally["xorbs"] += 1
        with xet.db.read() as read:
            row = fsck_store.xorb(read, hash)
        if row is None or not (problem := _problem_with_xorb(xet, row, fast=fast)):
            continue
        with xet.db.read() as read:
            again = fsck_store.xorb(read, hash)
        if again is not None and again.key == row.key:
            yield Damage(XORB, hash, problem, f"{restore(row.key)}, {UPLOAD_AGAIN}")


def check_files(
    xet: Xet, hashes: Iterable[XetHash], bad_xorbs: Collection[str], tally: Counter[str], *, fast: bool
) -> Iterator[Damage]:
    """A file that uses a damaged xorb is damaged, without another look."""
    for hash in hashes:
        tally["Xet files"] += 1
        with xet.db.read() as read:
            row = fsck_store.file(read, hash)
        if row is None or not (problem := _problem_with_file(xet, row, bad_xorbs, fast=fast)):
            continue
        with xet.db.read() as read:
            is_there = fsck_store.file(read, hash) is not None
        if is_there:
            yield Damage(FILE, hash, problem, f"restore the database from a backup, {UPLOAD_AGAIN}")


def hold(write: Write, files: Sequence[str], xorbs: Sequence[str]) -> list[str]:
    """The files, and those that use one of the xorbs: nobody else changes any of these until the transaction ends."""
    for some in _some(xorbs):
        fsck_store.hold_xorbs(write, some)
    using = {file for some in _some(xorbs) for file in fsck_store.files_using(write, some)}
    return [file for some in _some([*files, *using]) for file in fsck_store.hold_files(write, some)]


def forget(write: Write, files: Sequence[str], xorbs: Sequence[str]) -> list[str]:
    """What is held: nothing may name the files, and nothing but them may use the xorbs. The keys of the bytes."""
    for some in _some(files):
        fsck_store.forget_files(write, some)
    keys = [key for some in _some(xorbs) for key in fsck_store.forget_xorbs(write, some)]
    if files or xorbs:
        bump_generation(write)  # clients would go on counting on what they sent before
    return keys


def _some(hashes: Sequence[str]) -> Iterator[list[str]]:
    ordered = sorted(set(hashes))
    return (ordered[at : at + AT_ONCE] for at in range(0, len(ordered), AT_ONCE))


def _problem_with_xorb(xet: Xet, row: XorbRow, *, fast: bool) -> str:
    try:
        if (size := xet.blobs.size(row.key)) != row.size:
            return f"its bytes in the store, {row.key}, are {size}, not {row.size}"
        if fast:
            return ""
        parser = XorbParser()
        for piece in xet.blobs.read(row.key):
            if len(parser.feed(piece)) != len(piece):
                return f"its bytes, {row.key}, are followed by something else"
        hash, chunks = parser.finish()
    except BlobNotFound:
        return f"its bytes are not in the store: {row.key}"
    except Unavailable as error:
        port.demand(xet.blobs)
        return f"its bytes cannot be read: {error.message}"
    except (Invalid, TooLarge) as error:
        return f"its bytes, {row.key}, are damaged: {error.message.removesuffix(' Upload the file again.')}"
    if hash != row.hash:
        return f"its bytes, {row.key}, are those of xorb {hash}"
    return "" if chunks.pack() == row.chunks else "the database describes its chunks wrongly"


def _problem_with_file(xet: Xet, row: FileRow, bad_xorbs: Collection[str], *, fast: bool) -> str:
    try:
        problem = _problem_with_terms(xet, row, bad_xorbs)
    except (ValueError, IndexError):
        return "its terms in the database are damaged"
    return problem or ("" if fast else _problem_with_content(xet, row))


def _problem_with_terms(xet: Xet, row: FileRow, bad_xorbs: Collection[str]) -> str:
    """They say which chunks the file is made of; the chunks' hashes make its own."""
    tree, size, used = MerkleTree(), 0, set[str]()
    known: dict[str, Chunks] = {}
    for number, term in enumerate(unpack_terms(row.terms)):
        used.add(term.xorb)
        if term.xorb in bad_xorbs:
            return f"it needs xorb {term.xorb}, which is damaged"
        if (chunks := known.get(term.xorb)) is None:
            with xet.db.read() as read:
                found = fsck_store.xorb(read, term.xorb)
            if found is None:
                return f"it needs xorb {term.xorb}, which is not here"
            if len(known) >= KNOWN_MAX:
                known.clear()
            chunks = known[term.xorb] = Chunks.unpack(found.chunks)
        if not 0 <= term.start < term.end <= len(chunks):
            return f"its term {number} wants chunks that xorb {term.xorb} does not have"
        start, end = chunks.raw_range(term.start, term.end)
        if end - start != term.raw_size:
            return f"its term {number} is of another size than its chunks"
        tree.add(chunks.hashes_of(term.start, term.end), chunks.raw_sizes_of(term.start, term.end))
        size += term.raw_size
    if size != row.size:
        return f"its terms make {size} bytes, not {row.size}"
    if (hash := to_wire(tree.file_hash())) != row.hash:
        return f"its terms make the file {hash}"
    with xet.db.read() as read:
        noted = fsck_store.xorbs_used(read, [row.hash])
    return "" if noted == used else "the database does not know all xorbs it needs: they may be collected"


def _problem_with_content(xet: Xet, row: FileRow) -> str:
    digest = hashlib.sha256()
    try:
        for piece in read_file(xet, XetFile(*row), 0, row.size):
            digest.update(piece)
    except (BlobNotFound, Unavailable, ValueError) as error:
        port.demand(xet.blobs)
        return f"it cannot be put together: {getattr(error, 'message', error)}"
    return "" if digest.hexdigest() == row.sha256 else f"it comes out with SHA-256 {digest.hexdigest()}"


def _all(db: Database, some: Callable[[Read, str, int], list[XetHash]]) -> Iterator[XetHash]:
    after = ""
    while True:
        with db.read() as read:
            hashes = some(read, after, AT_ONCE)
        if not hashes:
            return
        yield from hashes
        after = hashes[-1]
