"""How a file is put together is told only through a repository that has it, to whoever may read that one now."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.unit.surfaces.hub_api.callers import Api
from tests.unit.surfaces.xet.cas import Cas, cas_of, check_refusal, own, some_file
from tests.xet_files import MadeFile, Span, made_of, noise, pack

from zoco.core.access import Role
from zoco.formats.xet.xorb import Scheme, StoredDecoder
from zoco.hub.accounts.orgs import create_org, remove_member, set_member

VERSIONS = pytest.mark.parametrize("version", [1, 2])


@pytest.fixture
def cas(ana: Api) -> Cas:
    return own(ana)


@pytest.fixture
def mixed(cas: Cas) -> MadeFile:
    """Terms of three xorbs: repeated, overlapping, backwards, one chunk, compressed and not."""
    sizes = (1000, 10, 2000, 1, 500)
    one, two = pack(noise(*sizes, seed="one")), pack([bytes(700), b"ab" * 300, *noise(90, seed=2)], Scheme.LZ4)
    three = pack([b"\0\1\2\3" * 400, b"x", *noise(33, seed=3)], Scheme.BG4_LZ4)
    spans = [(one, 0, 3), (two, 1, 3), (one, 2, 5), (three, 0, 3), (one, 0, 3), (two, 0, 1), (one, 4, 5), (one, 3, 4)]
    return cas.upload(made_of(*(Span(*span) for span in spans)), "model.bin")


def put_together(cas: Cas, told: dict[str, Any], size: int, version: int) -> bytes:
    """As a client does: fetch each range once, decode its chunks, take each term's, cut."""
    chunks: dict[tuple[str, int], bytes] = {}
    for xorb, fetches in told["xorbs" if version == 2 else "fetch_info"].items():
        for fetch in fetches:
            ranges = fetch["ranges"] if version == 2 else [{"chunks": fetch["range"], "bytes": fetch["url_range"]}]
            for one in ranges:
                answer = cas.fetch(fetch["url"], f"{one['bytes']['start']}-{one['bytes']['end']}")
                assert answer.status_code == 206
                raws = [bytes(raw) for raw in StoredDecoder().feed(answer.content)]
                assert len(raws) == one["chunks"]["end"] - one["chunks"]["start"]
                chunks |= {(xorb, one["chunks"]["start"] + at): raw for at, raw in enumerate(raws)}
    data = b""
    for term in told["terms"]:
        raw = b"".join(chunks[term["hash"], at] for at in range(term["range"]["start"], term["range"]["end"]))
        assert len(raw) == term["unpacked_length"]
        data += raw
    return data[told["offset_into_first_range"] :][:size]


@VERSIONS
def test_any_range_put_together_by_hand_is_its_bytes(cas: Cas, mixed: MadeFile, version: int) -> None:
    size, chance = len(mixed.data), random.Random(version)
    assert put_together(cas, cas.reconstruction(mixed, version=version).json(), size, version) == mixed.data
    spans = [(0, 0), (0, size - 1), (size - 1, size - 1), *(sorted(chance.sample(range(size), 2)) for _ in range(20))]
    for first, last in spans:
        answer = cas.reconstruction(mixed, version=version, range=f"{first}-{last}")
        assert answer.status_code == 200
        wanted = mixed.data[first : last + 1]
        assert put_together(cas, answer.json(), len(wanted), version) == wanted, (first, last)


@VERSIONS
def test_ranges_of_every_form(cas: Cas, mixed: MadeFile, version: int) -> None:
    size = len(mixed.data)
    for text, wanted in {
        "0-": mixed.data,
        "-10": mixed.data[-10:],
        f"{size - 1}-": mixed.data[-1:],
        f"5-{10**15}": mixed.data[5:],
        f"-{10**15}": mixed.data,
    }.items():
        told = cas.reconstruction(mixed, version=version, range=text).json()
        assert put_together(cas, told, len(wanted), version) == wanted, text
    for text in (f"{size}-", f"{size}-{size + 5}", f"{10**18}-", "-0"):
        answer = cas.reconstruction(mixed, version=version, range=text)
        check_refusal(answer, 416, f"{size} bytes")
        assert answer.headers["content-range"] == f"bytes */{size}"
    check_refusal(cas.reconstruction(mixed, version=version, range="0-1,5-9"), 400, "One range")
    for text in ("x", "5", "9-5", "", "1-2;3", "0x1-2"):
        told = cas.reconstruction(mixed, version=version, range=text).json()
        assert put_together(cas, told, size, version) == mixed.data, "a header that says nothing is ignored"


