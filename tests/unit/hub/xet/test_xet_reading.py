"""Any bytes of any file come back as they were, put together by us or by a client."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from tests.small_hub import SmallHub
from tests.unit.hub.xet.sending import found, register
from tests.xet_files import MadeFile, Packed, Span, made_of, noise, pack

from zoco.adapters.db.tables import xet_file_xorb, xet_xorb
from zoco.core.errors import BadRange, Unavailable
from zoco.formats.xet.xorb import Scheme, StoredDecoder
from zoco.hub.xet import reassembly
from zoco.hub.xet.reassembly import read_file
from zoco.hub.xet.reconstruction import reconstruct
from zoco.hub.xet.store import XetFile
from zoco.hub.xet.xorbs import LookedUp, Xet, fresh_key


def read(hub: SmallHub, file: XetFile, start: int, end: int) -> bytes:
    return b"".join(read_file(hub.storage.xet, file, start, end))


def as_a_client(hub: SmallHub, file: XetFile, start: int, end: int) -> bytes:
    """Read the ranges the answer names, each once, decode them, take the terms' chunks, cut."""
    answer = reconstruct(hub.storage.xet, file, start, end)
    chunks: dict[tuple[str, int], bytes] = {}
    for hash, (xorb, fetches) in answer.fetches.items():
        last = -1
        for fetch in fetches:
            assert fetch.start > last, "ranges that touch are one, and each is fetched once"
            last = fetch.end
            data = b"".join(hub.storage.blobs.read(xorb.key, fetch.byte_start, fetch.byte_end))
            raws = [bytes(raw) for raw in StoredDecoder().feed(data)]
            assert len(raws) == fetch.end - fetch.start
            chunks |= {(hash, fetch.start + at): raw for at, raw in enumerate(raws)}
    terms = [b"".join(chunks[term.xorb.hash, at] for at in range(term.start, term.end)) for term in answer.terms]
    assert all(term for term in terms)
    assert answer.offset < len(terms[0])
    return b"".join(terms)[answer.offset :][: end - start]


