"""Which bytes does a Range header ask for? (RFC 9110 §14.) Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zoco.core.errors import BadRange

RANGES_MAX = 64

_SPEC = re.compile(r"([0-9]{1,20})-([0-9]{0,20})|-([0-9]{1,20})")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes [start, end) of a file."""

    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start

    def content_range(self, size: int) -> str:
        return f"bytes {self.start}-{self.end - 1}/{size}"


def parse_ranges(header: str, size: int) -> list[ByteRange] | None:
    """The ranges to send, clipped to the file, in the order asked; None when the header is to be ignored.

    Ignored: other units, what is malformed, and more than the file itself (overlapping ranges are a way to make a
    server work). Raises BadRange when the header is well formed and none of its ranges lies in the file.
    """
    unit, equals, text = header.partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return None
    specs = [spec.strip() for spec in text.split(",", RANGES_MAX + 1)]
    specs = [spec for spec in specs if spec]
    if not specs or len(specs) > RANGES_MAX:
        return None
    found: list[ByteRange] = []
    for spec in specs:
        match = _SPEC.fullmatch(spec)
        if not match or (match[2] and int(match[2]) < int(match[1])):
            return None
        start, end = _bounds(match, size)
        if start < end:
            found.append(ByteRange(start, end))
    if not found:
        raise BadRange(size)
    if len(found) > 1 and sum(one.size for one in found) > size:
        return None
    return found


def _bounds(match: re.Match[str], size: int) -> tuple[int, int]:
    if match[3]:
        return max(0, size - int(match[3])), size
    return int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
