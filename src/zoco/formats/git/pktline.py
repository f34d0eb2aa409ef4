"""pkt-line framing (gitprotocol-common, «pkt-line Format»; side bands: gitprotocol-pack). Pure: bytes in, lines out."""

from __future__ import annotations

from enum import IntEnum

from zoco.core.errors import Invalid

FLUSH = b"0000"
DELIM = b"0001"
RESPONSE_END = b"0002"
DATA_BYTES_MAX = 65516


class Mark(IntEnum):
    """The lines that hold no data."""

    FLUSH = 0
    DELIM = 1
    RESPONSE_END = 2


class Band(IntEnum):
    DATA = 1
    PROGRESS = 2
    """what the user sees after `remote: `"""
    FATAL = 3


def encode(data: bytes) -> bytes:
    if len(data) > DATA_BYTES_MAX:
        raise ValueError(f"a pkt-line holds at most {DATA_BYTES_MAX} bytes")
    return b"%04x" % (len(data) + 4) + data


def side_band(band: Band, data: bytes) -> bytes:
    """`data` in as many lines as it needs."""
    step = DATA_BYTES_MAX - 1
    return b"".join(encode(bytes([band]) + data[at : at + step]) for at in range(0, len(data), step))


class PktLineReader:
    """Feed bytes, take lines; what is not taken stays, so that a pack after the last line is not touched."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> bytes | Mark | None:
        """None: feed more. Raises Invalid when the length is none."""
        if len(self._buffer) < 4:
            return None
        length = _length(bytes(self._buffer[:4]))
        if length < 4:
            del self._buffer[:4]
            return Mark(length)
        if len(self._buffer) < length:
            return None
        line = bytes(self._buffer[4:length])
        del self._buffer[:length]
        return line

    def rest(self) -> bytes:
        """All that was fed and not taken."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    @property
    def is_empty(self) -> bool:
        return not self._buffer


_HEX = frozenset(b"0123456789abcdefABCDEF")


def _length(prefix: bytes) -> int:
    if not _HEX.issuperset(prefix):
        raise Invalid(f"The request is not in git's protocol: {prefix!r} is no pkt-line length.")
    length = int(prefix, 16)
    if length == 3 or length > DATA_BYTES_MAX + 4:
        raise Invalid(f"The request is not in git's protocol: {prefix!r} is no pkt-line length.")
    return length
