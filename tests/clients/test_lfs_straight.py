"""Large files straight to and from an S3 store: what counts is what was read back, whoever writes there meanwhile."""

from __future__ import annotations

import hashlib
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.clients.git_work import Git, api, create_repo, git_in, url_of
from tests.clients.held_store import HeldStore, held_store
from tests.clients.lfs_parts import MEBI, PART, Json, Parts, ask, begin, is_here, large
from tests.clients.test_lfs_wire import batch, refusal, sha
from tests.running import Person, Server
from tests.services import PostgresServer, S3Server, postgres_server, s3_server

from zoco.adapters.blobs.object import ObjectBlobStore

__all__ = ["postgres_server", "s3_server"]

pytestmark = [pytest.mark.client, pytest.mark.s3]

SIZE = 9 * MEBI + 1


@pytest.fixture(scope="module")
def settings(s3_server: S3Server) -> dict[str, str]:
    return settings_for(s3_server)


def settings_for(store: S3Server, endpoint: str = "", **more: str) -> dict[str, str]:
    return {
        "storage_url": store.fresh_bucket(),
        "storage_endpoint": endpoint or store.endpoint,
        "storage_access_key": store.access_key,
        "storage_secret_key": store.secret_key,
        "lfs_multipart_size_min_bytes": str(PART),
        **more,
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str]) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("hub") / "data", settings).start()
    yield running
    running.stop()


@pytest.fixture
def path(server: Server, person: Person) -> str:
    return create_repo(server, person, "iris")


def straight(server: Server, who: Person, path: str, data: bytes) -> Parts:
    """One PUT to the store, and then verify."""
    answer = ask(server, who, path, data, transfers=("basic",))
    assert answer["transfer"] == "basic"
    actions = answer["objects"][0]["actions"]
    assert "header" not in actions["upload"]
    assert actions["upload"]["href"].startswith(server.settings["storage_endpoint"])
    return Parts(data, len(data), [actions["upload"]["href"]], "", actions["verify"]["href"])


def stored(server: Server, tmp_path: Path) -> list[int]:
    """The sizes of all LFS files in the store, and of what is on its way there."""
    named = {name.removeprefix("storage_"): value for name, value in server.settings.items() if "storage_" in name}
    blobs = ObjectBlobStore(**named, scratch=tmp_path / "scratch")  # type: ignore[arg-type]
    assert blobs.parts
    return sorted([blobs.size(key) for key in blobs.keys("lfs/")] + [0 for _ in blobs.parts.unfinished("lfs/")])


def test_a_file_counts_when_it_was_read_back(server: Server, person: Person, path: str) -> None:
    up = straight(server, person, path, large(SIZE))
    assert refusal(up.verified(), 422), "nothing came"
    assert up.send(1).status_code == 200
    assert not is_here(server, person, path, up.data), "nobody said that it is complete"
    commit = {"key": "lfsFile", "value": {"path": "m.bin", "algo": "sha256", "oid": up.oid, "size": SIZE}}
    refused = _commit(server, person, path, commit)
    assert refused.status_code == 422
    assert "was not uploaded" in refused.text
    assert up.verified().status_code == 200
    assert up.verified().status_code == 200
    assert is_here(server, person, path, up.data)
    assert _commit(server, person, path, commit).status_code == 200
    log = server.log.read_text()
    assert "info/lfs/objects" not in log.replace("info/lfs/objects/batch", "").replace(f"objects/{up.oid}", "", 1)
    assert "X-Amz-Signature" not in log


def _commit(server: Server, who: Person, path: str, line: Json) -> httpx.Response:
    import json

    header = {"key": "header", "value": {"summary": "add"}}
    return httpx.post(
        f"{server.url}/api/models/{path}/commit/main",
        content="\n".join(json.dumps(one) for one in (header, line)),
        headers={"Authorization": f"Bearer {who.token}", "Content-Type": "application/x-ndjson"},
    )


