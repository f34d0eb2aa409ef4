"""A shard that is not true in every word makes no file, and says so where a client shows it."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient
from tests.unit.surfaces.hub_api.callers import Api
from tests.unit.surfaces.xet.cas import Cas, check_refusal, check_refused, event, own, some_file
from tests.xet_files import EMPTY, MadeFile, Span, made_of, noise, pack, shard_of

from zoco.adapters.db.tables import lfs_link, lfs_object, repo, xet_file
from zoco.app import create_app
from zoco.core.ids import Sha256
from zoco.formats.xet import records
from zoco.formats.xet.shard import SHARD_SIZE_MAX
from zoco.hub.xet import shards
from zoco.surfaces.state import Hub
from zoco.surfaces.xet import shards as surface

VERSIONS = (1, 2)
both = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture
def cas(ana: Api) -> Cas:
    return own(ana)


@pytest.fixture
def sent(cas: Cas) -> MadeFile:
    """Its xorb is here; the file is not yet."""
    file = some_file(3000, 2000, 1000)
    assert cas.send_xorb(file.xorbs[0]).status_code == 200
    return file


def refused(answer: Any, version: int, words: str, status: int = 400) -> None:
    assert version == 2 or answer.status_code == status
    check_refused(answer, status, words)


def is_here(cas: Cas, file: MadeFile) -> bool:
    """Whether anything of the file is registered: by its hash, by what it claims, by what it is."""
    with cas.api.hub.db.read() as read:
        files = read.execute(select(xet_file.c.hash).where(xet_file.c.hash == file.said.hash)).first()
        shas = [one for one in (file.said.sha256, file.sha256) if one]
        objects = read.execute(select(lfs_object.c.sha256).where(lfs_object.c.sha256.in_(shas))).first()
    return bool(files or objects)


def nothing_came_of_it(cas: Cas, file: MadeFile) -> None:
    assert not is_here(cas, file)
    if file.said.sha256:
        answer = cas.commit(file)
        assert answer.status_code in {400, 422}, answer.text
        assert "upload" in answer.json()["error"].lower()
    assert cas.reconstruction(file).status_code == 404


def used_storage(cas: Cas) -> int:
    hub, name = cas.api.hub, cas.repo.split("/")[1]
    with hub.db.read() as read:
        query = select(repo.c.used_storage).where(repo.c.name == name)
        return int(max(read.execute(query).scalars()))


@both
def test_a_true_shard_makes_its_files(cas: Cas, version: int) -> None:
    one, two = some_file(), some_file(500)
    for file in (one, two):
        assert cas.send_xorb(file.xorbs[0]).status_code == 200
    answer = cas.send_shard(one, two, version=version)
    if version == 2:
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert {json.loads(line)["type"] for line in answer.text.splitlines()} == {"validating", "result"}
    else:
        assert answer.json() == {"result": 1}
    for path, file in (("one.bin", one), ("two.bin", two)):
        assert cas.commit(file, path).status_code == 200
        assert cas.download(path).content == file.data
    assert used_storage(cas) == len(one.data) + len(two.data)
    assert event(cas.send_shard(one, two)) == {"type": "result", "result": 1}, "again is fine"
    assert used_storage(cas) == len(one.data) + len(two.data)


@both
def test_a_xorb_that_never_came(cas: Cas, version: int) -> None:
    file = some_file()
    refused(cas.send_shard(file, version=version), version, "unknown xorb")
    nothing_came_of_it(cas, file)


LIES: dict[str, tuple[Callable[[MadeFile], MadeFile], str]] = {
    "a term behind the xorb's end": (lambda file: file.with_term(0, end=4), "which has 3"),
    "a term that begins behind the end": (lambda file: file.with_term(0, start=3, end=4), "which has 3"),
    "a term of no chunks": (lambda file: file.with_term(0, start=1, end=1), "has no chunks"),
    "a term backwards": (lambda file: file.with_term(0, start=2, end=1), "has no chunks"),
    "a term of four billion chunks": (lambda file: file.with_term(0, end=2**32 - 1), "which has 3"),
    "fewer chunks than the size says": (lambda file: file.with_term(0, end=2), "its chunks have 5000"),
    "a smaller size": (lambda file: file.with_term(0, raw_size=5999), "its chunks have 6000"),
    "no size": (lambda file: file.with_term(0, raw_size=0), "its chunks have 6000"),
    "an enormous size": (lambda file: file.with_term(0, raw_size=2**32 - 1), "its chunks have 6000"),
    "a wrong verification hash": (lambda file: file.lying(range_hashes=(b"v" * 32,)), "wrong verification hash"),
    "no verification hash": (lambda file: file.lying(range_hashes=(bytes(32),)), "wrong verification hash"),
    "a wrong file hash": (lambda file: file.lying(hash=some_file().hash), "The terms make the file"),
    "the zero hash": (lambda file: file.lying(hash=EMPTY.hash), "The terms make the file"),
    "no SHA-256": (lambda file: file.lying(sha256=None), "gives no SHA-256"),
    "a false SHA-256": (lambda file: file.lying(sha256=Sha256("5" * 64)), "changed while it was being uploaded"),
    "a zero SHA-256": (lambda file: file.lying(sha256=Sha256("0" * 64)), "changed while it was being uploaded"),
    "no terms": (lambda file: file.lying(terms=(), range_hashes=()), "has no terms"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_shard_that_lies(cas: Cas, sent: MadeFile, lie: str) -> None:
    tell, words = LIES[lie]
    false = tell(sent)
    for version in VERSIONS:
        refused(cas.send_shard(false, version=version), version, words)
    assert not is_here(cas, false)
    if false.said.hash == sent.said.hash and false.said.sha256:
        nothing_came_of_it(cas, false)
    assert used_storage(cas) == 0


@both
def test_the_chunks_of_another_term_do_not_verify_this_one(cas: Cas, version: int) -> None:
    """Each verification hash is for its own chunks."""
    xorb = pack(noise(100, 100, seed="swapped"))
    cas.send_xorb(xorb)
    file = made_of(Span(xorb, 0, 1), Span(xorb, 1, 2))
    swapped = file.lying(range_hashes=file.said.range_hashes[::-1])
    refused(cas.send_shard(swapped, version=version), version, "Term 0")
    nothing_came_of_it(cas, file)


@both
def test_who_knows_only_the_names_of_xorbs_makes_no_file_of_them(ana: Api, otto: Api, version: int) -> None:
    """The verification hash needs the chunks' hashes, and those never leave the Hub."""
    secret = own(ana, private=True).upload(some_file())
    thief = own(otto)
    guesses = [bytes(32), b"\xff" * 32, bytes.fromhex(secret.xorbs[0].hash), bytes.fromhex(secret.hash)]
    for guess in guesses:
        stolen = secret.lying(range_hashes=(guess,))
        refused(thief.send_shard(stolen, version=version), version, "wrong verification hash")
    assert thief.commit(secret).status_code in {400, 422}
    assert thief.reconstruction(secret).status_code == 404