@VERSIONS
def test_another_repositorys_token_finds_no_file(ana: Api, otto: Api, cas: Cas, mixed: MadeFile, version: int) -> None:
    """Not even one of the same person. And a file that never was looks the same."""
    for other in (own(ana), own(otto), cas_of(otto, otto.repo(), writes=False)):
        for file in (mixed, some_file()):
            check_refusal(other.reconstruction(file, version=version), 404, "No file")
            check_refusal(other("HEAD", f"/v1/files/{file.hash}"), 404, "No file")
    assert cas("HEAD", f"/v1/files/{mixed.hash}").headers["content-length"] == str(len(mixed.data))


@VERSIONS
def test_a_repository_that_became_private_closes_to_strangers(
    ana: Api, otto: Api, anonymous: Api, cas: Cas, mixed: MadeFile, version: int
) -> None:
    readers = [cas_of(one, cas.repo, writes=False) for one in (otto, anonymous)]
    for reader in readers:
        assert reader.reconstruction(mixed, version=version).status_code == 200
    assert ana("PUT", f"/api/models/{cas.repo}/settings", json={"private": True}).status_code == 200
    check_refusal(readers[0].reconstruction(mixed, version=version), 404, "Repository not found")
    check_refusal(readers[1].reconstruction(mixed, version=version), 401)
    assert cas.reconstruction(mixed, version=version).status_code == 200


@VERSIONS
def test_a_gate_that_was_closed_is_closed(
    ana: Api, otto: Api, anonymous: Api, cas: Cas, mixed: MadeFile, version: int
) -> None:
    readers = [cas_of(one, cas.repo, writes=False) for one in (otto, anonymous)]
    assert ana("PUT", f"/api/models/{cas.repo}/settings", json={"gated": "manual"}).status_code == 200
    check_refusal(readers[0].reconstruction(mixed, version=version), 403, "ask for access")
    check_refusal(readers[1].reconstruction(mixed, version=version), 401)


@VERSIONS
def test_a_member_who_left_reads_no_more(ana: Api, otto: Api, version: int) -> None:
    org = f"left-{ana.name}"
    create_org(ana.hub.db, None, org)
    set_member(ana.hub.db, None, org, ana.name, Role.ADMIN)
    set_member(ana.hub.db, None, org, otto.name, Role.READ)
    id = ana.repo("secret", organization=org, private=True)
    file = cas_of(ana, id).upload(some_file(), "model.bin")
    reader = cas_of(otto, id, writes=False)
    assert reader.reconstruction(file, version=version).status_code == 200
    remove_member(ana.hub.db, None, org, otto.name)
    check_refusal(reader.reconstruction(file, version=version), 404, "Repository not found")


@VERSIONS
def test_a_file_that_was_purged_from_the_repository_is_gone(ana: Api, cas: Cas, mixed: MadeFile, version: int) -> None:
    """Though others have it still."""
    other = own(ana)
    assert other.send_shard(mixed).status_code == 200
    assert ana("DELETE", f"/api/models/{cas.repo}/lfs-files/{mixed.sha256}?rewriteHistory=1").status_code == 200
    check_refusal(cas.reconstruction(mixed, version=version), 404, "No file")
    assert other.reconstruction(mixed, version=version).status_code == 200


def test_many_ranges_of_one_xorb_come_in_several_addresses(cas: Cas) -> None:
    """An address names its ranges: one with all of them would be too long."""
    xorb = pack(noise(*[50] * 200, seed="many"))
    file = cas.upload(made_of(*(Span(xorb, at, at + 1) for at in range(0, 200, 2))), "model.bin")
    for version in (1, 2):
        told = cas.reconstruction(file, version=version).json()
        fetches = told["xorbs" if version == 2 else "fetch_info"][xorb.hash]
        assert len({fetch["url"] for fetch in fetches}) == 4
        assert max(len(fetch["url"]) for fetch in fetches) < 2000
        assert put_together(cas, told, len(file.data), version) == file.data