def test_other_bytes_are_refused_and_thrown_away(server: Server, person: Person, path: str, tmp_path: Path) -> None:
    before = stored(server, tmp_path)
    up = straight(server, person, path, large(SIZE))
    assert up.send(1, bytes(SIZE - 1)).status_code == 403, "the store itself checks the length"
    assert up.send(1, bytes(SIZE + 1)).status_code == 403
    assert up.send(1, bytes(SIZE)).status_code == 200
    assert "SHA-256" in refusal(up.verified(), 422)
    refusal(up.verified(), 404)
    assert not is_here(server, person, path, up.data)
    assert stored(server, tmp_path) == before


def test_nobody_changes_a_file_after_it_was_checked(server: Server, person: Person, path: str) -> None:
    """The address is good for an hour more: what it gives is nothing."""
    up = straight(server, person, path, large(SIZE))
    up.sent(1)
    assert up.verified().status_code == 200
    for evil in (bytes(SIZE), b"", up.data):
        assert 400 <= up.send(1, evil).status_code < 500
    assert is_here(server, person, path, up.data)


def test_nobody_changes_a_file_while_it_is_checked(server: Server, person: Person, path: str) -> None:
    """An attacker sends other bytes to the same address all the time: what counts is what was asked for, or nothing."""
    outcomes = set()
    for _ in range(6):
        up = straight(server, person, path, large(SIZE))
        up.sent(1)
        is_over = threading.Event()

        def attack(up: Parts = up, is_over: threading.Event = is_over) -> None:
            evil = bytes(SIZE)
            while not is_over.is_set():
                up.send(1, evil)

        attacking = [threading.Thread(target=attack) for _ in range(2)]
        for one in attacking:
            one.start()
        answer = up.verified()
        is_over.set()
        for one in attacking:
            one.join()
        outcomes.add(answer.status_code)
        assert answer.status_code in (200, 422)
        assert is_here(server, person, path, up.data) is (answer.status_code == 200)
    assert outcomes


def test_a_swap_between_reading_and_believing_is_not_possible(
    s3_server: S3Server, own_server: Callable[..., Server]
) -> None:
    """The store is held in the very moment of the check, and the attacker has all the time of the world."""
    with held_store(s3_server) as store:
        server = own_server(**settings_for(s3_server, store.endpoint)).start()
        person = server.person("eva")
        path = create_repo(server, person, "iris")
        up = straight(server, person, path, large(SIZE))
        up.sent(1)
        answers: list[httpx.Response] = []
        verifying = threading.Thread(target=lambda: answers.append(up.verified()))
        verifying.start()
        assert store.is_asked.wait(60)
        assert up.send(1, bytes(SIZE)).status_code == 404, "the address is worth nothing any more"
        store.may_read.set()
        verifying.join()
        assert [one.status_code for one in answers] == [200]
        assert is_here(server, person, path, up.data)


def test_parts_go_straight_too(server: Server, person: Person, path: str, tmp_path: Path) -> None:
    before = stored(server, tmp_path)
    parts = begin(server, person, path, large(PART + MEBI))
    assert all(url.startswith(server.settings["storage_endpoint"]) for url in parts.urls)
    assert parts.send(2, bytes(MEBI + 1)).status_code == 403
    assert parts.send(1, bytes(PART)).status_code == 200
    two = parts.sent(2)
    one = parts.sent(1)
    assert [part["partNumber"] for part in httpx.get(parts.end).json()["parts"]] == [1, 2]
    assert "ETag" in refusal(parts.complete([two | {"partNumber": 1}, two]), 422)
    refusal(parts.complete([one]), 422)
    assert parts.complete([one, two]).status_code == 200
    assert parts.complete([one, two]).status_code == 200
    assert parts.send(1, bytes(PART)).status_code == 404
    assert is_here(server, person, path, parts.data)
    bad = begin(server, person, path, large(PART + MEBI))
    wrong = [bad.sent(1), {"partNumber": 2, "etag": bad.send(2, bytes(MEBI)).headers["etag"]}]
    assert "SHA-256" in refusal(bad.complete(wrong), 422)
    assert stored(server, tmp_path) == sorted([*before, PART + MEBI])


