"""What do git's objects say? Commits, trees and tags: bytes to values and back (git-hash-object, gitformat-pack)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from zoco.core.errors import Invalid
from zoco.core.ids import Oid

MODE_TREE = 0o040000
MODE_FILE = 0o100644
MODE_EXECUTABLE = 0o100755
MODE_LINK = 0o120000
MODE_SUBMODULE = 0o160000


class Kind(IntEnum):
    """With the numbers packs use."""

    COMMIT = 1
    TREE = 2
    BLOB = 3
    TAG = 4

    @property
    def word(self) -> str:
        return self.name.lower()


class TreeEntry(NamedTuple):
    """A NamedTuple, because a page of a flat folder makes 10,000 and a frozen dataclass costs four times as much."""

    mode: int
    name: bytes
    oid: Oid

    @property
    def is_tree(self) -> bool:
        return self.mode & 0o170000 == MODE_TREE

    @property
    def is_blob(self) -> bool:
        """A file's content; a symbolic link's target is none."""
        return self.mode & 0o170000 == 0o100000

    @property
    def is_link(self) -> bool:
        return self.mode & 0o170000 == MODE_LINK

    @property
    def is_submodule(self) -> bool:
        return self.mode & 0o170000 == MODE_SUBMODULE


@dataclass(frozen=True, slots=True)
class Signature:
    """`offset_min` is the author's time zone, minutes east of UTC."""

    name: str
    email: str
    at_s: int
    offset_min: int = 0


@dataclass(frozen=True, slots=True)
class Commit:
    tree: Oid
    parents: tuple[Oid, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True, slots=True)
class Tag:
    """An annotated tag. Ancient ones have no tagger."""

    target: Oid
    kind: Kind
    name: str
    tagger: Signature | None
    message: str


def hash_object(kind: Kind, data: bytes) -> Oid:
    digest = hashlib.sha1(b"%s %d\0" % (kind.word.encode(), len(data)), usedforsecurity=False)
    digest.update(data)
    return Oid(digest.hexdigest())


# one pass of the regex engine: a Python loop over a flat tree of 10,000 entries is several times slower
_ENTRY = re.compile(rb"([0-7]{5,7}) ([^\0]+)\0(.{20})", re.DOTALL)


def parse_tree(data: bytes) -> list[TreeEntry]:
    """Raises Invalid when the bytes are no tree."""
    return [TreeEntry(int(mode, 8), name, Oid(oid.hex())) for mode, name, oid in raw_entries(data)]


