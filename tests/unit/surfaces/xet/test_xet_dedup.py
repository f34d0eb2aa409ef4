"""Whoever asks whether a chunk is here learns it only of files they may read, and never a chunk's hash."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, combinations

import pytest
from starlette.testclient import TestClient
from tests.unit.surfaces.hub_api.callers import Api
from tests.unit.surfaces.xet.cas import Cas, cas_of, check_refusal, own, some_file
from tests.xet_files import MadeFile, Packed, Span, made_of, noise, pack, shard_of

from zoco.app import create_app
from zoco.core.access import Role
from zoco.formats.xet.dedup import DedupAnswer, read_dedup_answer
from zoco.formats.xet.hashes import chunk_hash, is_global, to_raw, to_wire
from zoco.hub.accounts.orgs import create_org, remove_member, set_member
from zoco.hub.repos.xet_scope import DedupScope

Scoped = Callable[[Cas, DedupScope], Cas]


@pytest.fixture
def scoped() -> Iterator[Scoped]:
    """The same Hub with another `xet_dedup_scope`."""
    clients: list[TestClient] = []

    def make(cas: Cas, scope: DedupScope) -> Cas:
        hub = replace(cas.api.hub, dedup_scope=scope)
        clients.append(TestClient(create_app(hub), base_url="http://hub.test"))
        return replace(cas, api=replace(cas.api, hub=hub, client=clients[-1]))

    yield make
    for client in clients:
        client.close()


def first_of(file: MadeFile) -> Span:
    return Span(file.xorbs[0], 0, 1)


def told(cas: Cas, of: MadeFile | Span) -> DedupAnswer | None:
    answer = cas.chunk(first_of(of) if isinstance(of, MadeFile) else of)
    if answer.status_code == 404:
        check_refusal(answer, 404, "No such chunk")
        return None
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    return read_dedup_answer(answer.content)


def knows(cas: Cas, of: MadeFile | Span) -> bool:
    return told(cas, of) is not None


def test_a_hit_tells_all_xorbs_of_the_files_around_it(ana: Api) -> None:
    cas = own(ana)
    one, two, three = (pack([*some_file(100, 200).xorbs[0].raws]) for _ in range(3))
    cas.upload(made_of(Span(one, 0, 2), Span(two, 0, 2)))
    cas.upload(made_of(Span(two, 0, 2), Span(three, 0, 2)))
    found = told(cas, Span(one, 0, 1))
    assert found
    assert set(found.xorbs) == {one.hash, two.hash}
    assert found.find(one.chunks.hash_at(0)) == [(one.hash, 0)]
    assert found.find(two.chunks.hash_at(1)) == [(two.hash, 1)]
    assert found.find(three.chunks.hash_at(0)) == []
    found = told(cas, Span(two, 0, 1))
    assert found
    assert set(found.xorbs) == {one.hash, two.hash, three.hash}


def test_only_first_chunks_and_one_in_a_thousand_can_be_asked_for(ana: Api) -> None:
    cas = own(ana)
    chance = random.Random(7)
    special = next(raw for raw in iter(lambda: chance.randbytes(64), None) if is_global(chunk_hash(raw)))
    xorb = pack([*noise(50, 60, seed="asked for"), special, b"last"])
    cas.upload(made_of(Span(xorb, 1, 4)))
    assert [knows(cas, Span(xorb, at, at + 1)) for at in range(4)] == [False, True, True, False]


def test_raw_chunk_hashes_never_leave(ana: Api) -> None:
    """Not in an answer, whose keys are fresh each time, nor where a file is put together."""
    cas, file = own(ana), some_file(100, 200, 300)
    cas.upload(file, "model.bin")
    hashes = [file.xorbs[0].chunks.hash_at(at) for at in range(3)]
    answers = [cas.chunk(first_of(file)).content for _ in range(5)]
    assert len({read_dedup_answer(answer).key for answer in answers}) == 5
    assert bytes(32) not in {read_dedup_answer(answer).key for answer in answers}
    keyed = [frozenset(chain.from_iterable(read_dedup_answer(answer).xorbs.values())) for answer in answers]
    assert not any(one & two for one, two in combinations(keyed, 2))
    others = [
        cas.reconstruction(file, version=1),
        cas.reconstruction(file),
        cas.api("GET", f"/api/models/{cas.repo}/tree/main"),
    ]
    for body in [*answers, *(other.content for other in others)]:
        for hash in hashes:
            assert hash not in body
            assert to_wire(hash).encode() not in body
            assert hash.hex().encode() not in body


def test_a_xorb_of_one_chunk_is_never_told(ana: Api) -> None:
    """Its name is its chunk's hash: with it, whoever was told could prove to have the chunk."""
    cas = own(ana)
    small, large = pack([b"a single chunk of ana"]), pack(noise(100, 200, seed="large"))
    assert to_raw(small.hash) == small.chunks.hash_at(0)
    cas.upload(made_of(Span(small, 0, 1), Span(large, 0, 2)))
    cas.upload(made_of(Span(small, 0, 1)))
    for span in (Span(small, 0, 1), Span(large, 0, 1)):
        answer = cas.chunk(span)
        if answer.status_code == 200:
            assert small.hash not in read_dedup_answer(answer.content).xorbs
            assert small.chunks.hash_at(0) not in answer.content


