from __future__ import annotations

import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from tests.git_node import commit_files, git, out

from zoco.adapters.git.reader import open_reader
from zoco.core.errors import NotFound
from zoco.core.ids import Oid
from zoco.formats.git.objects import Kind

NOTHING = Oid("1" * 40)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("reader")
    git(at, "init", "-q", "-b", "main")
    (at / "link").symlink_to("README.md")
    commit_files(at, {"README.md": "hello", "a/b/c.txt": "1", "a/é.txt": "2"}, "first")
    git(at, "checkout", "-qb", "side")
    commit_files(at, {"side": "1"}, "side")
    git(at, "checkout", "-q", "main")
    commit_files(at, {"a/b/c.txt": "3"}, "second")
    git(at, "merge", "-q", "--no-edit", "side")
    git(at, "tag", "-a", "v1", "-m", "one")
    git(at, "tag", "-a", "nested", "-m", "two", "v1")
    git(at, "tag", "-a", "tree", "-m", "t", "HEAD^{tree}")
    git(at, "repack", "-adq")
    return at


def oid(work: Path, revision: str) -> Oid:
    return Oid(out(work, "rev-parse", revision))


def test_objects_are_read_as_git_has_them(work: Path) -> None:
    with open_reader(work / ".git") as git:
        head = git.commit(oid(work, "HEAD"))
        assert head.tree == oid(work, "HEAD^{tree}")
        assert head.parents == (oid(work, "HEAD^1"), oid(work, "HEAD^2"))
        blob = oid(work, "HEAD:README.md")
        assert git.read(blob) == (Kind.BLOB, b"hello")
        assert git.header(blob) == (Kind.BLOB, 5)
        assert git.tag(oid(work, "v1")).message == "one\n"


def test_entries_are_found_by_path(work: Path) -> None:
    with open_reader(work / ".git") as git:
        root = oid(work, "HEAD^{tree}")
        found = git.entry_at(root, "a/é.txt")
        assert found
        assert git.read(found.oid)[1] == b"2"
        link, folder = git.entry_at(root, "link"), git.entry_at(root, "a/b")
        assert link and link.is_link and not link.is_blob
        assert folder and folder.is_tree
        for missing in ("nope", "README.md/x", "link/x", "a/b/c.txt/d", "A", "\udcff"):
            assert git.entry_at(root, missing) is None


def test_a_walk_lists_what_git_lists(work: Path) -> None:
    with open_reader(work / ".git") as reader:
        walked = [(path, entry.oid) for path, entry in reader.walk(oid(work, "HEAD^{tree}"))]
    listed = git(work, "-c", "core.quotePath=off", "ls-tree", "-rt", "HEAD").stdout.splitlines()
    assert walked == [(line.split("\t")[1], line.split()[2]) for line in listed]
    with open_reader(work / ".git") as reader:
        below = [path for path, _ in reader.walk(oid(work, "HEAD:a"), "a/")]
    assert below == ["a/b", "a/b/c.txt", "a/é.txt"]


def test_history_is_the_log(work: Path) -> None:
    with open_reader(work / ".git") as git:
        log = out(work, "log", "--format=%H").splitlines()
        assert sorted(git.log(oid(work, "HEAD"))) == sorted(log)
        assert git.log(oid(work, "HEAD"), skip=1, limit=2) == git.log(oid(work, "HEAD"))[1:3]
        assert git.is_ancestor(oid(work, "side"), oid(work, "HEAD"))
        assert git.is_ancestor(oid(work, "HEAD"), oid(work, "HEAD"))
        assert not git.is_ancestor(oid(work, "HEAD"), oid(work, "side"))
        for missing in (NOTHING, oid(work, "HEAD^{tree}")):
            with pytest.raises(NotFound):
                git.is_ancestor(missing, oid(work, "HEAD"))
        assert git.merge_base(oid(work, "side"), oid(work, "HEAD^1")) == oid(work, "HEAD^1^1")


def test_tags_are_followed_to_their_commit(work: Path) -> None:
    with open_reader(work / ".git") as git:
        for revision in ("HEAD", "v1", "nested"):
            assert git.peel_to_commit(oid(work, revision)) == oid(work, "HEAD")
        for other in (oid(work, "HEAD^{tree}"), oid(work, "tree"), oid(work, "HEAD:README.md"), NOTHING):
            assert git.peel_to_commit(other) is None


def test_the_beginning_of_an_id_is_enough_when_it_is_one(work: Path) -> None:
    with open_reader(work / ".git") as git:
        head = oid(work, "HEAD")
        assert git.resolve_prefix(head[:7]) == head
        assert git.resolve_prefix(head) == head
        for nothing in ("0000000", head[:6], "HEAD", "zzzzzzzz", head.upper(), ""):
            assert git.resolve_prefix(nothing) is None


def test_what_is_not_there_is_a_not_found_and_no_key_error(work: Path) -> None:
    with open_reader(work / ".git") as git:
        assert not git.has(NOTHING)
        for ask in (git.read, git.header, git.size, git.commit, git.tree, git.tag):
            with pytest.raises(NotFound):
                ask(NOTHING)
        with pytest.raises(NotFound, match="not a commit"):
            git.commit(oid(work, "HEAD^{tree}"))


def test_objects_that_are_not_in_the_repository_yet_are_seen_when_asked_for(work: Path, tmp_path: Path) -> None:
    extra = tmp_path / "extra"
    git(tmp_path, "init", "-q", "--bare", "extra")
    new = subprocess.run(["git", "-C", extra, "hash-object", "-w", "--stdin"], input=b"new", capture_output=True).stdout
    blob = Oid(new.decode().strip())
    with open_reader(work / ".git") as reader:
        assert not reader.has(blob)
    with open_reader(work / ".git", (extra / "objects",)) as reader:
        assert reader.read(blob)[1] == b"new"
    with open_reader(work / ".git") as reader:
        assert not reader.has(blob)


def test_a_kept_handle_sees_packs_that_came_later_and_a_folder_made_anew(work: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    git(tmp_path, "clone", "-q", "--bare", str(work), "bare")
    with open_reader(bare) as reader:
        assert reader.has(oid(work, "HEAD"))
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "-q", str(bare), "copy")
    tip = commit_files(copy, {"later": "1"})
    git(copy, "push", "-q", "origin", "HEAD")
    git(bare, "repack", "-adq")
    with open_reader(bare) as reader:
        assert reader.commit(Oid(tip)).message == "change\n"
    shutil.rmtree(bare)
    git(tmp_path, "init", "-q", "--bare", "bare")
    with open_reader(bare) as reader:
        assert not reader.has(oid(work, "HEAD"))


def test_many_threads_read_at_once(work: Path) -> None:
    head, problems = oid(work, "HEAD"), []

    def read() -> None:
        for _ in range(50):
            with open_reader(work / ".git") as git:
                if len(list(git.walk(git.commit(head).tree))) != 7:
                    problems.append("wrong")

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
