"""File locks with the real git-lfs by several people, and the wire itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.clients.git_work import Git, api, create_repo, git_in, url_of
from tests.clients.test_lfs_wire import post, refusal
from tests.running import Person, Server

pytestmark = pytest.mark.client


@pytest.fixture
def mate(server: Server, person: Person, stranger: Person) -> Person:
    """Somebody who works in the same repositories as `person`."""
    server.cli("org", "add", f"org-{person.name}")
    server.cli("org", "member", "add", f"org-{person.name}", person.name, "--role", "admin")
    server.cli("org", "member", "add", f"org-{person.name}", stranger.name, "--role", "write")
    return stranger


@pytest.fixture
def path(server: Server, person: Person, mate: Person) -> str:
    body = {"name": "iris", "organization": f"org-{person.name}", "type": "model"}
    assert api(server, person, "POST", "/api/repos/create", body).status_code == 200
    return f"org-{person.name}/iris"


@pytest.fixture
def works(tmp_path: Path, server: Server, path: str, person: Person, mate: Person) -> tuple[Git, Git]:
    """Both have the same two files, and verify locks as git-lfs advises."""
    git = git_in(tmp_path, lfs=True)
    made = [git.clone(url_of(server, path, who), who.name) for who in (person, mate)]
    for work in made:
        work("config", "lfs.locksverify", "true")
    made[0].commit({"m.bin": b"weights", "folder/ñ m.bin": b"more"})
    made[0]("push")
    made[1]("pull", "-q")
    return made[0], made[1]


def locks_of(server: Server, who: Person | None, where: str, **query: str) -> Any:
    auth = (who.name, who.token) if who else None
    answer = httpx.get(f"{server.url}/{where}.git/info/lfs/locks", params=query, auth=auth)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_locked_file_is_pushed_by_its_owner_only(works: tuple[Git, Git], person: Person) -> None:
    mine, theirs = works
    assert "Locked m.bin" in mine("lfs", "lock", "m.bin")
    assert person.name in theirs("lfs", "locks")
    theirs.commit({"m.bin": b"their weights"})
    printed = theirs.fails("push")
    assert "Cannot update locked files" in printed
    assert person.name in printed
    mine.commit({"m.bin": b"my weights"})
    printed = mine("push")
    assert "your lock" in printed.lower() or "m.bin" in printed
    mine("lfs", "unlock", "m.bin")
    assert mine("lfs", "locks").strip() == ""
    theirs("pull", "-q", "--rebase", "-X", "theirs")
    theirs("push")


def test_other_files_are_pushed_as_ever(works: tuple[Git, Git]) -> None:
    mine, theirs = works
    mine("lfs", "lock", "folder/ñ m.bin")
    theirs.commit({"m.bin": b"their weights", "notes.txt": "plain"})
    theirs("push")


def test_a_lock_is_taken_once_and_ended_by_its_owner_or_by_force(
    works: tuple[Git, Git], server: Server, person: Person, path: str
) -> None:
    mine, theirs = works
    mine("lfs", "lock", "m.bin")
    assert "locked by" in theirs.fails("lfs", "lock", "m.bin")
    assert "locked by" in mine.fails("lfs", "lock", "m.bin")
    assert "not by you" in theirs.fails("lfs", "unlock", "--id", locks_of(server, person, path)["locks"][0]["id"])
    theirs("lfs", "unlock", "--force", "m.bin")
    assert locks_of(server, person, path) == {"locks": []}
    assert "Locked m.bin" in theirs("lfs", "lock", "m.bin")


def test_force_needs_more_than_the_right_to_write(server: Server, person: Person, mate: Person, path: str) -> None:
    held = post(server, person, f"{path}.git/info/lfs/locks", {"path": "a.bin"}).json()["lock"]
    where = f"{path}.git/info/lfs/locks/{held['id']}/unlock"
    server.cli("org", "member", "add", f"org-{person.name}", mate.name, "--role", "contributor")
    refusal(post(server, mate, where, {"force": True}), 403)
    server.cli("org", "member", "add", f"org-{person.name}", mate.name, "--role", "write")
    weak = Person(mate.name, "", server.token(mate.name, "read"))
    refusal(post(server, weak, where, {"force": True}), 403)
    assert "not by you" in refusal(post(server, mate, where, {}), 403)
    assert "not by you" in refusal(post(server, mate, where, {"force": False}), 403)
    assert post(server, mate, where, {"force": True}).json()["lock"] == held
    refusal(post(server, mate, where, {"force": True}), 404)


def test_a_lock_is_seen_from_every_branch_and_under_every_name(
    works: tuple[Git, Git], server: Server, person: Person, path: str
) -> None:
    mine, theirs = works
    mine("lfs", "lock", "m.bin")
    theirs("checkout", "-q", "-b", "other")
    theirs("push", "-q", "-u", "origin", "other")
    assert "m.bin" in theirs("lfs", "locks")
    moved = {"fromRepo": path, "toRepo": f"{path}-2", "type": "model"}
    assert api(server, person, "POST", "/api/repos/move", moved).status_code == 200
    assert "m.bin" in theirs("lfs", "locks")
    theirs.commit({"m.bin": b"their weights"})
    assert "Cannot update locked files" in theirs.fails("push")
    mine("lfs", "unlock", "m.bin")
    theirs("push")


def test_without_the_switch_git_lfs_warns(works: tuple[Git, Git]) -> None:
    mine, theirs = works
    mine("lfs", "lock", "m.bin")
    theirs("config", "--unset", "lfs.locksverify")
    theirs.commit({"m.bin": b"their weights"})
    printed = theirs("push")
    assert "would have halted this push" in printed
    assert "locksverify true" in printed


# --- the wire ---


def test_the_forms_of_the_wire(server: Server, person: Person, path: str) -> None:
    locks = f"{path}.git/info/lfs/locks"
    made = post(server, person, locks, {"path": "a/b.bin", "ref": {"name": "refs/heads/main"}})
    assert made.status_code == 201
    lock = made.json()["lock"]
    assert set(lock) == {"id", "path", "locked_at", "owner"}
    assert (lock["path"], lock["owner"]) == ("a/b.bin", {"name": person.name})
    assert isinstance(lock["id"], str)
    taken = post(server, person, locks, {"path": "a/b.bin"})
    assert (taken.status_code, taken.json()["lock"]) == (409, lock)
    assert "locked by" in taken.json()["message"]
    assert taken.json()["request_id"] == taken.headers["x-request-id"]
    assert locks_of(server, None, path, path="a/b.bin", refspec="refs/heads/x") == {"locks": [lock]}
    assert locks_of(server, None, path, id=lock["id"]) == {"locks": [lock]}
    for nothing in ({"path": "a"}, {"id": "999999"}, {"id": "x"}, {"id": "9" * 50}):
        assert locks_of(server, None, path, **nothing) == {"locks": []}


def test_long_lists_come_in_pages(server: Server, person: Person, mate: Person, path: str) -> None:
    locks = f"{path}.git/info/lfs/locks"
    for number in range(7):
        who = person if number % 2 else mate
        assert post(server, who, locks, {"path": f"{number}.bin"}).status_code == 201
    seen, cursor = [], ""
    while True:
        page = locks_of(server, person, path, limit="3", cursor=cursor)
        seen += [lock["path"] for lock in page["locks"]]
        if not (cursor := page.get("next_cursor", "")):
            break
    assert seen == [f"{number}.bin" for number in range(7)]
    first = post(server, person, f"{locks}/verify", {"limit": 4}).json()
    second = post(server, person, f"{locks}/verify", {"limit": 4, "cursor": first["next_cursor"]}).json()
    assert "next_cursor" not in second
    ours = [lock["path"] for page in (first, second) for lock in page["ours"]]
    theirs = [lock["path"] for page in (first, second) for lock in page["theirs"]]
    assert ours == [f"{number}.bin" for number in (1, 3, 5)]
    assert theirs == [f"{number}.bin" for number in (0, 2, 4, 6)]
    everything = post(server, person, f"{locks}/verify", {"ref": {"name": "refs/heads/main"}, "limit": 0}).json()
    assert (len(everything["ours"]), len(everything["theirs"])) == (3, 4)


def test_what_is_no_lock_is_refused(server: Server, person: Person, path: str) -> None:
    locks = f"{path}.git/info/lfs/locks"
    for wrong in ("", "/a", "a/", "../a", "a//b", "a/./b", "a\0b", "\ud800", "x" * 5000, 7, None):
        assert "path" in refusal(post(server, person, locks, {"path": wrong}), 422)
    refusal(post(server, person, locks, None, content=b"["), 400)
    refusal(post(server, person, f"{locks}/verify", {"cursor": "x"}), 400)
    refusal(post(server, person, f"{locks}/verify", {"limit": -1}), 400)
    refusal(post(server, person, f"{locks}/verify", None, content=b" " * 100_000), 413)
    refusal(post(server, person, f"{locks}/1/unlock", {"force": "yes"}), 422)
    refusal(post(server, person, f"{locks}/x/unlock", {}), 404)
    refusal(post(server, person, f"{locks}/1/unlock", {}), 404)
    refusal(httpx.get(f"{server.url}/{locks}", params={"limit": "many"}), 400)
    assert post(server, person, locks, {"path": "'; DROP TABLE lfs_lock; --"}).status_code == 201


def test_who_may_not_write_takes_no_lock_and_who_may_not_read_sees_none(
    server: Server, person: Person, stranger: Person
) -> None:
    path = create_repo(server, person, "own")
    secret = create_repo(server, person, "secret", private=True)
    assert post(server, person, f"{secret}.git/info/lfs/locks", {"path": "a"}).status_code == 201
    for rest, body in (("locks", {"path": "a"}), ("locks/verify", {}), ("locks/1/unlock", {})):
        refusal(post(server, stranger, f"{path}.git/info/lfs/{rest}", body), 403)
        refusal(post(server, None, f"{path}.git/info/lfs/{rest}", body), 401)
        refusal(post(server, stranger, f"{secret}.git/info/lfs/{rest}", body), 404)
    refusal(httpx.get(f"{server.url}/{secret}.git/info/lfs/locks"), 401)
    refusal(httpx.get(f"{server.url}/{secret}.git/info/lfs/locks", auth=(stranger.name, stranger.token)), 404)
    mine = post(server, person, f"{path}.git/info/lfs/locks", {"path": "a"}).json()["lock"]["id"]
    other = create_repo(server, stranger, "theirs")
    refusal(post(server, stranger, f"{other}.git/info/lfs/locks/{mine}/unlock", {"force": True}), 404)


def test_locks_end_with_their_owner(server: Server, person: Person, mate: Person, path: str) -> None:
    for who in (person, mate):
        post(server, who, f"{path}.git/info/lfs/locks", {"path": f"{who.name}.bin"})
    server.cli("user", "delete", mate.name, "--yes")
    assert [lock["owner"]["name"] for lock in locks_of(server, person, path)["locks"]] == [person.name]