def test_small_files_come_through_us(server: Server, person: Person, path: str) -> None:
    href = ask(server, person, path, b"small")["objects"][0]["actions"]["upload"]["href"]
    assert href.startswith(server.url)


def test_what_two_repositories_have_is_stored_once(server: Server, person: Person, path: str, tmp_path: Path) -> None:
    data = large(SIZE + 3)
    for where in (path, create_repo(server, person, "other")):
        up = straight(server, person, where, data)
        refusal(up.verified(), 422)
        up.sent(1)
        assert up.verified().status_code == 200
        assert is_here(server, person, where, data)
    assert sum(size == SIZE + 3 for size in stored(server, tmp_path)) <= 2, "the second copy is doomed at once"


def test_downloads_may_be_kept_off_the_store_and_uploads_too(
    s3_server: S3Server, own_server: Callable[..., Server]
) -> None:
    """A store that only the server reaches: files of any size still come, in parts too."""
    server = own_server(**settings_for(s3_server, direct_transfers="off")).start()
    person = server.person("ana")
    path = create_repo(server, person, "iris")
    small, big = large(SIZE), large(PART + MEBI)
    up = ask(server, person, path, small)["objects"][0]["actions"]["upload"]["href"]
    parts = begin(server, person, path, big)
    assert all(url.startswith(server.url) for url in [up, *parts.urls])
    assert httpx.put(up, content=small).status_code == 200
    told = [parts.sent(2), parts.sent(1)]
    assert parts.complete(told).status_code == 200
    for data in (small, big):
        named = {"oid": sha(data), "size": len(data)}
        down = batch(server, person, path, "download", named).json()["objects"][0]["actions"]["download"]["href"]
        got = httpx.get(down)
        assert (got.status_code, hashlib.sha256(got.content).hexdigest()) == (200, sha(data))


@pytest.mark.postgres
def test_any_node_ends_what_another_began(
    s3_server: S3Server, postgres_server: PostgresServer, own_server: Callable[..., Server]
) -> None:
    shared = settings_for(
        s3_server, database_url=postgres_server.fresh_database(), secret_key="one secret that both nodes share"
    )
    one, two = own_server(name="one", **shared), own_server(name="two", **shared)
    one.data.mkdir(parents=True)
    one.cli("migrate")
    one.start()
    two.start()
    person = one.person("ana")
    path = create_repo(one, person, "iris")
    up = straight(one, person, path, large(SIZE))
    up.sent(1)
    up.verify = up.verify.replace(one.url, two.url)
    assert up.verified().status_code == 200
    parts = begin(one, person, path, large(PART + 1))
    told = parts.all_sent()
    answers: list[int] = []
    ends = [parts.end, parts.end.replace(one.url, two.url)]
    asking = [threading.Thread(target=lambda end=end: answers.append(_completed(end, parts, told))) for end in ends * 2]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert answers == [200] * 4, "both may be asked at once"
    assert all(is_here(node, person, path, file.data) for node in (one, two) for file in (up, parts))


def _completed(end: str, parts: Parts, told: list[Json]) -> int:
    return httpx.post(end, json={"oid": parts.oid, "parts": told}, timeout=120).status_code


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return git_in(tmp_path, lfs=True)


def test_git_lfs_sends_to_the_store_and_fetches_from_it(git: Git, server: Server, person: Person, path: str) -> None:
    work = git.clone(url_of(server, path, person), "work")
    data = large(SIZE + 7)
    work.commit({"m.bin": data, "small.bin": b"small"})
    printed = work("push", GIT_CURL_VERBOSE="1")
    puts = [line for line in printed.splitlines() if line.startswith("> PUT ")]
    assert len(puts) == 2, printed
    assert sum("partNumber=1" in line for line in puts) == 1
    assert (git.clone(url_of(server, path), "other").folder / "m.bin").read_bytes() == data