@pytest.fixture
def xorbs() -> list[Packed]:
    return [
        pack(noise(7, 1, 5, 3, seed="reading")),
        pack([b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", b"b"], Scheme.LZ4),
        pack([bytes(range(9)), b"x"], Scheme.BG4_LZ4),
    ]


@pytest.fixture
def winding(xorbs: list[Packed]) -> MadeFile:
    """Repeated, reversed and overlapping terms, single chunks, and a term twice in a row."""
    one, two, three = xorbs
    spans = [(one, 2, 4), (one, 0, 3), (three, 0, 2), (one, 1, 2), (one, 1, 2), (two, 1, 2), (one, 0, 4), (three, 1, 2)]
    return made_of(*(Span(*span) for span in spans))


def test_every_range_of_a_small_file(hub: SmallHub, winding: MadeFile) -> None:
    register(hub, hub.repo(hub.user("ana"), "ana/m"), winding)
    file, data = found(hub, winding), winding.data
    assert file.size == len(data) < 100
    for start in range(len(data)):
        for end in range(start + 1, len(data) + 1):
            assert read(hub, file, start, end) == data[start:end], (start, end)
            assert as_a_client(hub, file, start, end) == data[start:end], (start, end)


def test_pieces_are_gathered_whatever_their_size(
    hub: SmallHub, winding: MadeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(hub, hub.repo(hub.user("ana"), "ana/m"), winding)
    file = found(hub, winding)
    for size in (1, 4, 10, 1000):
        monkeypatch.setattr(reassembly, "PIECE_BYTES", size)
        pieces = list(read_file(hub.storage.xet, file, 0, file.size))
        assert b"".join(pieces) == winding.data
        assert all(pieces)


def test_beyond_the_end_there_is_nothing(hub: SmallHub, winding: MadeFile) -> None:
    register(hub, hub.repo(hub.user("ana"), "ana/m"), winding)
    file = found(hub, winding)
    for start, end in ((file.size, None), (file.size, file.size + 1), (10**15, None), (5, 5), (9, 3)):
        with pytest.raises(BadRange):
            reconstruct(hub.storage.xet, file, start, end)
    answer = reconstruct(hub.storage.xet, file, 3, 10**15)
    assert answer.terms == reconstruct(hub.storage.xet, file, 3, None).terms


@pytest.fixture(scope="module")
def raws() -> list[list[bytes]]:
    return [
        noise(*sizes, seed=str(sizes)) for sizes in ((5, 1, 9), (1,), (2, 2, 2, 2, 2, 2, 2, 2), (100, 1), (64, 3, 64))
    ]


spans = st.tuples(st.integers(0, 4), st.integers(0, 7), st.integers(1, 8))
places = st.tuples(st.floats(0, 1), st.floats(0, 1))


def test_any_file_in_any_range(hub: SmallHub, raws: list[list[bytes]]) -> None:
    repo = hub.repo(hub.user("ana"), "ana/m")

    @settings(max_examples=60, deadline=None)
    @given(st.lists(spans, min_size=1, max_size=12), st.lists(places, min_size=1, max_size=8), st.sampled_from(Scheme))
    def holds(chosen: list[tuple[int, int, int]], some: list[tuple[float, float]], scheme: Scheme) -> None:
        xorbs = [pack(one, scheme) for one in raws]
        made = []
        for number, start, count in chosen:
            size = len(xorbs[number].raws)
            made.append(Span(xorbs[number], start % size, min(start % size + count, size)))
        file = made_of(*made)
        register(hub, repo, file)
        row, size = found(hub, file), len(file.data)
        assert row.size == size
        for first, second in some:
            start, end = sorted((int(first * (size - 1)), int(second * (size - 1))))
            wanted = file.data[start : end + 1]
            assert read(hub, row, start, end + 1) == wanted
            assert as_a_client(hub, row, start, end + 1) == wanted

    holds()


def test_a_xorb_whose_row_or_bytes_are_gone_is_told(hub: SmallHub, winding: MadeFile, xorbs: list[Packed]) -> None:
    register(hub, hub.repo(hub.user("ana"), "ana/m"), winding)
    file, xet = found(hub, winding), hub.storage.xet
    row = xet.xorb(xorbs[0].hash)
    assert row
    hub.storage.blobs.delete(row.key)
    with pytest.raises(Unavailable, match=f"xorb {row.hash}.*zoco fsck"):
        read(hub, file, 0, file.size)
    with hub.db.write() as write:
        write.execute(delete(xet_file_xorb).where(xet_file_xorb.c.xorb_hash == row.hash))
        write.execute(delete(xet_xorb).where(xet_xorb.c.hash == row.hash))
    fresh = Xet(hub.db, hub.storage.blobs)
    with pytest.raises(Unavailable, match=f"xorb {row.hash}.*zoco fsck"):
        list(read_file(fresh, file, 0, file.size))
    with pytest.raises(Unavailable, match="zoco fsck"):
        reconstruct(fresh, file, 0, None)


def test_a_xorb_that_moved_since_it_was_looked_up_is_read_from_its_new_place(
    hub: SmallHub, winding: MadeFile, xorbs: list[Packed]
) -> None:
    """Collected, and sent again: each of several processes remembers the old key."""
    register(hub, hub.repo(hub.user("ana"), "ana/m"), winding)
    file, xet = found(hub, winding), hub.storage.xet
    assert read(hub, file, 0, file.size) == winding.data
    for xorb in xorbs:
        row = xet.xorb(xorb.hash)
        assert row
        again = fresh_key(xorb.hash)
        hub.storage.blobs.put_bytes(again, xorb.body)
        with hub.db.write() as write:
            write.execute(update(xet_xorb).where(xet_xorb.c.hash == xorb.hash).values(key=again))
        hub.storage.blobs.delete(row.key)
    assert read(hub, file, 0, file.size) == winding.data


def test_what_is_remembered_of_xorbs_is_bounded(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    from zoco.hub.xet import xorbs as module

    monkeypatch.setattr(module, "_LOOKED_UP_MAX", 3)
    some = [pack([bytes([number]) * 5]) for number in range(10)]
    register(hub, hub.repo(hub.user("ana"), "ana/m"), made_of(*(Span(one, 0, 1) for one in some)))
    xet = Xet(hub.db, hub.storage.blobs, LookedUp())
    for one in some:
        row = xet.xorb(one.hash)
        assert row and row.hash == one.hash
    assert sum(xet.looked_up.get(one.hash) is not None for one in some) == 3
