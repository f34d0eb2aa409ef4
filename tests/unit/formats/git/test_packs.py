from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoco.core.errors import Invalid
from zoco.core.ids import Oid
from zoco.formats.git import pack as pack_format
from zoco.formats.git.objects import (
    Commit,
    Kind,
    Signature,
    Tag,
    TreeEntry,
    parse_commit,
    parse_tag,
    parse_tree,
    serialise_commit,
    serialise_tag,
    serialise_tree,
)
from zoco.formats.git.pack import PackWriter

ONE = Oid("1" * 40)
ADA = Signature("Ada Lovelace", "ada@example.org", 1_700_000_000, 60)


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True, text=True).stdout


@settings(max_examples=25, deadline=None)
@given(blobs=st.lists(st.binary(max_size=300), max_size=40), big=st.integers(0, 70_000))
def test_git_itself_accepts_every_pack_and_index(
    tmp_path_factory: pytest.TempPathFactory, blobs: list[bytes], big: int
) -> None:
    folder = tmp_path_factory.mktemp("pack")
    with PackWriter(folder) as writer:
        oids = [writer.add(Kind.BLOB, data) for data in [*blobs, b"x" * big]]
        written = writer.write(folder / "p.pack", folder / "p.idx")
    assert written.objects == len(set(oids)) == len(writer)
    assert (folder / "p.pack").stat().st_size == written.size
    by_git = folder / "git.idx"
    said = git(folder, "index-pack", "-o", str(by_git), str(folder / "p.pack"))
    assert said.strip() == written.checksum
    assert by_git.read_bytes() == (folder / "p.idx").read_bytes()


def test_a_large_pack_leaves_memory_and_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_format, "SPILL_BYTES", 100)
    with PackWriter(tmp_path) as writer:
        for n in range(50):
            writer.add(Kind.BLOB, b"%d" % n * 50)
        writer.write(tmp_path / "p.pack", tmp_path / "p.idx")
    assert "non delta: 50 objects" in git(tmp_path, "verify-pack", "-v", str(tmp_path / "p.idx"))


def test_a_commit_tag_and_tree_written_here_pass_git_fsck(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", ".")
    with PackWriter(tmp_path) as writer:
        blob = writer.add(Kind.BLOB, b"hello\n")
        sub = writer.add(Kind.TREE, serialise_tree([TreeEntry(0o100644, b"f", blob)]))
        entries = [
            TreeEntry(0o100644, b"a.b", blob),
            TreeEntry(0o040000, b"a", sub),
            TreeEntry(0o100755, b"a0", blob),
            TreeEntry(0o120000, b"link", blob),
            TreeEntry(0o160000, b"module", blob),
        ]
        tree = writer.add(Kind.TREE, serialise_tree(entries))
        odd = Signature("A <b>\n c", " <x@y>\n", 5, -330)
        commit = writer.add(Kind.COMMIT, serialise_commit(Commit(tree, (), ADA, odd, "Títle\n\nbody\0\n\n")))
        tag = writer.add(Kind.TAG, serialise_tag(Tag(commit, Kind.COMMIT, "v1", ADA, "one")))
        checksum = writer.write(tmp_path / "p.pack", tmp_path / "p.idx").checksum
    for suffix in ("pack", "idx"):
        (tmp_path / f"p.{suffix}").rename(tmp_path / f"objects/pack/pack-{checksum}.{suffix}")
    git(tmp_path, "update-ref", "refs/tags/v1", tag)
    assert git(tmp_path, "fsck", "--strict", "--full") == ""
    assert git(tmp_path, "log", "-1", "--format=%an|%ae|%cn|%ad|%cd|%s", "--date=raw", "v1").strip() == (
        "Ada Lovelace|ada@example.org|A b c|1700000000 +0100|5 -0530|Títle"
    )


@given(st.lists(st.tuples(st.sampled_from([0o100644, 0o40000]), st.binary(min_size=1, max_size=9)), max_size=9))
def test_trees_come_back_as_they_went(pairs: list[tuple[int, bytes]]) -> None:
    names = {name: mode for mode, name in pairs if not set(name) & {0, ord("/")}}
    entries = [TreeEntry(mode, name, Oid("ab" * 20)) for name, mode in names.items()]
    data = serialise_tree(entries)
    assert sorted(parse_tree(data)) == sorted(entries)
    assert serialise_tree(parse_tree(data)) == data


@pytest.mark.parametrize("data", [b"x", b"100644 a\0short", b"100644 a\0" + b"1" * 24, b"999 a\0" + b"1" * 20])
def test_a_damaged_tree_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        parse_tree(data)


def test_commits_and_tags_come_back_as_they_went() -> None:
    commit = Commit(ONE, (Oid("2" * 40), Oid("3" * 40)), ADA, Signature("B", "b@x", 0, -90), "Títle\n\nbody\n")
    assert parse_commit(serialise_commit(commit)) == commit
    tag = Tag(ONE, Kind.COMMIT, "v1.0", ADA, "text\n")
    assert parse_tag(serialise_tag(tag)) == tag


@given(st.binary(max_size=400))
def test_no_bytes_break_the_commit_parser(data: bytes) -> None:
    tree = b"tree " + b"1" * 40 + b"\n"
    for text in (tree + data, tree + b"author " + data, tree + b"encoding " + data):
        assert parse_commit(text).tree
    with pytest.raises(Invalid):
        parse_commit(b"author x\n\n" + data)


def test_a_foreign_encoding_and_a_signed_commit_are_read() -> None:
    data = (
        b"tree " + b"1" * 40 + b"\nauthor J\xe9 <j@x> 99999999999999999999 +0200\ncommitter J <j@x> 12 -0100\n"
        b"encoding latin-1\ngpgsig -----BEGIN\n line\n\n tree 2\n -----END\n\nol\xe9\n"
    )
    commit = parse_commit(data.replace(b"\n\n tree", b"\n tree"))
    assert (commit.author.name, commit.message, commit.author.at_s) == ("Jé", "olé\n", 253_402_300_799)
