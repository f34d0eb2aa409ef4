"""An address of a reconstruction opens the ranges it was made for, for its time: nothing else, however it is asked."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import delete, update
from starlette.testclient import TestClient
from tests.unit.surfaces.hub_api.callers import Api
from tests.unit.surfaces.xet.cas import Cas, check_refusal, own, some_file
from tests.xet_files import MadeFile, Packed, Span, made_of, noise, pack

from zoco.adapters.db.tables import xet_xorb
from zoco.app import create_app
from zoco.formats.signed import sign
from zoco.hub.xet.xorbs import fresh_key


@dataclass(frozen=True)
class Opened:
    """Address of chunks 1 to 3 of a xorb with five, which are its bytes [start, end)."""

    cas: Cas
    file: MadeFile
    url: str
    start: int
    end: int

    @property
    def xorb(self) -> Packed:
        return self.file.xorbs[0]

    @property
    def range(self) -> str:
        return f"{self.start}-{self.end - 1}"

    @property
    def signature(self) -> str:
        return parse_qs(urlsplit(self.url).query)["sig"][0]

    def at(self, signature: str, hash: str = "") -> str:
        return f"/xet/fetch/{hash or self.xorb.hash}?sig={signature}"


@pytest.fixture
def opened(ana: Api) -> Opened:
    return opened_by(own(ana, private=True))


def opened_by(cas: Cas) -> Opened:
    xorb = pack([*some_file(100, 200, 300, 400, 500).xorbs[0].raws])
    file = cas.upload(made_of(Span(xorb, 1, 3)))
    (fetch,) = cas.reconstruction(file).json()["xorbs"][xorb.hash]
    (one,) = fetch["ranges"]
    opened = Opened(cas, file, fetch["url"], one["bytes"]["start"], one["bytes"]["end"] + 1)
    assert (opened.start, opened.end) == (108, 108 + 208 + 308)
    return opened


def test_its_range_and_what_is_inside_it(opened: Opened) -> None:
    for asked in (opened.range, "108-108", "623-623", "200-300", "108-200, 150-160"):
        answer = opened.cas.fetch(opened.url, asked)
        assert answer.status_code == 206, asked
        assert answer.headers["cache-control"] == "private, no-transform"
        assert answer.headers["x-request-id"]
    answer = opened.cas.fetch(opened.url, opened.range)
    assert answer.content == opened.xorb.body[opened.start : opened.end]
    assert answer.headers["content-range"] == f"bytes 108-623/{len(opened.xorb.body)}"
    parts = opened.cas.fetch(opened.url, "108-109,110-112")
    assert parts.headers["content-type"].startswith("multipart/byteranges")
    assert parts.content.count(b"Content-Range") == 2


OUTSIDE = [
    "0-",
    "0-0",
    "107-623",
    "108-624",
    "624-",
    "-1",
    "-2000",
    "0-1699",
    "108-",
    "108-109,0-1",
    "107-107",
    "0-107",
]


@pytest.mark.parametrize("range", [*OUTSIDE, None, "", "x", "623-108", "108-623x", "108-109," * 100])
def test_other_ranges_are_not_opened(opened: Opened, range: str | None) -> None:
    check_refusal(opened.cas.fetch(opened.url, range), 403, "range")


def test_a_range_behind_the_end_is_none(opened: Opened) -> None:
    check_refusal(opened.cas.fetch(opened.url, "5000-6000"), 416)


def test_other_units_are_no_range(opened: Opened) -> None:
    for header in ("items=108-623", "108-623", "bytes 108-623", "bytes=\u0661-\u0662".encode()):
        answer = opened.cas.api.client.get(opened.url, headers={"Range": header})  # type: ignore[dict-item]
        check_refusal(answer, 403)


def test_conditions_do_not_widen_the_range(opened: Opened) -> None:
    """If-Range that does not match asks for the whole file: here that would be somebody else's chunks."""
    wanted = opened.xorb.body[opened.start : opened.end]
    for value in ('"other"', 'W/"x"', "Wed, 21 Oct 2015 07:28:00 GMT", f'"{opened.xorb.hash}"', "*", ""):
        answer = opened.cas.fetch(opened.url, opened.range, **{"If-Range": value})
        assert (answer.status_code, answer.content) == (206, wanted), value
        check_refusal(opened.cas.fetch(opened.url, "0-1699", **{"If-Range": value}), 403)
        check_refusal(opened.cas.fetch(opened.url, None, **{"If-Range": value}), 403)
    for name in ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"):
        answer = opened.cas.fetch(opened.url, opened.range, **{name: '"x"'})
        assert (answer.status_code, answer.content) == (206, wanted), name


def test_head_tells_no_more_than_get(opened: Opened) -> None:
    client = opened.cas.api.client
    answer = client.head(opened.url, headers={"Range": f"bytes={opened.range}"})
    assert (answer.status_code, answer.content) == (206, b"")
    check_refusal(client.head(opened.url), 403)
    check_refusal(client.head(opened.url, headers={"Range": "bytes=0-1"}), 403)


