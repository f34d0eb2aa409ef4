"""Pushes and fetches of the real git against a node's storage."""

from __future__ import annotations

import hashlib
import random
import shutil
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.git_node import Node, clone, commit_files, fsck, git, make_node, out, serve

from zoco.adapters.db.tables import job, pack, ref, ref_log
from zoco.core.errors import Invalid
from zoco.core.ids import NULL_OID, Oid
from zoco.formats.git.objects import Commit, Kind, Signature, TreeEntry, serialise_commit, serialise_tree
from zoco.formats.git.pack import PackWriter
from zoco.formats.git.pktline import FLUSH, encode
from zoco.hub.repos.push import Push


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    (tmp_path / "node").mkdir()
    with serve(make_node(tmp_path / "node")) as running:
        yield running
        running.storage.db.close()


@pytest.fixture
def url(node: Node) -> str:
    return node.add_repo("iris")


@pytest.fixture
def work(tmp_path: Path, url: str) -> Path:
    """A clone with one commit that was pushed."""
    at = clone(url, tmp_path / "work")
    git(at, "checkout", "-qb", "main")
    commit_files(at, {"README.md": "hello", "a/b.txt": "1"}, "first")
    git(at, "push", "-q", "origin", "main")
    return at


def refs_of(node: Node) -> dict[str, str]:
    with node.storage.db.read() as read:
        return {row.name: row.oid for row in read.execute(select(ref.c.name, ref.c.oid))}


def count(node: Node, table: object) -> int:
    with node.storage.db.read() as read:
        return len(read.execute(select(table)).all())  # type: ignore[call-overload]


def leftovers(node: Node) -> list[str]:
    return [path.name for path in node.storage.blobs.scratch.iterdir()]


def test_what_is_pushed_is_cloned(node: Node, work: Path, url: str, tmp_path: Path) -> None:
    tip = commit_files(work, {"c.txt": "2"})
    git(work, "tag", "-a", "v1", "-m", "one")
    git(work, "push", "-q", "origin", "main", "v1", "main:refs/heads/other/deep")
    copy = clone(url, tmp_path / "copy")
    assert out(copy, "rev-parse", "HEAD") == tip
    assert out(copy, "rev-parse", "--abbrev-ref", "HEAD") == "main"
    assert out(copy, "ls-remote", "origin").splitlines() == out(work, "ls-remote", "origin").splitlines()
    assert set(refs_of(node)) == {"refs/heads/main", "refs/heads/other/deep", "refs/tags/v1"}
    assert not fsck(copy)
    assert leftovers(node) == []
    assert count(node, ref_log) == 4
    assert count(node, job) > 0


@pytest.mark.parametrize("protocol", ["0", "1", "2"])
def test_every_protocol_version_clones_fetches_and_pushes(url: str, work: Path, tmp_path: Path, protocol: str) -> None:
    version = ("-c", f"protocol.version={protocol}")
    git(tmp_path, *version, "clone", "-q", url, "copy")
    copy = tmp_path / "copy"
    tip = commit_files(copy, {"x": protocol})
    git(copy, *version, "push", "-q", "origin", "main")
    git(work, *version, "fetch", "-q", "origin")
    assert out(work, "rev-parse", "origin/main") == tip
    remote = git(copy, *version, "ls-remote", "--symref", "origin").stdout
    assert "ref: refs/heads/main\tHEAD" in remote


@pytest.mark.parametrize("protocol", ["0", "2"])
def test_an_empty_repository_is_cloned_and_first_pushed_to(node: Node, tmp_path: Path, protocol: str) -> None:
    url = node.add_repo("empty")
    git(tmp_path, "-c", f"protocol.version={protocol}", "clone", "-q", url, "e")
    commit_files(tmp_path / "e", {"a": "1"})
    git(tmp_path / "e", "push", "-q", "origin", "HEAD:main")
    assert out(clone(url, tmp_path / "f"), "log", "--format=%s") == "change"