@both
def test_the_sha256_of_a_victims_file_does_not_go_with_other_bytes(ana: Api, otto: Api, version: int) -> None:
    victim = own(ana)
    good = victim.upload(some_file(), "model.bin")
    attacker = own(otto)
    evil = some_file()
    attacker.send_xorb(evil.xorbs[0])
    claimed = evil.lying(sha256=good.sha256)
    refused(attacker.send_shard(claimed, version=version), version, "changed while it was being uploaded")
    assert attacker.commit(replace(claimed, data=good.data)).status_code in {400, 422}
    assert victim.download().content == good.data
    assert victim.reconstruction(evil).status_code == 404
    # nor when the evil file is here under its own name already
    attacker.upload(evil)
    refused(attacker.send_shard(claimed, version=version), version, "changed while it was being uploaded")
    assert victim.download().content == good.data


@both
def test_of_one_bad_file_among_good_ones_none_comes(cas: Cas, version: int) -> None:
    files = [some_file(100), some_file(200), some_file(300)]
    for file in files:
        cas.send_xorb(file.xorbs[0])
    for bad in (files[1].lying(sha256=Sha256("5" * 64)), files[1].with_term(0, raw_size=7)):
        answer = cas.send_shard(files[0], bad, files[2], version=version)
        refused(answer, version, bad.said.hash)
        for file in (files[0], bad, files[2]):
            nothing_came_of_it(cas, file)
    assert used_storage(cas) == 0


