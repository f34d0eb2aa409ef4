"""Is this blob a Git LFS pointer, and to what? (git-lfs docs/spec.md, «The Pointer».) Pure: bytes in, a value out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zoco.core.errors import Invalid
from zoco.core.ids import Sha256

POINTER_SIZE_MAX = 1024
"""A pointer has fewer bytes than this (the spec's word); a longer blob is an ordinary file whatever it begins with."""

SIZE_MAX = 2**63 - 1

_VERSION = "https://git-lfs.github.com/spec/v1"
_OLD_VERSIONS = ("http://git-media.io/v/2", "https://hawser.github.com/spec/v1")
_STARTS = tuple(f"version {version}".encode() for version in (_VERSION, *_OLD_VERSIONS))
_OID = re.compile(r"sha256:([0-9a-f]{64})")
_SIZE = re.compile(r"0|[1-9][0-9]*")
_EXTENSION = re.compile(r"ext-[0-9]-[\w.-]+")


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a pointer says: the content's SHA-256 and its size in bytes."""

    sha256: Sha256
    size: int

    def text(self) -> bytes:
        return f"version {_VERSION}\noid sha256:{self.sha256}\nsize {self.size}\n".encode()


def parse_pointer(data: bytes) -> Pointer | None:
    """None when the blob is an ordinary file. Raises Invalid when it begins like a pointer and then is none.

    As lenient as git-lfs itself: old version lines, CRLF, extensions and a missing last newline are accepted.
    """
    if len(data) >= POINTER_SIZE_MAX or not data.startswith(_STARTS):
        return None
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise _broken("it is not UTF-8 text") from None
    return _from_lines([line for line in lines if line])


def _from_lines(lines: list[str]) -> Pointer:
    fields: dict[str, str] = {}
    for line in lines:
        key, space, value = line.partition(" ")
        if not space or key in fields:
            raise _broken(f"the line {line[:80]!r} is not '<key> <value>', or comes twice")
        fields[key] = value
    if unknown := [key for key in fields if key not in ("version", "oid", "size") and not _EXTENSION.fullmatch(key)]:
        raise _broken(f"it has an unknown line {unknown[0][:80]!r}")
    if fields["version"] not in (_VERSION, *_OLD_VERSIONS):
        raise _broken(f"its version {fields['version'][:80]!r} is unknown")
    if not (oid := _OID.fullmatch(fields.get("oid", ""))):
        raise _broken("it needs a line 'oid sha256:<64 lowercase hex digits>'")
    size = fields.get("size", "")
    if not _SIZE.fullmatch(size) or len(size) > 19 or int(size) > SIZE_MAX:
        raise _broken("it needs a line 'size <number of bytes>'")
    return Pointer(Sha256(oid.group(1)), int(size))


def _broken(why: str) -> Invalid:
    return Invalid(
        f"broken Git LFS pointer: {why}. Restore the file and add it again with git-lfs installed"
        " ('git lfs install', then 'git add --renormalize')."
    )
