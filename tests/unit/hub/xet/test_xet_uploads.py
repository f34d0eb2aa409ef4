"""A xorb is stored once, however often and by however many it comes at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, select, update
from tests.small_hub import SmallHub
from tests.unit.hub.xet.sending import doomed, keys, scratch, send_xorb
from tests.xet_files import Packed, noise, pack

from zoco.adapters.clock import now_ms
from zoco.adapters.db.tables import xet_dedup, xet_xorb
from zoco.core.errors import Invalid, Unavailable
from zoco.formats.xet.hashes import chunk_hash, is_global, to_wire
from zoco.hub.xet.xorbs import XorbCollected, XorbUpload

THREADS = 6


@pytest.fixture
def xorb() -> Packed:
    return pack(noise(3000, 2000, 1000, seed="uploads"))


def stored(hub: SmallHub, xorb: Packed) -> bytes:
    hub.storage.xet.looked_up.forget(xorb.hash)
    row = hub.storage.xet.xorb(xorb.hash)
    assert row
    assert row.chunks == xorb.chunks
    return b"".join(hub.storage.blobs.read(row.key))


def test_a_xorb_that_comes_twice_is_stored_once(hub: SmallHub, xorb: Packed) -> None:
    assert send_xorb(hub, xorb)
    before = keys(hub)
    assert len(before) == 1
    assert not send_xorb(hub, xorb)
    assert keys(hub) == before
    assert stored(hub, xorb) == xorb.body
    assert not scratch(hub) and not doomed(hub)


def test_of_many_at_once_one_is_stored_and_the_bytes_of_the_others_are_doomed(hub: SmallHub, xorb: Packed) -> None:
    start = threading.Barrier(THREADS)

    def one(_number: int) -> bool:
        with XorbUpload(hub.storage.xet, xorb.hash, len(xorb.body)) as upload:
            upload.feed(xorb.body)
            start.wait(30)
            return upload.finish()

    with ThreadPoolExecutor(THREADS) as threads:
        new = list(threads.map(one, range(THREADS)))
    assert new.count(True) == 1
    row = hub.storage.xet.xorb(xorb.hash)
    assert row
    assert set(doomed(hub)) == keys(hub) - {row.key}
    assert len(doomed(hub)) == THREADS - 1
    assert max(doomed(hub).values()) <= now_ms(), "nothing names them, and nothing will"
    assert stored(hub, xorb) == xorb.body
    assert not scratch(hub)


def test_a_xorb_that_is_collected_while_it_comes_again_is_asked_for_once_more(hub: SmallHub, xorb: Packed) -> None:
    send_xorb(hub, xorb)
    with XorbUpload(hub.storage.xet, xorb.hash, len(xorb.body)) as upload:
        upload.feed(xorb.body)
        with hub.db.write() as write:
            write.execute(delete(xet_xorb).where(xet_xorb.c.hash == xorb.hash))
        with pytest.raises(XorbCollected, match="upload the file again"):
            upload.finish()
    assert issubclass(XorbCollected, Unavailable), "clients try again"
    assert send_xorb(hub, xorb)
    assert stored(hub, xorb) == xorb.body


def test_who_sends_a_dying_xorb_again_keeps_it_alive(hub: SmallHub, xorb: Packed) -> None:
    send_xorb(hub, xorb)
    with hub.db.write() as write:
        write.execute(update(xet_xorb).values(dead_at=5, touched_at=5))
    assert not send_xorb(hub, xorb)
    with hub.db.read() as read:
        row = read.execute(select(xet_xorb.c.dead_at, xet_xorb.c.touched_at)).one()
    assert row.dead_at is None
    assert row.touched_at > 5


def test_what_fails_or_is_given_up_leaves_nothing(hub: SmallHub, xorb: Packed) -> None:
    with XorbUpload(hub.storage.xet, xorb.hash, len(xorb.body)) as upload:
        upload.feed(xorb.body)
    with XorbUpload(hub.storage.xet, xorb.hash, len(xorb.body)) as upload:
        upload.feed(xorb.body[:-1])
        with pytest.raises(Invalid):
            upload.finish()
    other = pack(noise(10, seed="other"))
    with XorbUpload(hub.storage.xet, xorb.hash, len(xorb.body)) as upload:
        upload.feed(other.body)
        with pytest.raises(Invalid, match=f"those of xorb {other.hash}, not {xorb.hash}"):
            upload.finish()
    assert not keys(hub) and not scratch(hub) and not doomed(hub)
    assert hub.storage.xet.xorb(xorb.hash) is None


def test_a_known_xorb_must_come_whole_all_the_same(hub: SmallHub, xorb: Packed) -> None:
    send_xorb(hub, xorb)
    with XorbUpload(hub.storage.xet, xorb.hash, len(xorb.body)) as upload:
        upload.feed(xorb.body[:-1] + b"\0")
        with pytest.raises(Invalid):
            upload.finish()


def test_chunks_that_clients_ask_for_are_noted(hub: SmallHub) -> None:
    numbers = (number.to_bytes(4, "little") for number in range(1 << 20))
    special = next(raw for raw in numbers if is_global(chunk_hash(raw)))
    xorb = pack([b"a", special, b"b"])
    send_xorb(hub, xorb)
    with hub.db.read() as read:
        noted = read.execute(select(xet_dedup.c.chunk_hash, xet_dedup.c.xorb_hash)).all()
    assert noted == [(to_wire(chunk_hash(special)), xorb.hash)]