def test_shallow_and_partial_clones_work_and_push_back(url: str, work: Path, tmp_path: Path) -> None:
    for n in range(3):
        commit_files(work, {"n.txt": str(n)})
    git(work, "push", "-q", "origin", "main")
    shallow = clone(url, tmp_path / "shallow", "--depth", "1")
    assert out(shallow, "rev-list", "--count", "HEAD") == "1"
    tip = commit_files(shallow, {"s": "1"})
    git(shallow, "push", "-q", "origin", "main")
    git(shallow, "fetch", "-q", "--unshallow")
    assert out(shallow, "rev-list", "--count", "HEAD") == "5"
    partial = clone(url, tmp_path / "partial", "--filter=blob:none", "--no-checkout")
    assert "?" in git(partial, "rev-list", "--objects", "--all", "--missing=print").stdout
    git(partial, "checkout", "-q", "main")
    assert out(partial, "rev-parse", "HEAD") == tip
    by_id = tmp_path / "by-id"
    by_id.mkdir()
    git(by_id, "init", "-q")
    git(by_id, "fetch", "-q", url, out(work, "rev-parse", "HEAD~1"))


def test_a_branch_is_forced_deleted_and_made_without_objects(node: Node, work: Path) -> None:
    git(work, "push", "-q", "origin", "main:copy", "main:gone")
    git(work, "commit", "-q", "--amend", "-m", "other")
    refused = git(work, "push", "origin", "main", check=False)
    assert "non-fast-forward" in refused.stderr
    git(work, "push", "-qf", "origin", "main")
    git(work, "push", "-q", "origin", ":gone")
    assert refs_of(node)["refs/heads/main"] == out(work, "rev-parse", "HEAD")
    assert "refs/heads/gone" not in refs_of(node)
    assert "refs/heads/copy" in refs_of(node)


def test_deleting_what_is_gone_is_no_error_and_leaves_no_zero_ref(node: Node, url: str, work: Path) -> None:
    """A zero id in the refs once made every later push to the repository fail."""
    push = Push(node.storage, node.open("iris"), node.actor)
    push.feed(encode(f"{NULL_OID} {NULL_OID} refs/heads/none\0report-status".encode()) + FLUSH)
    assert b"ok refs/heads/none" in push.finish()
    assert set(refs_of(node)) == {"refs/heads/main"}
    commit_files(work, {"x": "1"})
    git(work, "push", "-q", "origin", "main")


def test_the_default_branch_cannot_be_deleted(node: Node, work: Path) -> None:
    refused = git(work, "push", "origin", ":main", check=False)
    assert refused.returncode
    assert "[remote rejected] main (the default branch cannot be deleted" in refused.stderr
    assert "refs/heads/main" in refs_of(node)


@pytest.mark.parametrize(
    ("ref", "why"),
    [
        ("refs/pr/1", "pull requests cannot be pushed to"),
        ("refs/convert/parquet", "read-only"),
        ("refs/heads/a.lock/b", "funny refname"),
        ("refs/heads/main/x", "cannot lock ref"),
        ("refs/heads/HEAD", "HEAD"),
    ],
)
def test_refs_that_nobody_may_push_are_refused_one_by_one(node: Node, work: Path, ref: str, why: str) -> None:
    head = out(work, "rev-parse", "HEAD")
    push = Push(node.storage, node.open("iris"), node.actor)
    push.feed(encode(f"{NULL_OID} {head} {ref}\0report-status".encode()))
    push.feed(encode(f"{NULL_OID} {head} refs/heads/fine".encode()) + FLUSH)
    said = push.finish().decode()
    assert f"ng {ref}" in said
    assert why in said
    assert "ok refs/heads/fine" in said


def test_the_user_sees_why_a_ref_was_refused(work: Path) -> None:
    refused = git(work, "push", "origin", "HEAD:refs/pr/1", check=False)
    assert "! [remote rejected] HEAD -> refs/pr/1 (pull requests cannot be pushed to yet" in refused.stderr


