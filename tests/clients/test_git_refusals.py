"""Pushes that must not get in, and what git tells their author: what is wrong and how to cure it."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import zlib
from pathlib import Path

import httpx
import pytest
from tests.clients.git_work import Git, create_repo, git_in, remote_refs, url_of
from tests.running import Person, Server

pytestmark = pytest.mark.client

NULL = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return git_in(tmp_path)


@pytest.fixture
def url(server: Server, person: Person) -> str:
    return url_of(server, create_repo(server, person, "iris"), person)


def line(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return b"%04x" % (len(data) + 4) + data


def commands(*changes: tuple[str, str, str], capabilities: str = "report-status side-band-64k") -> bytes:
    lines = [f"{old} {new} {ref}" for old, new, ref in changes]
    first, rest = lines[0], lines[1:]
    return line(f"{first}\0 {capabilities}") + b"".join(line(other) for other in rest) + b"0000"


def send(url: str, body: bytes, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{url}/git-receive-pack",
        content=body,
        headers={"Content-Type": "application/x-git-receive-pack-request", **headers},
        timeout=60,
    )


def pack(*objects: tuple[int, bytes], count: int | None = None) -> bytes:
    body = b"PACK" + struct.pack(">II", 2, len(objects) if count is None else count)
    for kind, data in objects:
        size, first = len(data), True
        while True:
            low = size & (15 if first else 127)
            size >>= 4 if first else 7
            byte = (kind << 4 if first else 0) | low | (128 if size else 0)
            body += bytes([byte])
            first = False
            if not size:
                break
        body += zlib.compress(data)
    return body + hashlib.sha1(body).digest()


def test_a_big_file_that_is_not_in_lfs_is_refused_with_the_cure(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    before = remote_refs(git, url)
    work.commit({"notes/big.dat": os.urandom(10_000_001)})
    printed = work.fails("push")
    assert "notes/big.dat" in printed
    assert "git lfs" in printed
    assert remote_refs(git, url) == before


def test_a_big_file_that_was_deleted_again_still_lies_in_the_history(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    work.commit({"big.dat": os.urandom(10_000_001)})
    (work.folder / "big.dat").unlink()
    work.commit({"a": "1"})
    assert "big.dat" in work.fails("push")


def test_a_file_of_just_the_limit_is_taken(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    work.commit({"big.txt": b"x" * 10_000_000})
    work("push")


def test_a_broken_pointer_is_refused_by_name(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    work.commit({"w.txt": "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 3\n"})
    printed = work.fails("push")
    assert "w.txt" in printed
    assert "broken Git LFS pointer" in printed


def test_a_pointer_to_what_was_never_uploaded_is_refused_with_the_cure(git: Git, url: str) -> None:
    work = git.clone(url, "iris")
    sha = hashlib.sha256(b"never sent").hexdigest()
    work.commit({"w.txt": f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha}\nsize 10\n"})
    printed = work.fails("push")
    assert "w.txt" in printed or sha in printed
    assert "git lfs push --all" in printed


BAD_NAMES = [b".git", b".GIT", b".gIt", b"..", b".", b"git~1", b".git ", b".g\xe2\x80\x8cit"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_path_that_would_harm_whoever_checks_it_out_is_refused(git: Git, url: str, name: bytes) -> None:
    work = git.clone(url, "iris")
    blob = work.run("hash-object", "-w", "--stdin", input=b"[core]\n\tsshCommand = evil\n").stdout.strip().decode()
    tree = b"100644 " + name + b"\0" + bytes.fromhex(blob)
    oid = work.run("hash-object", "-w", "-t", "tree", "--literally", "--stdin", input=tree).stdout.strip().decode()
    commit = work.value("commit-tree", oid, "-m", "trap")
    before = remote_refs(git, url)
    work.fails("push", "origin", f"{commit}:refs/heads/trap")
    assert remote_refs(git, url) == before


@pytest.mark.parametrize(
    "ref",
    ["refs/heads/a..b", "refs/heads/a b", "refs/heads/.a", "refs/heads/a.lock", "refs/heads/a^", "refs/heads/", "HEAD",
     "refs/heads/a\\b", "refs/heads/@{x", "refs/heads/" + "x" * 2000,
     "refs/../x", "refs/heads/a~1", "heads/x", "refs/x"],
)  # fmt: skip
def test_a_malformed_ref_is_refused_and_the_repository_stays_usable(git: Git, url: str, ref: str) -> None:
    before = remote_refs(git, url)
    answer = send(url, commands((NULL, before["refs/heads/main"], ref)) + pack())
    assert answer.status_code in (200, 400)
    assert b"ok refs" not in answer.content
    assert remote_refs(git, url) == before


TREE = bytes.fromhex(EMPTY_TREE)
ORPHAN = f"tree {'1' * 40}\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nx".encode()
ORPHAN_OID = hashlib.sha1(b"commit %d\0" % len(ORPHAN) + ORPHAN).hexdigest()

BROKEN_PACKS = {
    "garbage": b"this is no pack",
    "nothing": b"",
    "cut": pack((3, b"hello"))[:-25],
    "wrong checksum": pack((3, b"hello"))[:-1] + b"\0",
    "too many announced": pack((3, b"hello"), count=9),
    "absurdly many announced": pack((3, b"hello"), count=4_000_000_000),
    "tail": pack((1, ORPHAN)) + b"tail",
    "commit without its tree": pack((1, ORPHAN)),
    "bad deflate": b"PACK" + struct.pack(">II", 2, 1) + b"\x35" + b"notzlib" + hashlib.sha1(b"").digest(),
}


@pytest.mark.parametrize("body", BROKEN_PACKS.values(), ids=BROKEN_PACKS.keys())
def test_a_broken_pack_changes_nothing_and_is_reported(git: Git, url: str, body: bytes) -> None:
    before = remote_refs(git, url)
    answer = send(url, commands((NULL, ORPHAN_OID, "refs/heads/x")) + body)
    assert answer.status_code in (200, 400)
    assert b"ok refs/heads/x" not in answer.content
    assert remote_refs(git, url) == before
    assert git.clone(url, "after").is_sound()


def test_a_ref_to_an_object_that_nobody_sent_is_refused(git: Git, url: str) -> None:
    before = remote_refs(git, url)
    answer = send(url, commands((NULL, "1" * 40, "refs/heads/x")) + pack())
    assert b"ok refs/heads/x" not in answer.content
    assert remote_refs(git, url) == before


def test_a_branch_must_be_a_commit(git: Git, url: str) -> None:
    blob = hashlib.sha1(b"blob 5\0hello").hexdigest()
    before = remote_refs(git, url)
    answer = send(url, commands((NULL, blob, "refs/heads/x")) + pack((3, b"hello")))
    assert b"ok refs/heads/x" not in answer.content
    assert remote_refs(git, url) == before


BROKEN_REQUESTS = {
    "nothing": b"",
    "no pkt-line": b"hello world",
    "a length that is none": b"zzzz",
    "a length of three": b"0003",
    "no old id": line("nonsense\0 report-status") + b"0000",
    "upper case ids": commands((NULL, "A" * 40, "refs/heads/x")),
    "cut in a command": commands((NULL, "1" * 40, "refs/heads/x"))[:30],
    "no flush": commands((NULL, "1" * 40, "refs/heads/x"))[:-4],
    "not UTF-8": line(NULL.encode() + b" " + b"1" * 40 + b" refs/heads/\xff\xfe\0 report-status") + b"0000",
}


@pytest.mark.parametrize("body", BROKEN_REQUESTS.values(), ids=BROKEN_REQUESTS.keys())
def test_a_request_out_of_protocol_is_answered_not_crashed_on(git: Git, url: str, body: bytes) -> None:
    before = remote_refs(git, url)
    answer = send(url, body)
    assert answer.status_code in (200, 400)
    assert b"ok refs/heads/x" not in answer.content
    assert remote_refs(git, url) == before


def test_gits_probe_is_answered(url: str) -> None:
    assert send(url, b"0000").status_code == 200


def test_the_same_ref_twice_in_one_push_is_refused(git: Git, url: str) -> None:
    before = remote_refs(git, url)
    tip = before["refs/heads/main"]
    answer = send(url, commands((NULL, tip, "refs/heads/x"), (NULL, tip, "refs/heads/x")) + pack())
    assert answer.status_code in (200, 400)
    assert "refs/heads/x" not in remote_refs(git, url) or answer.content.count(b"ok refs/heads/x") == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"not gzip", 400), (gzip.compress(b"0000", mtime=0)[:-6], 400), (gzip.compress(b"0000", mtime=0), 200)],
)
def test_a_compressed_push_is_inflated_or_refused(url: str, body: bytes, status: int) -> None:
    assert send(url, body, **{"Content-Encoding": "gzip"}).status_code == status


def test_a_compressed_bomb_in_a_fetch_is_stopped(url: str) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"0" * (1 << 20)) for _ in range(300)) + packer.flush()
    answer = httpx.post(
        f"{url}/git-upload-pack",
        content=bomb,
        headers={"Content-Type": "application/x-git-upload-pack-request", "Content-Encoding": "gzip"},
        timeout=60,
    )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"0032want " + b"1" * 40 + b"\n00000009done\n", b"0014command=ls-refs\n"]
)
def test_a_strange_fetch_is_answered_not_crashed_on(url: str, body: bytes) -> None:
    for version in ("version=0", "version=2"):
        answer = httpx.post(
            f"{url}/git-upload-pack",
            content=body,
            headers={"Content-Type": "application/x-git-upload-pack-request", "Git-Protocol": version},
            timeout=60,
        )
        assert answer.status_code < 500


def test_another_repositorys_object_is_not_given_out_by_its_id(
    git: Git, server: Server, person: Person, stranger: Person, url: str
) -> None:
    secret = url_of(server, create_repo(server, stranger, "secret", private=True), stranger)
    theirs = git.clone(secret, "theirs")
    tip = theirs.commit({"s": "secret"})
    theirs("push")
    fresh = git.new("fresh")
    assert "not our ref" in fresh.fails("fetch", url, tip)


def test_a_push_over_the_limit_is_told_so(git: Git, own_server: object) -> None:
    server: Server = own_server(push_size_max_bytes="300000").start()  # type: ignore[operator]
    person = server.person("ana")
    url = url_of(server, create_repo(server, person, "iris"), person)
    work = git.clone(url, "iris")
    work.commit({"a": os.urandom(2_000_000)})
    printed = work.fails("push")
    assert "300000" in printed, printed
    assert len(remote_refs(git, url)) == 1
    work("reset", "-q", "--hard", "HEAD~1")
    work.commit({"a": "small"})
    work("push")
