"""Files in parts into the data folder: good clients, bad ones, and a server that dies in the middle."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.clients.git_work import api, create_repo
from tests.clients.lfs_parts import MEBI, PART, Json, Parts, ask, begin, is_here, large
from tests.clients.test_lfs_wire import batch, refusal, sha, upload
from tests.running import Person, Server, kills

pytestmark = pytest.mark.client

SIZE = PART + 3 * MEBI + 5
SETTINGS = {"lfs_multipart_size_min_bytes": "10000000"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("hub") / "data", SETTINGS).start()
    yield running
    running.stop()


@pytest.fixture
def path(server: Server, person: Person) -> str:
    return create_repo(server, person, "iris")


def unfinished(server: Server) -> list[Path]:
    return list((server.data / "store/.uploads").glob("*"))


def test_parts_in_any_order_become_the_file(server: Server, person: Person, path: str) -> None:
    parts = begin(server, person, path, large(2 * PART + 7))
    assert (parts.chunk_size, len(parts.urls)) == (PART, 3)
    told = [parts.sent(number) for number in (3, 1, 2)]
    assert not is_here(server, person, path, parts.data)
    assert parts.verified().status_code == 200, "who verifies may mean the end"
    assert parts.complete(told).status_code == 200, "once more is fine"
    assert parts.verified().status_code == 200
    assert is_here(server, person, path, parts.data)
    assert unfinished(server) == []


def test_the_list_of_parts_ends_an_upload(server: Server, person: Person, path: str) -> None:
    parts = begin(server, person, path, large(SIZE))
    assert parts.complete(parts.all_sent()).status_code == 200
    assert is_here(server, person, path, parts.data)
    again = ask(server, person, path, parts.data)["objects"][0]
    assert "actions" not in again


def test_a_file_that_another_repository_has_is_stored_once(server: Server, person: Person, path: str) -> None:
    data = large(SIZE + 1)
    other = create_repo(server, person, "other")
    for where in (path, other):
        parts = begin(server, person, where, data)
        assert parts.complete(parts.all_sent()).status_code == 200
        assert is_here(server, person, where, data)


def test_an_upload_goes_on_in_a_server_that_was_killed(server: Server, person: Person, path: str) -> None:
    """The same addresses, the same parts: also the part in whose middle it died."""
    parts = begin(server, person, path, large(2 * PART + 9))
    told = [parts.sent(1)]
    half = _half_a_part(server, parts, 2)
    server.kill()
    half.close()
    server.start()
    listed = httpx.get(parts.end).json()
    assert (listed["chunk_size"], [part["partNumber"] for part in listed["parts"]]) == (PART, [1])
    assert listed["parts"][0]["etag"] == told[0]["etag"]
    refusal(parts.complete([*told, {"partNumber": 2, "etag": '"x"'}, {"partNumber": 3, "etag": '"y"'}]), 422)
    told += [parts.sent(2), parts.sent(3)]
    assert parts.complete(told).status_code == 200
    assert is_here(server, person, path, parts.data)


def _half_a_part(server: Server, parts: Parts, number: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    target = parts.urls[number - 1].removeprefix(server.url)
    piece = parts.piece(number)
    head = f"PUT {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {len(piece)}\r\n\r\n"
    connection.sendall(head.encode() + piece[: len(piece) // 2])
    return connection


def test_an_upload_survives_deaths_at_random_moments(server: Server, person: Person, path: str) -> None:
    """What was acknowledged stays; what was not is sent again, to the same addresses."""
    chance = random.Random(20261127)
    parts = begin(server, person, path, large(3 * PART + 17))
    told: dict[int, Json] = {}
    for _ in range(kills(6)):
        killer = threading.Timer(chance.uniform(0.05, 1.5), server.kill)
        killer.start()
        with contextlib.suppress(httpx.TransportError):
            while True:
                for number in range(1, 5):
                    told[number] = parts.sent(number)
        killer.join()
        server.start()
        here = {part["partNumber"]: part["etag"] for part in httpx.get(parts.end).json()["parts"]}
        assert {number: part["etag"] for number, part in told.items()}.items() <= here.items()
    killer = threading.Timer(chance.uniform(0.05, 0.5), server.kill)
    told = {number: parts.sent(number) for number in range(1, 5)}
    killer.start()
    with contextlib.suppress(httpx.TransportError):
        while True:
            parts.complete([told[number] for number in sorted(told)])
    killer.join()
    server.start()
    assert parts.complete([told[number] for number in sorted(told)]).status_code == 200
    assert is_here(server, person, path, parts.data)
    assert unfinished(server) == []


@pytest.mark.parametrize("failpoint", ["lfs_parts_joined", "lfs_parts_published"])
def test_a_death_while_it_is_completed_is_made_good_by_asking_again(
    server: Server, person: Person, path: str, failpoint: str
) -> None:
    parts = begin(server, person, path, large(SIZE))
    told = parts.all_sent()
    server.stop()
    server.start(ZOCO_FAILPOINT=failpoint)
    with pytest.raises(httpx.TransportError):
        parts.complete(told)
    server.kill()
    server.start()
    assert is_here(server, person, path, parts.data) is (failpoint == "lfs_parts_published")
    assert parts.complete(told).status_code == 200
    assert is_here(server, person, path, parts.data)
    assert unfinished(server) == []


def test_bytes_that_are_not_the_file_are_refused_and_thrown_away(server: Server, person: Person, path: str) -> None:
    parts = begin(server, person, path, large(SIZE))
    told = parts.all_sent()
    wrong = parts.send(1, bytes(PART))
    assert wrong.status_code == 200, "nobody can know yet"
    assert "send it again" in refusal(parts.complete(told), 422), "the list names another part 1"
    told[0]["etag"] = wrong.headers["etag"]
    assert "SHA-256" in refusal(parts.complete(told), 422)
    assert not is_here(server, person, path, parts.data)
    assert unfinished(server) == []
    refusal(parts.complete(told), 404)
    refusal(parts.send(1), 404)
    refusal(parts.verified(), 404)
    again = begin(server, person, path, parts.data)
    assert again.complete(again.all_sent()).status_code == 200


def test_a_list_that_is_not_that_of_the_parts_is_refused_and_the_upload_goes_on(
    server: Server, person: Person, path: str
) -> None:
    parts = begin(server, person, path, large(SIZE))
    one = parts.sent(1)
    two = {"partNumber": 2, "etag": '"00000000-0"'}
    assert "Part 2" in refusal(parts.complete([one, two]), 422)
    assert "not the 2" in refusal(parts.complete([one]), 422)
    assert "Part 2" in refusal(parts.verified(), 422)
    parts.sent(2)
    assert "ETag" in refusal(parts.complete([one, two]), 422)
    for number in (0, -1, 10_001, 10**30, "1", 1.0, True, None):
        refusal(parts.complete([one, {"partNumber": number, "etag": "x"}]), 422)
    refusal(parts.complete([one, one]), 422)
    refusal(parts.complete([one, {"partNumber": 3, "etag": "x"}]), 422)
    refusal(parts.complete([one, {"partNumber": 2}]), 422)
    refusal(parts.complete([one, 7]), 422)  # type: ignore[list-item]
    refusal(parts.complete([], oid="0" * 64), 422)
    refusal(httpx.post(parts.end, content=b"{"), 400)
    refusal(httpx.post(parts.end, content=b" " * (5 << 20)), 413)
    assert parts.complete([parts.sent(2), one]).status_code == 200
    assert is_here(server, person, path, parts.data)


def test_a_part_has_its_size(server: Server, person: Person, path: str) -> None:
    parts = begin(server, person, path, large(SIZE))
    assert "announced" in refusal(parts.send(1, bytes(PART + 1)), 422)
    assert "announced" in refusal(parts.send(2, bytes(PART)), 422)

    def pieces(size: int) -> Iterator[bytes]:
        yield from (bytes(MEBI) for _ in range(size // MEBI))
        yield b"x"

    assert "More bytes" in refusal(httpx.put(parts.urls[0], content=pieces(PART)), 422)
    assert "Only" in refusal(httpx.put(parts.urls[0], content=pieces(MEBI)), 422)
    assert httpx.get(parts.end).json()["parts"] == []


def test_an_address_is_good_for_its_own_part_of_its_own_upload(
    server: Server, person: Person, stranger: Person, path: str
) -> None:
    parts = begin(server, person, path, large(SIZE))
    other = begin(server, person, path, large(SIZE + 5))
    first, second = parts.urls
    for number in ("2", "0", "-1", "3", "99999999999999999999", "1/1", "x"):
        assert httpx.put(first.replace("/1?", f"/{number}?"), content=b"x").status_code in (401, 404, 405), number
    stolen = f"{first.split('?')[0]}?{other.urls[0].split('?')[1]}"
    refusal(httpx.put(stolen, content=b"x"), 401)
    refusal(httpx.put(f"{first.split('?')[0]}?{second.split('?')[1]}", content=b"x"), 401)
    refusal(httpx.put(f"{first.split('?')[0]}?{parts.end.split('?')[1]}", content=b"x"), 401)
    refusal(httpx.put(first.split("?")[0], content=b"x", auth=(person.name, person.token)), 401)
    refusal(httpx.post(f"{parts.end.split('?')[0]}?{other.end.split('?')[1]}", json={}), 401)
    theirs = create_repo(server, stranger, "theirs")
    refusal(httpx.put(first.replace(f"/{path}.git", f"/{theirs}.git"), content=b"x"), 403)
    mine = create_repo(server, person, "mine")
    refusal(httpx.put(first.replace(f"/{path}.git", f"/{mine}.git"), content=b"x"), 404)


def test_an_address_ends_with_the_rights_it_was_made_from(server: Server, person: Person, path: str) -> None:
    parts = begin(server, person, path, large(SIZE))
    parts.sent(1)
    deleted = api(server, person, "DELETE", "/api/repos/delete", {"name": "iris", "organization": None})
    assert deleted.status_code == 200
    assert parts.send(2).status_code == 404
    assert parts.complete([]).status_code == 404
    create_repo(server, person, "iris")
    assert parts.send(2).status_code == 404


def test_an_address_ends_with_the_token_that_asked_for_it(server: Server, person: Person, path: str) -> None:
    parts = begin(server, person, path, large(SIZE))
    told = [parts.sent(1)]
    listed = json.loads(server.cli("token", "list", person.name, "--json").stdout)
    for token in listed:
        server.cli("token", "delete", person.name, str(token["id"]), "--yes")
    refusal(parts.send(2), 401)
    refusal(parts.complete(told), 401)
    refusal(httpx.get(parts.end), 401)
    refusal(parts.verified(), 401)


def test_an_address_expires(own_server: Callable[..., Server]) -> None:
    server = own_server(signed_url_lifetime_s="-1000", **SETTINGS).start()
    person = server.person("ana")
    parts = begin(server, person, create_repo(server, person, "iris"), large(SIZE))
    for answer in (parts.send(1), parts.complete([]), httpx.get(parts.end), parts.verified()):
        assert "expired" in refusal(answer, 401)


def test_who_asks_again_goes_on_with_what_was_begun(server: Server, person: Person, path: str) -> None:
    data = large(SIZE)
    parts = begin(server, person, path, data)
    one = parts.sent(1)
    later = begin(server, person, path, data)
    assert [part["partNumber"] for part in httpx.get(later.end).json()["parts"]] == [1]
    assert later.complete([one, later.sent(2)]).status_code == 200
    assert is_here(server, person, path, data)


def test_of_two_who_send_the_same_file_neither_fails(server: Server, person: Person, path: str) -> None:
    data = large(SIZE)
    first, second = begin(server, person, path, data), begin(server, person, path, data)
    told = second.sent(1)
    assert first.complete(first.all_sent()).status_code == 200
    assert second.complete([told, second.sent(2)]).status_code == 200
    assert second.verified().status_code == 200
    assert is_here(server, person, path, data)


def test_small_files_beside_a_large_one_come_whole_by_the_same_transfer(
    server: Server, person: Person, path: str
) -> None:
    """git-lfs gives all files of a batch to one agent; huggingface_hub looks at each."""
    small, big = b"small enough", large(SIZE)
    upload(server, person, path, b"here")
    objects = [{"oid": sha(data), "size": len(data)} for data in (small, b"here", big)]
    answer = batch(server, person, path, "upload", *objects, transfers=["basic", "multipart"]).json()
    assert answer["transfer"] == "multipart"
    one, here, _ = answer["objects"]
    assert "actions" not in here
    href, header = one["actions"]["upload"]["href"], one["actions"]["upload"]["header"]
    assert header["chunk_size"] == str(len(small))
    assert [name for name in header if name.isdecimal()] == ["00001"]
    refusal(httpx.post(href, json={"oid": sha(small), "parts": []}), 404)
    sent = httpx.put(header["00001"], content=small)
    assert (sent.status_code, bool(sent.headers["etag"])) == (200, True)
    body = {"oid": sha(small), "parts": [{"partNumber": 1, "etag": sent.headers["etag"]}]}
    assert httpx.post(href, json=body).status_code == 200
    assert is_here(server, person, path, small)


def test_a_client_that_knows_only_multipart_is_served(server: Server, person: Person, path: str) -> None:
    answer = ask(server, person, path, b"small", transfers=("multipart",))
    assert answer["transfer"] == "multipart"
    assert "chunk_size" in answer["objects"][0]["actions"]["upload"]["header"]


def test_what_was_only_announced_takes_no_disk(server: Server, person: Person, path: str) -> None:
    before = unfinished(server)
    objects = [{"oid": sha(str(number).encode()), "size": 500 * 10**9} for number in range(200)]
    answer = batch(server, person, path, "upload", *objects, transfers=["basic", "multipart"])
    assert len(answer.content) < 40_000_000
    ways = ["chunk_size" in one["actions"]["upload"]["header"] for one in answer.json()["objects"]]
    assert all(ways)
    assert unfinished(server) == before
