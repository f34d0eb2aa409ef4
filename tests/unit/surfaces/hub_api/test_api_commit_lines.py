"""The body of a commit: split at every byte, and refused by line where it is wrong."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from zoco.core.errors import Invalid, TooLarge
from zoco.hub.repos.commit_ops import CommitRequest, DeleteFile, DeleteFolder, FileOp, LfsOp
from zoco.surfaces.hub_api.commit_lines import Lines, parse_line
from zoco.surfaces.hub_api.commit_upload import IN_MEMORY_MAX_BYTES, SMALL_BYTES, CommitUpload

SHA = "a" * 64
HEADER = {"key": "header", "value": {"summary": "add", "description": "why", "parentCommit": "b" * 40}}


def file(path: str, data: bytes, encoding: str = "base64") -> dict[str, object]:
    content = base64.b64encode(data).decode() if encoding == "base64" else data.decode()
    return {"key": "file", "value": {"path": path, "content": content, "encoding": encoding}}


def body(*lines: object) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def upload(tmp_path: Path, *, file_size_max: int = 1_000_000, total_size_max: int = 50_000_000) -> CommitUpload:
    return CommitUpload(tmp_path, file_size_max=file_size_max, total_size_max=total_size_max)


def request_of(data: bytes, tmp_path: Path, at_once: int = 1 << 16) -> CommitRequest:
    with upload(tmp_path) as commit:
        for start in range(0, len(data), at_once):
            commit.feed(data[start : start + at_once])
        return commit.finish()


WHOLE = body(
    HEADER,
    file("a/ñ.txt", "café\n".encode()),
    file("b.txt", b"two\nlines", "utf-8"),
    {"key": "lfsFile", "value": {"path": "w.bin", "algo": "sha256", "oid": SHA, "size": 7}},
    {"key": "lfsFile", "value": {"path": "copy.bin", "algo": "sha256", "oid": SHA}},
    {"key": "deletedFile", "value": {"path": "old.txt"}},
    {"key": "deletedFolder", "value": {"path": "old/"}},
    {"key": "deletedEntry", "value": {"path": "either"}},
)


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 64, 10_000])
def test_a_commit_reads_the_same_however_its_bytes_arrive(at_once: int, tmp_path: Path) -> None:
    request = request_of(WHOLE, tmp_path, at_once)
    assert (request.summary, request.description, request.parent) == ("add", "why", "b" * 40)
    assert request.operations == (
        FileOp("a/ñ.txt", "café\n".encode()),
        FileOp("b.txt", b"two\nlines"),
        LfsOp("w.bin", SHA, 7),
        LfsOp("copy.bin", SHA, None),
        DeleteFile("old.txt"),
        DeleteFolder("old/"),
        DeleteFile("either"),
    )


def test_the_last_line_needs_no_newline_and_blank_lines_are_nothing(tmp_path: Path) -> None:
    data = b"\n" + body(HEADER) + b"  \r\n" + body(file("x", b"1")).rstrip(b"\n")
    assert request_of(data, tmp_path).operations == (FileOp("x", b"1"),)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{not json", "Line 2"),
        (b'"text"', "Line 2"),
        (b"[]", "Line 2"),
        (b"\xff\xfe", "Line 2"),
        (b'{"key":"file"}', "value"),
        (b'{"value":{}}', "key"),
        (b'{"key":"unheard","value":{}}', "unheard"),
        (b'{"key":"file","value":{"path":1,"content":""}}', "path"),
        (b'{"key":"file","value":{"path":"x","content":null}}', "content"),
        (b'{"key":"file","value":{"path":"x","content":"a","encoding":"rot13"}}', "encoding"),
        (b'{"key":"file","value":{"path":"x","content":"a b=","encoding":"base64"}}', "base64"),
        (b'{"key":"file","value":{"path":"x","content":"YQ","encoding":"base64"}}', "base64"),
        (b'{"key":"file","value":{"path":"x","content":"\xc3\xb1","encoding":"base64"}}', "base64"),
        (b'{"key":"file","value":{"path":"x","content":"\\ud800"}}', "Line 2"),
        (b'{"key":"lfsFile","value":{"path":"x","oid":"short"}}', "SHA-256"),
        (b'{"key":"lfsFile","value":{"path":"x","oid":"' + b"A" * 64 + b'"}}', "SHA-256"),
        (b'{"key":"lfsFile","value":{"path":"x","oid":"' + b"a" * 64 + b'","size":-1}}', "size"),
        (b'{"key":"lfsFile","value":{"path":"x","oid":"' + b"a" * 64 + b'","algo":"md5"}}', "algo"),
        (b'{"key":"deletedFile","value":{}}', "path"),
        (b'{"key":"header","value":{"summary":"again"}}', "second header"),
        (b"[" * 5000, "Line 2"),
    ],
)
def test_a_broken_line_is_named(line: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Line 2 of the commit") as raised:
        request_of(body(HEADER) + line + b"\n" + body(file("x", b"1")), tmp_path)
    assert says in raised.value.message


def test_a_commit_without_header_says_what_the_first_line_must_be(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="header"):
        request_of(body(file("x", b"1")), tmp_path)
    with pytest.raises(Invalid, match="header"):
        request_of(b"", tmp_path)


def test_a_line_too_long_for_a_regular_file_is_refused_before_it_is_whole() -> None:
    lines = Lines(1000)
    with pytest.raises(TooLarge, match="LFS"):
        for _ in range(100):
            list(lines.feed(b"x" * 100))


def test_a_commit_larger_than_the_limit_is_refused_while_it_arrives(tmp_path: Path) -> None:
    with upload(tmp_path, total_size_max=1000) as commit, pytest.raises(TooLarge, match="several commits"):
        commit.feed(body(HEADER, file("x", b"1" * 1000)))


def test_contents_beyond_the_memory_allowed_rest_in_scratch_files_and_go_with_the_upload(tmp_path: Path) -> None:
    small = b"s" * SMALL_BYTES
    count = IN_MEMORY_MAX_BYTES // SMALL_BYTES + 3
    with upload(tmp_path) as commit:
        commit.feed(body(HEADER, file("large", b"l" * (SMALL_BYTES + 1))))
        for number in range(count):
            commit.feed(body(file(f"small-{number}", small)))
        operations = commit.finish().operations
        contents = [operation.source for operation in operations if isinstance(operation, FileOp)]
        in_memory = [one for one in contents if isinstance(one, bytes)]
        on_disk = [one for one in contents if isinstance(one, Path)]
        assert sum(map(len, in_memory)) <= IN_MEMORY_MAX_BYTES
        assert on_disk[0].read_bytes() == b"l" * (SMALL_BYTES + 1)
        assert all(one.read_bytes() == small for one in on_disk[1:])
        assert len(in_memory) + len(on_disk) == count + 1
    assert list(tmp_path.iterdir()) == []


def test_scratch_files_go_when_a_later_line_is_broken(tmp_path: Path) -> None:
    with pytest.raises(Invalid), upload(tmp_path) as commit:
        commit.feed(body(HEADER, file("large", b"l" * (SMALL_BYTES + 1))))
        commit.feed(b"broken\n")
    assert list(tmp_path.iterdir()) == []


def test_the_older_form_means_the_same(tmp_path: Path) -> None:
    document = {
        "summary": "old",
        "description": "form",
        "files": [{"path": "a", "content": "YQ==", "encoding": "base64"}, {"path": "b", "content": "b"}],
        "lfsFiles": [{"path": "w", "algo": "sha256", "oid": SHA, "size": 3}],
        "deletedFiles": [{"path": "gone"}],
        "deletedEntries": [{"path": "either"}],
        "unknown": True,
    }
    with upload(tmp_path) as commit:
        request = commit.whole(json.dumps(document).encode())
    assert request.summary == "old"
    assert list(request.operations) == [
        FileOp("a", b"a"),
        FileOp("b", b"b"),
        LfsOp("w", SHA, 3),
        DeleteFile("gone"),
        DeleteFile("either"),
    ]


@pytest.mark.parametrize("document", [b"", b"[]", b'{"summary":1}', b'{"summary":"s","files":[{"path":"x"}]}'])
def test_the_older_form_is_checked_too(document: bytes, tmp_path: Path) -> None:
    with pytest.raises(Invalid), upload(tmp_path) as commit:
        commit.whole(document)


def test_fields_nobody_knows_are_ignored() -> None:
    line = parse_line(1, b'{"key":"header","value":{"summary":"s","later":1},"more":2}')
    assert line.key == "header"
