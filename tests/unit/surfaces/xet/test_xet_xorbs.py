"""A body that is not the xorb of its address is refused in words, and leaves nothing."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import lz4.frame
import pytest
from tests.unit.surfaces.hub_api.callers import Api
from tests.unit.surfaces.xet.cas import Cas, cas_of, check_refusal, event, own, some_file
from tests.xet_files import Packed, Span, made_of, noise, pack

from zoco.formats.xet.chunk import CHUNK_RAW_MAX, FOOTER_IDENT
from zoco.formats.xet.xorb import XORB_BODY_MAX, Scheme
from zoco.hub.xet.xorbs import KEYS
from zoco.surfaces.state import Hub


def stored(hub: Hub) -> set[str]:
    """What is under the store's xorbs, and in its scratch folder."""
    return {*hub.blobs.keys(KEYS), *(path.name for path in Path(hub.blobs.scratch).iterdir())}


@pytest.fixture
def cas(ana: Api) -> Cas:
    return own(ana)


@pytest.fixture
def xorb() -> Packed:
    return some_file().xorbs[0]


@pytest.fixture
def nothing_is_kept(hub: Hub) -> Iterator[None]:
    before = stored(hub)
    yield
    assert stored(hub) == before


def header(payload: bytes, raw_size: int, scheme: int = 0, version: int = 0) -> bytes:
    return bytes((version, *len(payload).to_bytes(3, "little"), scheme, *raw_size.to_bytes(3, "little"))) + payload


def flipped(body: bytes, at: int) -> bytes:
    return body[:at] + bytes((body[at] ^ 1,)) + body[at + 1 :]


def test_a_xorb_comes_in_once(cas: Cas, xorb: Packed, hub: Hub) -> None:
    before = stored(hub)
    assert cas.send_xorb(xorb).json() == {"was_inserted": True}
    first = stored(hub)
    assert len(first - before) == 1
    assert cas.send_xorb(xorb).json() == {"was_inserted": False}
    assert stored(hub) == first


@pytest.mark.parametrize("prefix", ["default", "default-merkledb", "anything"])
def test_any_prefix_serves(cas: Cas, xorb: Packed, prefix: str) -> None:
    assert cas("POST", f"/v1/xorbs/{prefix}/{xorb.hash}", content=xorb.body).status_code == 200


@pytest.mark.parametrize("segment", ["0-0", "another-instance-99", "x"])
def test_any_generation_serves_so_that_uploads_under_way_go_on(cas: Cas, xorb: Packed, segment: str) -> None:
    answer = cas.api.client.post(
        f"/xet/{segment}/v1/xorbs/default/{xorb.hash}",
        content=xorb.body,
        headers={"Authorization": f"Bearer {cas.token}"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("scheme", Scheme)
def test_every_known_scheme_comes_in(cas: Cas, scheme: Scheme) -> None:
    xorb = pack([bytes(5000), b"word " * 3001, *noise(777, seed=scheme)], scheme)
    assert cas.send_xorb(xorb).status_code == 200
    file = cas.upload(made_of(Span(xorb, 0, 3)), "model.bin")
    assert cas.download().content == file.data


def test_a_footer_is_cut_off(cas: Cas, xorb: Packed, hub: Hub) -> None:
    assert cas.send_xorb(xorb, xorb.body + FOOTER_IDENT + b"\1whatever else").status_code == 200
    found = hub.storage.xet.xorb(xorb.hash)
    assert found
    assert b"".join(hub.blobs.read(found.key)) == xorb.body


@pytest.mark.usefixtures("nothing_is_kept")
def test_the_bytes_of_another_xorb_are_refused(cas: Cas, xorb: Packed) -> None:
    check_refusal(cas.send_xorb(xorb, some_file().xorbs[0].body), 400, "damaged on the way")


@pytest.mark.usefixtures("nothing_is_kept")
def test_one_flipped_bit_anywhere_is_refused(cas: Cas) -> None:
    xorb = pack(noise(40, 30, 100, seed="flip"))
    for at in range(len(xorb.body)):
        check_refusal(cas.send_xorb(xorb, flipped(xorb.body, at)), 400)


@pytest.mark.usefixtures("nothing_is_kept")
def test_a_cut_body_is_refused(cas: Cas) -> None:
    xorb = pack(noise(40, 30, seed="cut"))
    for size in range(len(xorb.body)):
        check_refusal(cas.send_xorb(xorb, xorb.body[:size]), 400)
    check_refusal(cas.send_xorb(xorb, b""), 400, "nothing was sent")


@pytest.mark.usefixtures("nothing_is_kept")
def test_more_than_the_xorb_is_refused(cas: Cas, xorb: Packed) -> None:
    check_refusal(cas.send_xorb(xorb, xorb.body + b"\0"), 400)
    check_refusal(cas.send_xorb(xorb, xorb.body + xorb.body), 400)
    check_refusal(cas.send_xorb(xorb, xorb.body + FOOTER_IDENT[:-1]), 400, "footer")
    check_refusal(cas.send_xorb(xorb, xorb.body + FOOTER_IDENT + bytes(2 << 20)), 413, "footer")
    check_refusal(cas.send_xorb(xorb, FOOTER_IDENT), 400)


@pytest.mark.usefixtures("nothing_is_kept")
def test_chunks_in_another_order_are_another_xorb(cas: Cas) -> None:
    one, two = noise(100, 100, seed="order")
    check_refusal(cas.send_xorb(pack([one, two]), pack([two, one]).body), 400, "damaged on the way")


@pytest.mark.usefixtures("nothing_is_kept")
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (header(b"x" * 10, 10, scheme=3), "compressed by scheme 3"),
        (header(b"x" * 10, 10, scheme=255), "compressed by scheme 255"),
        (header(b"x" * 10, 10, version=1), "version 1"),
        (header(b"x" * 10, 11), "10"),
        (header(b"", 0), "claims to hold 0 bytes"),
        (header(b"x" * 10, CHUNK_RAW_MAX + 1, scheme=1), "claims to hold"),
        (header(b"not a frame at all", 100, scheme=1), "cannot be decoded"),
        (header(lz4.frame.compress(b"abc") + b"more", 3, scheme=1), "something follows"),
        (header(lz4.frame.compress(b"abc"), 4, scheme=2), "ends after 3"),
        (header(lz4.frame.compress(b""), 1, scheme=1), "ends after 0"),
    ],
)
def test_a_chunk_that_lies_is_refused_in_words(cas: Cas, xorb: Packed, body: bytes, why: str) -> None:
    check_refusal(cas.send_xorb(xorb, body), 400, why)