@both
def test_a_shard_without_files_is_fine(cas: Cas, sent: MadeFile, version: int) -> None:
    answer = cas.send_shard(version=version)
    assert answer.status_code == 200
    assert json.loads(answer.text.splitlines()[-1])["result"] == 1
    assert cas.send_shard(EMPTY, sent, version=version).status_code == 200
    assert cas.commit(sent).status_code == 200
    assert cas.download().content == sent.data


NO_SHARDS: list[tuple[bytes, str]] = [
    (b"", "it ends after 0 bytes"),
    (b"x", "it ends after 1 bytes"),
    (b"x" * 48, "it does not begin as one"),
    (records.HEADER.pack(records.TAG, 3, 0), "version 3"),
    (records.HEADER.pack(records.TAG, 2, 7), "a footer of 7 bytes"),
    (records.HEADER.pack(records.TAG, 2, 0), "it ends after 48 bytes"),
    (records.HEADER.pack(records.TAG, 2, 0) + records.END, "it ends after 96 bytes"),
    (records.HEADER.pack(records.TAG, 2, 0) + records.END * 2 + b"more", "follow its end"),
    (records.HEADER.pack(records.TAG, 2, 0) + records.FILE.pack(b"f" * 32, 1 << 29, 0), "flags that are not known"),
    (records.HEADER.pack(records.TAG, 2, 0) + records.FILE.pack(b"f" * 32, 0, 1), "without verification hashes"),
    (
        records.HEADER.pack(records.TAG, 2, 0) + records.END + records.XORB.pack(b"x" * 32, 0, 2**32 - 1, 0, 0),
        "ends",
    ),
]


def test_what_is_no_shard(cas: Cas) -> None:
    for body, words in NO_SHARDS:
        for version in VERSIONS:
            refused(cas("POST", f"/v{version}/shards", content=body), version, words)


def test_a_cut_shard(cas: Cas, sent: MadeFile) -> None:
    for cut in (1, 47, 48, 49, 100, 200):
        for version in VERSIONS:
            answer = cas("POST", f"/v{version}/shards", content=shard_of(sent)[:-cut])
            refused(answer, version, "it ends after")
    nothing_came_of_it(cas, sent)


@both
def test_a_million_terms_claimed_in_a_tiny_body_cost_nothing(cas: Cas, version: int) -> None:
    head = records.HEADER.pack(records.TAG, 2, 0)
    bodies = {
        head + records.FILE.pack(b"f" * 32, records.FILE_HAS_RANGE_HASHES, 1_000_000): ("it ends after", 400),
        head + records.FILE.pack(b"f" * 32, records.FILE_HAS_RANGE_HASHES, 1_000_001): ("more than 1000000 terms", 413),
        head + records.FILE.pack(b"f" * 32, records.FILE_HAS_RANGE_HASHES, 2**32 - 1): ("more than 1000000 terms", 413),
    }
    for body, (words, status) in bodies.items():
        tracemalloc.start()
        try:
            refused(cas("POST", f"/v{version}/shards", content=body), version, words, status)
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()


def test_more_than_a_hundred_thousand_files_are_too_many(cas: Cas) -> None:
    body = records.HEADER.pack(records.TAG, 2, 0) + records.FILE.pack(b"f" * 32, 0, 0) * 100_001
    refused(cas("POST", "/v1/shards", content=body), 1, "more than 100000 files", 413)


@both
def test_a_shard_that_announces_too_much_is_refused_before_it_is_read(cas: Cas, version: int) -> None:
    answer = cas("POST", f"/v{version}/shards", content=b"", headers={"Content-Length": str(SHARD_SIZE_MAX + 1)})
    refused(answer, version, "larger than", 413)