def test_atomic_means_all_or_nothing(node: Node, work: Path) -> None:
    commit_files(work, {"x": "1"})
    refused = git(work, "push", "--atomic", "origin", "main", "HEAD:refs/pr/1", check=False)
    assert "atomic push failure" in refused.stderr
    assert refs_of(node)["refs/heads/main"] == out(work, "rev-parse", "HEAD~1")
    git(work, "push", "-q", "--atomic", "origin", "main", "main:b")
    assert refs_of(node)["refs/heads/b"] == out(work, "rev-parse", "HEAD")


def test_a_large_file_is_refused_with_the_cure(node: Node, work: Path) -> None:
    commit_files(work, {"deep/model.bin": "x" * 150_000})
    refused = git(work, "push", "origin", "main", check=False)
    assert refused.returncode
    assert "deep/model.bin is 0.1 MB" in refused.stderr
    assert 'remote:   git lfs track "*.bin"' in refused.stderr.replace("\x1b[K", "")
    assert count(node, pack) == 1
    assert len(list(node.storage.blobs.keys("git/"))) == 2
    assert leftovers(node) == []


def test_a_large_file_further_back_in_the_history_is_found_too(work: Path) -> None:
    commit_files(work, {"model.bin": "x" * 150_000})
    (work / "model.bin").unlink()
    commit_files(work, {"y": "2"})
    assert "model.bin is 0.1 MB" in git(work, "push", "origin", "main", check=False).stderr