@pytest.mark.usefixtures("nothing_is_kept")
def test_a_bomb_is_refused_and_costs_no_memory(cas: Cas, xorb: Packed) -> None:
    bomb = header(lz4.frame.compress(bytes(50_000_000), store_size=False), 100, scheme=1)
    tracemalloc.start()
    try:
        check_refusal(cas.send_xorb(xorb, bomb), 400, "")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.usefixtures("nothing_is_kept")
def test_64_mib_and_one_byte_are_refused(cas: Cas, xorb: Packed) -> None:
    one = pack(noise(CHUNK_RAW_MAX, seed="large")).body
    check_refusal(cas.send_xorb(xorb, one * 512 + pack([b"x"]).body), 413, "larger than 64 MiB")


@pytest.mark.usefixtures("nothing_is_kept")
def test_what_announces_too_much_is_refused_before_it_is_read(cas: Cas, xorb: Packed) -> None:
    for size in (XORB_BODY_MAX + 1, 10**12, 10**18):
        answer = cas("POST", f"/v1/xorbs/default/{xorb.hash}", content=b"", headers={"Content-Length": str(size)})
        check_refusal(answer, 413, "at most")


@pytest.mark.usefixtures("nothing_is_kept")
def test_more_than_8192_chunks_are_refused(cas: Cas, xorb: Packed) -> None:
    check_refusal(cas.send_xorb(xorb, pack([b"x"]).body * 8193), 413, "8192 chunks")


def test_a_xorb_of_a_body_without_announced_size_comes_in(cas: Cas, xorb: Packed) -> None:
    """Chunked transfer, and pieces of any size."""
    pieces = (xorb.body[at : at + 7] for at in range(0, len(xorb.body), 7))
    assert cas("POST", f"/v1/xorbs/default/{xorb.hash}", content=pieces).status_code == 200
    assert event(cas.send_shard(made_of(Span(xorb, 0, 3))))["type"] == "result"


def test_the_size_of_a_xorb_is_told_through_a_repository_that_has_it(ana: Api, otto: Api) -> None:
    """Not even its own sender learns more: anybody can ask with a token of their own, and a name may have leaked."""
    cas, file = own(ana, private=True), some_file()
    xorb = file.xorbs[0]
    path = f"/v1/xorbs/default/{xorb.hash}"
    assert cas.send_xorb(xorb).status_code == 200
    check_refusal(cas("HEAD", path), 404, "No such xorb")
    cas.upload(file)
    answer = cas("HEAD", path)
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(xorb.body)))
    assert cas_of(ana, cas.repo, writes=False)("HEAD", path).status_code == 200
    check_refusal(own(otto)("HEAD", path), 404, "No such xorb")
    check_refusal(own(ana)("HEAD", path), 404, "No such xorb")
    check_refusal(cas("HEAD", f"/v1/xorbs/default/{'0' * 64}"), 404, "No such xorb")