@both
def test_a_file_is_no_larger_than_lfs_files_may_be(cas: Cas, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four megabytes of zeros, named again and again, are a petabyte that would have to be read to be proven."""
    zeros = pack([bytes(131_072)] * 8)
    cas.send_xorb(zeros)
    monkeypatch.setattr(surface, "prove", None)  # it must not come to that
    huge = made_of(*[Span(zeros, 0, 8)] * 8)
    limit = len(huge.data) - 1
    small = replace(cas.api.hub.settings, lfs_file_size_max_bytes=limit)
    with TestClient(create_app(replace(cas.api.hub, settings=small)), base_url="http://hub.test") as client:
        mine = replace(cas, api=replace(cas.api, client=client))
        refused(mine.send_shard(huge, version=version), version, "lfs_file_size_max_bytes", 413)
        several = [made_of(*[Span(zeros, 0, 8)] * 7, Span(zeros, 0, n)) for n in (1, 2, 3, 4, 5)]
        refused(mine.send_shard(*several, version=version), version, "too large together", 413)
    assert not is_here(cas, huge)


@both
def test_a_right_that_ended_while_the_file_was_read_counts_no_more(
    ana: Api, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cas, file = own(ana), some_file()
    cas.send_xorb(file.xorbs[0])
    prove = shards.prove

    def meanwhile(*arguments: Any) -> None:
        prove(*arguments)
        name = cas.repo.split("/")[1]
        assert ana("DELETE", "/api/repos/delete", json={"name": name, "type": "model"}).status_code == 200

    monkeypatch.setattr(surface, "prove", meanwhile)
    refused(cas.send_shard(file, version=version), version, "Repository not found", 404)
    assert not is_here(cas, file)


@both
def test_what_breaks_on_our_side_is_told_too(
    cas: Cas, sent: MadeFile, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that only ends would be sent again, and again."""

    def broken(*_arguments: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(surface, "prove", broken)
    answer = cas.send_shard(sent, version=version)
    refused(answer, version, "Something broke", 500)
    if version == 2:
        assert answer.headers["x-request-id"] in event(answer)["message"]


@both
def test_a_file_of_another_repository_comes_by_its_chunks(ana: Api, otto: Api, version: int) -> None:
    """Clients remember what they sent elsewhere. The proof is that they know the chunks."""
    here, there = own(ana, private=True), own(ana)
    file = here.upload(some_file(), "model.bin")
    assert there.send_shard(file, version=version).status_code == 200
    assert there.commit(file).status_code == 200
    assert there.download().content == file.data
    other = own(otto)
    assert other.commit(file).status_code in {400, 422}, "until it is registered there too"
    assert other.reconstruction(file).status_code == 404


@both
def test_only_files_that_were_registered_here_are_committed(ana: Api, otto: Api, version: int) -> None:
    cas, file = own(ana), some_file()
    assert cas.commit(file).status_code in {400, 422}
    cas.send_xorb(file.xorbs[0])
    assert cas.commit(file).status_code in {400, 422}
    cas.send_shard(file, version=version)
    assert cas.commit(replace(file, data=file.data + b"x")).status_code in {400, 422}, "another size"
    assert cas.commit(file).status_code == 200


@both
def test_the_section_of_xorbs_is_believed_in_nothing(cas: Cas, version: int) -> None:
    """It may claim any chunks for any xorb: others are told only of chunks that were verified."""
    mine, theirs = some_file(), some_file()
    cas.send_xorb(mine.xorbs[0])
    lying = replace(mine, xorbs=(replace(theirs.xorbs[0], hash=mine.xorbs[0].hash),))
    assert cas.send_shard(lying, version=version).status_code == 200
    assert cas.commit(lying).status_code == 200
    assert cas.chunk(Span(theirs.xorbs[0], 0, 1)).status_code == 404
    assert cas.chunk(Span(mine.xorbs[0], 0, 1)).status_code == 200


@both
def test_what_was_registered_is_linked_until_it_is_purged(ana: Api, version: int) -> None:
    cas = own(ana)
    file = cas.upload(some_file(), "model.bin")
    hub: Hub = ana.hub
    with hub.db.read() as read:
        assert read.execute(select(lfs_link.c.size).where(lfs_link.c.sha256 == file.sha256)).scalar_one() == 6000
    answer = ana("DELETE", f"/api/models/{cas.repo}/lfs-files/{file.sha256}?rewriteHistory=1")
    assert answer.status_code == 200, answer.text
    assert used_storage(cas) == 0
    check_refusal(cas.reconstruction(file), 404)
    assert cas.commit(file).status_code in {400, 422}
