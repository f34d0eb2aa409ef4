"""How does a chunk rest in a xorb, and how does it become its own bytes again? (docs/xet/xorb.md «Chunk Format») Pure.

Eight bytes of header, then the payload: as it is, an LZ4 frame, or an LZ4 frame of the bytes grouped by their place in
each four (weights: the exponents stand together).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

import lz4.frame

from zoco.formats.xet.hashes import Buffer

HEADER_SIZE = 8
CHUNK_RAW_MAX = 131_072
_PAYLOAD_MAX = 2 * CHUNK_RAW_MAX  # as the reference reader: an unlucky frame may be larger than what it holds

_FRAME_FLAGS_AT = 4
_FRAME_NAMES_DICTIONARY = 1  # liblz4 decodes such a frame all the same; the decoders of clients refuse it

FOOTER_IDENT = b"XETBLOB"
"""What follows a xorb's last chunk, if anything does."""


class Scheme(IntEnum):
    NONE = 0
    LZ4 = 1
    BG4_LZ4 = 2


class Header(NamedTuple):
    scheme: Scheme
    payload_size: int
    raw_size: int


def read_header(data: Buffer) -> Header:
    """Of the first eight bytes. Raises ValueError."""
    if data[0] != 0:
        raise ValueError(f"its header has version {data[0]}, and only version 0 is known")
    if data[4] > Scheme.BG4_LZ4:
        raise ValueError(f"it is compressed by scheme {data[4]}, which is not known")
    scheme = Scheme(data[4])
    payload_size = int.from_bytes(data[1:4], "little")
    raw_size = int.from_bytes(data[5:8], "little")
    if not 0 < raw_size <= CHUNK_RAW_MAX:
        raise ValueError(f"it claims to hold {raw_size} bytes, where 1 to {CHUNK_RAW_MAX} are allowed")
    if scheme is Scheme.NONE and payload_size != raw_size:
        raise ValueError(f"it is not compressed, yet {raw_size} bytes take {payload_size}")
    if not 0 < payload_size <= _PAYLOAD_MAX:
        raise ValueError(f"it claims to take {payload_size} bytes, where 1 to {_PAYLOAD_MAX} are allowed")
    return Header(scheme, payload_size, raw_size)


class ChunkReader:
    """Decodes one chunk after the other, and keeps LZ4's buffers: three times as fast, but for one thread at a time."""

    def __init__(self) -> None:
        self._context = lz4.frame.create_decompression_context()

    def decode(self, scheme: int, payload: Buffer, raw_size: int) -> Buffer:
        """The chunk's own bytes; the payload itself where it is not compressed. Raises ValueError.

        Memory is bounded by `raw_size`, whatever the payload would grow to.
        """
        if scheme == Scheme.NONE:
            if len(payload) != raw_size:
                raise ValueError(f"it holds {len(payload)} bytes where {raw_size} were announced")
            return payload
        raw = self._decompressed(payload, raw_size)
        if scheme == Scheme.LZ4:
            return raw
        if scheme == Scheme.BG4_LZ4:
            return _ungrouped(raw)
        raise ValueError(f"it is compressed by scheme {scheme}, which is not known")

    def _decompressed(self, payload: Buffer, raw_size: int) -> bytes:
        lz4.frame.reset_decompression_context(self._context)
        try:
            raw, used, ended = lz4.frame.decompress_chunk(self._context, payload, max_length=raw_size + 1)
        except RuntimeError as error:  # lz4's only one
            raise ValueError("its LZ4 data cannot be decoded") from error
        if len(raw) > raw_size:
            raise ValueError(f"it decodes to more than the {raw_size} bytes it announced")
        if len(raw) < raw_size or not ended:
            raise ValueError(f"its LZ4 data ends after {len(raw)} of the {raw_size} bytes it announced")
        if used != len(payload):
            raise ValueError("something follows its LZ4 data")
        if payload[_FRAME_FLAGS_AT] & _FRAME_NAMES_DICTIONARY:
            raise ValueError("its LZ4 data names a dictionary, with which clients cannot decode it")
        return bytes(raw)


def decode(scheme: int, payload: Buffer, raw_size: int) -> bytes:
    """One chunk's own bytes. Raises ValueError. For many, `ChunkReader` is faster."""
    return bytes(ChunkReader().decode(scheme, payload, raw_size))


def encode(raw: Buffer, scheme: int) -> bytes:
    """Header and payload; plain where the scheme gains nothing, as clients do."""
    if not 0 < len(raw) <= CHUNK_RAW_MAX:
        raise ValueError(f"a chunk has 1 to {CHUNK_RAW_MAX} bytes")
    payload: bytes = bytes(raw)
    if scheme != Scheme.NONE:
        payload = lz4.frame.compress(_grouped(payload) if scheme == Scheme.BG4_LZ4 else payload, store_size=False)
        if len(payload) >= len(raw):
            payload, scheme = bytes(raw), Scheme.NONE
    sizes = len(payload).to_bytes(3, "little"), len(raw).to_bytes(3, "little")
    return b"".join((b"\0", sizes[0], bytes((scheme,)), sizes[1], payload))


class Cutter:
    """Cuts a stream of stored chunks into header and payload of each, whatever pieces it arrives in.

    Keeps at most one chunk. `begun` tells that a chunk is not complete, `footer_at` where in the last piece something
    that begins like a footer follows the chunks: nothing is read from there on.
    """

    def __init__(self) -> None:
        self._part = bytearray()
        self._header: Header | None = None  # of the part, once it is there
        self.footer_at: int | None = None

    @property
    def begun(self) -> bool:
        return bool(self._part)

    def cut(self, piece: Buffer) -> Iterator[tuple[Header, memoryview]]:
        """What is complete now; views of `piece` where it holds the whole chunk. Raises ValueError."""
        view = memoryview(piece)
        at = 0
        while at < len(view):
            if not self._part:
                if view[at] == FOOTER_IDENT[0]:
                    self.footer_at = at
                    return
                whole = _whole(view, at)
                if whole:
                    yield whole
                    at += HEADER_SIZE + len(whole[1])
                    continue
            wanted = HEADER_SIZE + (self._header.payload_size if self._header else 0)
            taken = view[at : at + wanted - len(self._part)]
            self._part += taken
            at += len(taken)
            if len(self._part) < wanted:
                return
            if self._header is None:
                self._header = read_header(self._part)
            else:
                straddling = self._header, memoryview(self._part)[HEADER_SIZE:]
                self._header, self._part = None, bytearray()
                yield straddling


def _whole(view: memoryview, at: int) -> tuple[Header, memoryview] | None:
    """The chunk that begins there, if all of it is there."""
    start = at + HEADER_SIZE
    if start > len(view):
        return None
    header = read_header(view[at:start])
    payload = view[start : start + header.payload_size]
    return (header, payload) if len(payload) == header.payload_size else None


def _grouped(raw: Buffer) -> bytes:
    return b"".join(raw[place::4] for place in range(4))


def _ungrouped(grouped: bytes) -> bytearray:
    """The groups of the first places are one longer where the size is no multiple of four."""
    raw = bytearray(len(grouped))
    start = 0
    for place in range(4):
        end = start + (len(grouped) - place + 3) // 4
        raw[place::4] = grouped[start:end]
        start = end
    return raw