def test_a_xorb_that_no_file_uses_is_not_told(ana: Api) -> None:
    cas, file = own(ana), some_file()
    cas.send_xorb(file.xorbs[0])
    assert not knows(cas, file)
    false = file.lying(sha256="5" * 64)
    cas("POST", "/v1/shards", content=shard_of(false))
    assert not knows(cas, file)


# who learns what, in each scope: of a private file, of a public one


@pytest.fixture
def secret(ana: Api) -> tuple[Cas, MadeFile]:
    cas = own(ana, private=True)
    return cas, cas.upload(some_file(), "model.bin")


@pytest.fixture
def public(ana: Api) -> tuple[Cas, MadeFile]:
    cas = own(ana)
    return cas, cas.upload(some_file(), "model.bin")


Of = tuple[Cas, MadeFile]


def test_readable_tells_of_what_the_caller_may_read(
    ana: Api, otto: Api, anonymous: Api, secret: Of, public: Of
) -> None:
    assert ana.hub.dedup_scope is DedupScope.READABLE, "unless the operator decides otherwise"
    mine, strangers = own(ana), own(otto)
    reader = cas_of(anonymous, public[0].repo, writes=False)
    assert knows(mine, secret[1]) and knows(mine, public[1])
    for stranger in (strangers, reader):
        assert not knows(stranger, secret[1])
        assert knows(stranger, public[1])


def test_repo_tells_of_the_repository_alone(ana: Api, otto: Api, secret: Of, public: Of, scoped: Scoped) -> None:
    for cas, file in (secret, public):
        assert knows(scoped(cas, DedupScope.REPO), file)
        assert not knows(scoped(own(ana), DedupScope.REPO), file)
        assert not knows(scoped(own(otto), DedupScope.REPO), file)


def test_instance_tells_of_everything(otto: Api, secret: Of, public: Of, scoped: Scoped) -> None:
    for _, file in (secret, public):
        assert knows(scoped(own(otto), DedupScope.INSTANCE), file)


def test_off_tells_nothing(secret: Of, public: Of, scoped: Scoped) -> None:
    for cas, file in (secret, public):
        assert not knows(scoped(cas, DedupScope.OFF), file)


@pytest.mark.parametrize("scope", DedupScope)
def test_a_file_of_no_repository_is_told_in_no_scope(ana: Api, scope: DedupScope, scoped: Scoped) -> None:
    cas = own(ana)
    file = cas.upload(some_file(), "model.bin")
    assert ana("DELETE", f"/api/models/{cas.repo}/lfs-files/{file.sha256}?rewriteHistory=1").status_code == 200
    assert not knows(scoped(cas, scope), file)


def test_a_stranger_is_told_the_readable_neighbours_alone(ana: Api, otto: Api) -> None:
    """A public and a private file share a xorb: what surrounds the private one stays unknown."""
    shared, hidden = pack(noise(100, 200, seed="shared")), pack(noise(100, 200, seed="hidden"))
    own(ana).upload(made_of(Span(shared, 0, 2)))
    own(ana, private=True).upload(made_of(Span(shared, 0, 2), Span(hidden, 0, 2)))
    found = told(own(otto), Span(shared, 0, 1))
    assert found
    assert set(found.xorbs) == {shared.hash}
    assert not knows(own(otto), Span(hidden, 0, 1))
    everything = told(own(ana), Span(shared, 0, 1))
    assert everything
    assert set(everything.xorbs) == {shared.hash, hidden.hash}


def test_what_became_private_is_told_no_more(ana: Api, otto: Api, public: Of) -> None:
    stranger, file = own(otto), public[1]
    assert knows(stranger, file)
    assert ana("PUT", f"/api/models/{public[0].repo}/settings", json={"private": True}).status_code == 200
    assert not knows(stranger, file)


def test_behind_a_gate_nothing_is_told(ana: Api, otto: Api, public: Of) -> None:
    stranger, file = own(otto), public[1]
    assert ana("PUT", f"/api/models/{public[0].repo}/settings", json={"gated": "auto"}).status_code == 200
    assert not knows(stranger, file)
    assert knows(own(ana), file)


def test_a_member_who_left_is_told_no_more(ana: Api, otto: Api) -> None:
    org = f"told-{ana.name}"
    create_org(ana.hub.db, None, org)
    set_member(ana.hub.db, None, org, ana.name, Role.ADMIN)
    set_member(ana.hub.db, None, org, otto.name, Role.READ)
    file = cas_of(ana, ana.repo("secret", organization=org, private=True)).upload(some_file())
    mine = own(otto)
    assert knows(mine, file)
    remove_member(ana.hub.db, None, org, otto.name)
    assert not knows(mine, file)


def test_both_prefixes_of_the_field_serve(public: Of) -> None:
    cas, file = public
    chunk = to_wire(file.xorbs[0].chunks.hash_at(0))
    for prefix in ("default", "default-merkledb"):
        assert cas("GET", f"/v1/chunks/{prefix}/{chunk}").status_code == 200


def test_packed_is_what_a_client_makes() -> None:
    """The tests' own xorbs have the names that chunks give them."""
    some: Packed = pack(noise(10, 20, seed=1))
    assert some.chunks.hash_at(1) == chunk_hash(some.raws[1])