def test_a_forged_address_opens_nothing(opened: Opened) -> None:
    key, good = opened.cas.api.hub.signing_key, opened.signature
    expiry, payload, mac = good.split(".")
    facts = json.loads(base64.urlsafe_b64decode(payload + "=="))
    later = int(time.time()) + 1000
    wide = base64.urlsafe_b64encode(json.dumps({**facts, "r": "0-1540"}).encode()).decode().rstrip("=")
    forged = [good[:-1], good + "A", f"{int(expiry) + 1}.{payload}.{mac}", f"{expiry}.{wide}.{mac}", "", ".", "..", "x"]
    forged += [sign(key, purpose, facts, later) for purpose in ("xet token", "lfs download", "xet fetch ", "")]
    forged += [sign(b"x" * 32, "xet fetch", facts, later), opened.cas.token, opened.cas.token.removeprefix("xet_")]
    for signature in forged:
        check_refusal(opened.cas.fetch(opened.at(signature), opened.range), 403, "")
    check_refusal(opened.cas.api.client.get(f"/xet/fetch/{opened.xorb.hash}", headers={"Range": "bytes=108-109"}), 403)


def test_a_token_opens_nothing_here(opened: Opened) -> None:
    headers = {"Authorization": f"Bearer {opened.cas.token}"}
    check_refusal(opened.cas.fetch(opened.at(""), opened.range, **headers), 403)


def test_the_signature_of_one_xorb_does_not_open_another(opened: Opened, otto: Api) -> None:
    other = opened_by(own(otto))
    check_refusal(other.cas.fetch(opened.at(other.signature), opened.range), 403, "for another xorb")
    check_refusal(other.cas.fetch(opened.at(other.signature, "0" * 64), opened.range), 403, "for another xorb")


def test_an_expired_address_is_refused(opened: Opened) -> None:
    facts = {"x": opened.xorb.hash, "r": f"{opened.start}-{opened.end}"}
    stale = sign(opened.cas.api.hub.signing_key, "xet fetch", facts, int(time.time()) - 1)
    check_refusal(opened.cas.fetch(opened.at(stale), opened.range), 403, "expired")


def test_an_address_in_hand_lives_out_its_time(ana: Api, opened: Opened) -> None:
    """Nobody is asked who they are here: that is why these addresses are short-lived."""
    word = opened.cas.repo.split("/")[1]
    assert ana("DELETE", "/api/repos/delete", json={"name": word, "type": "model"}).status_code == 200
    assert opened.cas.fetch(opened.url, opened.range).status_code == 206
    check_refusal(opened.cas.reconstruction(opened.file), 404, "Repository not found")


@pytest.fixture
def short_lived(opened: Opened) -> Iterator[Cas]:
    """The same Hub, where addresses live no time at all."""
    settings = replace(opened.cas.api.hub.settings, signed_url_lifetime_s=-1)
    with TestClient(create_app(replace(opened.cas.api.hub, settings=settings)), base_url="http://hub.test") as client:
        yield replace(opened.cas, api=replace(opened.cas.api, client=client))


def test_addresses_live_as_long_as_the_setting_says(opened: Opened, short_lived: Cas) -> None:
    (fetch,) = short_lived.reconstruction(opened.file).json()["xorbs"][opened.xorb.hash]
    check_refusal(opened.cas.fetch(fetch["url"], opened.range), 403, "expired")


def test_a_xorb_that_was_collected_is_gone(opened: Opened) -> None:
    """And one that was collected and came again has other bytes' key: what was remembered of it does not stick."""
    hub, hash = opened.cas.api.hub, opened.xorb.hash
    assert opened.cas.fetch(opened.url, opened.range).status_code == 206
    found = hub.storage.xet.xorb(hash)
    assert found
    again = fresh_key(hash)
    hub.blobs.put_bytes(again, b"".join(hub.blobs.read(found.key)))
    with hub.db.write() as write:
        write.execute(update(xet_xorb).where(xet_xorb.c.hash == hash).values(key=again))
    hub.blobs.delete(found.key)
    answer = opened.cas.fetch(opened.url, opened.range)
    assert answer.content == opened.xorb.body[opened.start : opened.end]
    hub.blobs.delete(again)
    check_refusal(opened.cas.fetch(opened.url, opened.range), 503, "zoco fsck")


def test_a_xorb_without_a_row_is_gone(ana: Api) -> None:
    cas, xorb = own(ana), some_file().xorbs[0]
    assert cas.send_xorb(xorb).status_code == 200
    facts = {"x": xorb.hash, "r": "0-100"}
    good = sign(cas.api.hub.signing_key, "xet fetch", facts, int(time.time()) + 100)
    url = f"/xet/fetch/{xorb.hash}?sig={good}"
    assert cas.fetch(url, "0-9").status_code == 206
    with cas.api.hub.db.write() as write:
        write.execute(delete(xet_xorb).where(xet_xorb.c.hash == xorb.hash))
    cas.api.hub.storage.xet.looked_up.forget(xorb.hash)
    check_refusal(cas.fetch(url, "0-9"), 404, "ask for a new reconstruction")


def test_the_addresses_of_a_file_open_nothing_of_its_neighbours(ana: Api) -> None:
    """A xorb holds chunks of several files: the addresses of one must not lead to the others."""
    cas, raws = own(ana), noise(100, 200, 300, seed="neighbours")
    xorb = pack(raws)
    first, last = made_of(Span(xorb, 0, 1)), made_of(Span(xorb, 2, 3))
    cas.send_xorb(xorb)
    cas.send_shard(first, last)
    for version in (1, 2):
        told = cas.reconstruction(first, version=version).json()
        (fetch,) = told["xorbs" if version == 2 else "fetch_info"][xorb.hash]
        assert cas.fetch(fetch["url"], "0-107").content[8:] == raws[0]
        for asked in ("108-109", "0-108", "100-200", "316-623", None):
            check_refusal(cas.fetch(fetch["url"], asked), 403)