def test_a_pointer_to_an_object_that_was_not_uploaded_is_refused_with_the_cure(node: Node, work: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12\n"
    commit_files(work, {"w.bin": pointer})
    refused = git(work, "push", "origin", "main", check=False)
    assert "git lfs push --all" in refused.stderr
    assert "w.bin points to" in refused.stderr


def test_a_broken_pointer_is_refused(work: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'z' * 64}\nsize 12\n"
    commit_files(work, {"w.bin": pointer})
    refused = git(work, "push", "origin", "main", check=False)
    assert "broken Git LFS pointer" in refused.stderr


@pytest.mark.parametrize("name", [b".git", b"..", b".GIT", b"a/b", b""])
def test_a_tree_that_would_harm_a_checkout_is_refused(node: Node, work: Path, tmp_path: Path, name: bytes) -> None:
    said = push_objects(node, work, tmp_path, [TreeEntry(0o100644, name, Oid("0" * 39 + "1"))])
    assert "unpacker error" in said
    assert "ok refs/heads/evil" not in said


def test_links_and_submodules_may_be_there(node: Node, work: Path, tmp_path: Path) -> None:
    entries = [TreeEntry(0o120000, b"link", Oid("")), TreeEntry(0o160000, b"module", Oid("1" * 40))]
    assert "ok refs/heads/evil" in push_objects(node, work, tmp_path, entries)


@pytest.mark.parametrize("line", ["url = -u./payload", "path = -x", "url = ../../../evil\\n"])
def test_a_submodule_that_would_run_a_command_is_refused(work: Path, line: str) -> None:
    """CVE-2018-17456 and its kin: a clone with submodules would take the URL or the path for an option."""
    commit_files(work, {".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = https://example.org/x\n\t{line}\n'})
    refused = git(work, "push", "origin", "main", check=False)
    assert "unpacker error" in refused.stderr
    assert "gitmodules" in refused.stderr


def push_objects(node: Node, work: Path, tmp_path: Path, entries: list[TreeEntry]) -> str:
    """A pack with one commit; an entry without an id (or with a small one) gets a blob's."""
    with PackWriter() as writer:
        blob = writer.add(Kind.BLOB, b"../../etc/passwd")
        good = [TreeEntry(e.mode, e.name, e.oid if e.oid.startswith("1") else blob) for e in entries]
        tree = writer.add(Kind.TREE, serialise_tree(good))
        who = Signature("A", "a@x", 1)
        commit = writer.add(Kind.COMMIT, serialise_commit(Commit(tree, (), who, who, "evil")))
        writer.write(tmp_path / "evil.pack", tmp_path / "evil.idx")
    return push_bytes(node, commit, (tmp_path / "evil.pack").read_bytes())


def push_bytes(node: Node, new: str, body: bytes, ref: str = "refs/heads/evil") -> str:
    push = Push(node.storage, node.open("iris"), node.actor)
    push.feed(encode(f"{NULL_OID} {new} {ref}\0report-status".encode()) + FLUSH)
    for at in range(0, len(body), 4096):
        push.feed(body[at : at + 4096])
    return push.finish().decode()


def good_pack(work: Path) -> tuple[str, bytes]:
    tip = commit_files(work, {"p": "pack" * 50})
    made = git(work, "pack-objects", "--revs", "-q", "p", stdin=f"{tip}\n").stdout.strip()
    return tip, (work / f"p-{made}.pack").read_bytes()


def test_damaged_packs_are_refused_and_leave_nothing(node: Node, work: Path) -> None:
    tip, data = good_pack(work)
    before = refs_of(node)
    flipped = data[:40] + bytes([data[40] ^ 0xFF]) + data[41:]
    more = data[:8] + struct.pack(">I", 10_000) + data[12:]
    for bad in (data[:-1], data[:-30], data[:20], data[:5], flipped, more, b"JUNK" + data[4:], data + b"more"):
        said = push_bytes(node, tip, bad)
        assert "unpack ok" not in said or "ng refs/heads/evil" in said
    assert refs_of(node) == before
    assert count(node, pack) == 1
    assert leftovers(node) == []
    assert "ok refs/heads/evil" in push_bytes(node, tip, data)


def test_a_pack_that_claims_too_many_objects_is_refused_at_once(node: Node, work: Path) -> None:
    said = push_bytes(node, "1" * 40, b"PACK" + struct.pack(">II", 2, 2**32 - 1) + b"x" * 10_000)
    assert "4294967295 objects" in said


def test_an_object_twice_in_a_pack_is_refused(node: Node, work: Path) -> None:
    tip, _ = good_pack(work)
    with PackWriter() as one:
        one.add(Kind.BLOB, b"same")
        one.write(work / "one.pack", work / "one.idx")
    entry = (work / "one.pack").read_bytes()[12:-20]
    body = b"PACK" + struct.pack(">II", 2, 2) + entry + entry
    said = push_bytes(node, tip, body + hashlib.sha1(body).digest())
    assert "unpacker error" in said


def test_missing_objects_are_noticed(node: Node, work: Path, tmp_path: Path) -> None:
    tip = commit_files(work, {"new": "content"})
    made = git(work, "pack-objects", "-q", "p", stdin=f"{tip}\n").stdout.strip()
    said = push_bytes(node, tip, (work / f"p-{made}.pack").read_bytes())
    assert "did not receive expected object" in said
    assert "ng refs/heads/evil unpacker error" in said
    assert "ng refs/heads/evil missing necessary objects" in push_bytes(node, "1" * 40, b"")


def test_only_commits_and_their_tags_are_taken(node: Node, work: Path) -> None:
    blob = out(work, "rev-parse", "HEAD:README.md")
    git(work, "tag", "-a", "of-blob", "-m", "x", blob)
    for what in (f"{blob}:refs/tags/b", "of-blob"):
        assert "only commits" in git(work, "push", "origin", what, check=False).stderr
    git(work, "tag", "-a", "v1", "-m", "x")
    said = git(work, "push", "origin", "v1:refs/heads/tagged", check=False)
    assert said.returncode


def test_of_pushes_at_the_same_time_one_wins_and_the_others_get_gits_own_error(
    node: Node, url: str, work: Path, tmp_path: Path
) -> None:
    copies = [clone(url, tmp_path / f"c{n}") for n in range(4)]
    for _ in range(3):
        for n, copy in enumerate(copies):
            git(copy, "fetch", "-q")
            git(copy, "reset", "-q", "--hard", "origin/main")
            commit_files(copy, {f"f{n}": out(copy, "rev-parse", "HEAD")})
        said: dict[int, tuple[int, str]] = {}

        def run(n: int, said: dict[int, tuple[int, str]] = said) -> None:
            done = git(copies[n], "push", "origin", "main", check=False)
            said[n] = done.returncode, done.stderr

        threads = [threading.Thread(target=run, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(code for code, _ in said.values()) == [0, 1, 1, 1]
        for code, text in said.values():
            assert not code or "cannot lock ref" in text or "fetch first" in text or "stale info" in text
    assert not fsck(clone(url, tmp_path / "end"))
    assert leftovers(node) == []


def test_the_cache_is_made_again_when_it_was_wiped(node: Node, url: str, work: Path, tmp_path: Path) -> None:
    git(work, "tag", "-a", "v1", "-m", "x")
    git(work, "push", "-q", "origin", "v1")
    before = git(work, "ls-remote", "origin").stdout
    shutil.rmtree(tmp_path / "node" / "cache")
    assert git(work, "ls-remote", "origin").stdout == before
    assert not fsck(clone(url, tmp_path / "copy"))
    shutil.rmtree(tmp_path / "node" / "cache")
    commit_files(work, {"x": "1"})
    git(work, "push", "-q", "origin", "main")


def test_what_one_node_takes_another_serves_at_once(node: Node, work: Path, tmp_path: Path) -> None:
    (tmp_path / "node2").mkdir()
    other = make_node(tmp_path / "node2", node.storage.db, node.storage.blobs)
    with serve(other):
        for n in range(3):
            tip = commit_files(work, {"n": str(n)})
            git(work, "push", "-q", "origin", "main")
            copy = clone(f"{other.url}/iris.git", tmp_path / f"copy{n}")
            assert out(copy, "rev-parse", "HEAD") == tip
        tip = commit_files(copy, {"back": "1"})
        git(copy, "push", "-q", "origin", "main")
        git(work, "pull", "-q", "--ff-only", "origin", "main")
        assert out(work, "rev-parse", "HEAD") == tip


def test_thousands_of_files_and_a_long_history_go_through(node: Node, url: str, work: Path, tmp_path: Path) -> None:
    commit_files(work, {f"d{n % 40}/f{n}.txt": f"{n}\n" * 9 for n in range(2000)})
    git(work, "push", "-q", "origin", "main")
    assert len(out(clone(url, tmp_path / "copy"), "ls-files").splitlines()) == 2002


def test_a_probe_and_an_empty_body(node: Node, url: str) -> None:
    probe = Push(node.storage, node.open("iris"), node.actor)
    probe.feed(FLUSH)
    assert probe.finish() == b""
    nothing = Push(node.storage, node.open("iris"), node.actor)
    with pytest.raises(Invalid):
        nothing.finish()


def test_an_aborted_push_leaves_nothing(node: Node, work: Path) -> None:
    tip, data = good_pack(work)
    push = Push(node.storage, node.open("iris"), node.actor)
    push.feed(encode(f"{NULL_OID} {tip} refs/heads/x\0report-status".encode()) + FLUSH + data[:100])
    push.abort()
    push.abort()
    assert leftovers(node) == []
    assert "refs/heads/x" not in refs_of(node)


def test_push_options_and_shallow_lines_are_accepted(work: Path) -> None:
    commit_files(work, {"x": "1"})
    git(work, "push", "-q", "-o", "ci.skip", "origin", "main")


def test_a_push_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    with serve(make_node(tmp_path / "small", push_size_max_bytes=2000)) as node:
        at = clone(node.add_repo("iris"), tmp_path / "w")
        commit_files(at, {"r": random.Random(1).randbytes(5000).hex()})
        refused = git(at, "push", "origin", "HEAD:main", check=False)
        assert "larger than 2000 bytes" in refused.stderr
        assert leftovers(node) == []
        node.storage.db.close()