def raw_entries(data: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """(mode as octal digits, name, 20 bytes of oid). Raises Invalid."""
    found: list[tuple[bytes, bytes, bytes]] = _ENTRY.findall(data)
    if sum(len(mode) + len(name) + 22 for mode, name, _ in found) != len(data):
        raise Invalid("A tree of this repository is damaged.")
    return found


def serialise_tree(entries: Iterable[TreeEntry]) -> bytes:
    return join_entries((b"%o" % entry.mode, entry.name, bytes.fromhex(entry.oid)) for entry in entries)


def join_entries(entries: Iterable[tuple[bytes, bytes, bytes]]) -> bytes:
    """A tree in git's order, where a folder sorts as if its name ended with `/`."""
    ordered = sorted((name + b"/" if is_tree_mode(mode) else name, mode, name, oid) for mode, name, oid in entries)
    return b"".join(b"%s %s\0%s" % (mode.lstrip(b"0"), name, oid) for _, mode, name, oid in ordered)


def is_tree_mode(octal: bytes) -> bool:
    return octal in (b"40000", b"040000")


def parse_commit(data: bytes) -> Commit:
    """Tolerant of what ancient and foreign tools wrote; raises Invalid when there is no tree."""
    headers, message, encoding = _parts(data)
    trees = [value for key, value in headers if key == b"tree"]
    if not trees:
        raise Invalid("A commit of this repository is damaged.")
    return Commit(
        tree=Oid(trees[0].decode("ascii", "replace")),
        parents=tuple(Oid(value.decode("ascii", "replace")) for key, value in headers if key == b"parent"),
        author=_signature(_first(headers, b"author"), encoding),
        committer=_signature(_first(headers, b"committer"), encoding),
        message=_text(message, encoding),
    )


def serialise_commit(commit: Commit) -> bytes:
    lines = [f"tree {commit.tree}", *(f"parent {parent}" for parent in commit.parents)]
    lines += [f"author {_written(commit.author)}", f"committer {_written(commit.committer)}"]
    return _with_message(lines, commit.message)


def parse_tag(data: bytes) -> Tag:
    headers, message, encoding = _parts(data)
    kind = _first(headers, b"type").decode("ascii", "replace").upper()
    if kind not in Kind.__members__:
        raise Invalid("A tag of this repository is damaged.")
    tagger = _first(headers, b"tagger")
    return Tag(
        target=Oid(_first(headers, b"object").decode("ascii", "replace")),
        kind=Kind[kind],
        name=_text(_first(headers, b"tag"), encoding),
        tagger=_signature(tagger, encoding) if tagger else None,
        message=_text(message, encoding),
    )


def serialise_tag(tag: Tag) -> bytes:
    lines = [f"object {tag.target}", f"type {tag.kind.word}", f"tag {tag.name}"]
    if tag.tagger:
        lines.append(f"tagger {_written(tag.tagger)}")
    return _with_message(lines, tag.message)


def _with_message(lines: list[str], message: str) -> bytes:
    """git refuses NUL in a message (fsck: nulInCommit) and ends it with a newline."""
    text = message.replace("\0", "").rstrip("\n")
    return ("\n".join(lines) + "\n\n" + text + "\n").encode("utf-8", "replace")


def _parts(data: bytes) -> tuple[list[tuple[bytes, bytes]], bytes, str]:
    head, _, message = data.partition(b"\n\n")
    headers = []
    for line in head.split(b"\n"):
        if not line.startswith(b" "):  # a continuation line belongs to a signature, which we do not read
            key, _, value = line.partition(b" ")
            headers.append((key, value))
    encoding = _first(headers, b"encoding").decode("ascii", "replace") or "utf-8"
    return headers, message, encoding


def _first(headers: list[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    return next((value for key, value in headers if key == wanted), b"")


def _text(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding, "replace")
    except (LookupError, ValueError):  # an encoding nobody knows, or one whose name or text is broken
        return data.decode("utf-8", "replace")


_SIGNATURE = re.compile(r"(.*?) ?<([^<>]*)> ?(-?\d+)? ?([+-]\d{4})?.*", re.DOTALL)


def _signature(data: bytes, encoding: str) -> Signature:
    found = _SIGNATURE.match(_text(data, encoding))
    if not found:
        return Signature(_text(data, encoding), "", 0)
    zone = found[4] or "+0000"
    offset = int(zone[1:3]) * 60 + int(zone[3:5])
    # a date beyond the year 9999 can be pushed but never shown
    at = min(int((found[3] or "0")[:15]), 253_402_300_799)
    return Signature(found[1], found[2], max(at, 0), -offset if zone[0] == "-" else offset)


_CRUD = "".join(map(chr, range(33))) + ".,:;<>\"\\'"


def _written(who: Signature) -> str:
    """As git's `fmt_ident`: what would break the line is left out."""
    name = re.sub(r"[<>\n\0\r]", "", who.name).strip(_CRUD) or "unknown"
    email = re.sub(r"[<>\n\0\r ]", "", who.email).strip(_CRUD)
    sign, minutes = ("-" if who.offset_min < 0 else "+"), abs(who.offset_min)
    return f"{name} <{email}> {who.at_s} {sign}{minutes // 60:02d}{minutes % 60:02d}"