@pytest.fixture
def slow(s3_server: S3Server, own_server: Callable[..., Server]) -> Iterator[tuple[Server, HeldStore]]:
    with held_store(s3_server) as store:
        yield own_server(**settings_for(s3_server, store.endpoint, lfs_answer_within_s="1")).start(), store


def test_git_lfs_waits_for_a_check_that_takes_longer_than_its_patience(
    git: Git, slow: tuple[Server, HeldStore]
) -> None:
    server, store = slow
    person = server.person("ana")
    path = create_repo(server, person, "iris")
    work = git.clone(url_of(server, path, person), "work")
    data = large(SIZE)
    work.commit({"m.bin": data})
    pushing = work.start("-c", "lfs.activitytimeout=3", "push")
    asked = _wait_for(pushing, lambda: server.log.read_text().count("info/lfs/verify") >= 5)
    store.may_read.set()
    printed = pushing.communicate(timeout=120)[0].decode()
    assert asked, printed
    assert pushing.returncode == 0, printed
    assert is_here(server, person, path, data)


def test_who_completes_a_slow_upload_hears_from_us_meanwhile(slow: tuple[Server, HeldStore]) -> None:
    server, store = slow
    person = server.person("ana")
    path = create_repo(server, person, "iris")
    parts = begin(server, person, path, large(PART + 1))
    told = parts.all_sent()
    with httpx.stream("POST", parts.end, json={"oid": parts.oid, "parts": told}, timeout=60) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_bytes()
        assert next(pieces) == b" "
        store.may_read.set()
        assert b"".join(pieces).strip() == b"{}"
    assert is_here(server, person, path, parts.data)


def test_a_slow_upload_that_is_wrong_is_cut_and_told_when_asked_again(slow: tuple[Server, HeldStore]) -> None:
    server, store = slow
    person = server.person("ana")
    path = create_repo(server, person, "iris")
    parts = begin(server, person, path, large(PART + 1))
    told = [{"partNumber": 1, "etag": parts.send(1, bytes(PART)).headers["etag"]}, parts.sent(2)]
    with (
        httpx.stream("POST", parts.end, json={"oid": parts.oid, "parts": told}, timeout=60) as answer,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        pieces = answer.iter_bytes()
        assert next(pieces) == b" "
        store.may_read.set()
        b"".join(pieces)
    refusal(parts.complete(told), 404)
    assert not is_here(server, person, path, parts.data)


def test_a_check_goes_on_when_nobody_waits(slow: tuple[Server, HeldStore]) -> None:
    server, store = slow
    person = server.person("ana")
    path = create_repo(server, person, "iris")
    up = straight(server, person, path, large(SIZE))
    up.sent(1)
    named = {"oid": up.oid, "size": SIZE}
    told = httpx.post(up.verify, json=named, timeout=60)
    assert told.status_code == 307
    assert told.headers["location"] == up.verify
    store.may_read.set()
    done = httpx.post(up.verify, json=named, timeout=60, follow_redirects=True)
    assert done.status_code == 200
    assert is_here(server, person, path, up.data)


def _wait_for(process: subprocess.Popen[bytes], happened: Callable[[], bool]) -> bool:
    """Polls, because a log tells nobody when it grows."""
    while not happened():
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        return False
    return True


def test_unfinished_uploads_of_a_deleted_repository_can_be_found(
    server: Server, person: Person, tmp_path: Path
) -> None:
    path = create_repo(server, person, "short-lived")
    up = straight(server, person, path, large(SIZE))
    up.sent(1)
    gone = api(server, person, "DELETE", "/api/repos/delete", {"name": "short-lived", "organization": None})
    assert gone.status_code == 200
    assert 0 in stored(server, tmp_path)
    assert up.verified().status_code == 404
