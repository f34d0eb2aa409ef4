"""Is this body a xorb, which one, and what chunks has it? And back to raw bytes. (docs/xet/xorb.md) Pure, sans I/O.

A xorb is its chunks, back to back. Some clients append a footer that says again what the chunks say: it is never
believed and never stored.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from zoco.core.errors import Invalid, TooLarge
from zoco.formats.xet.chunk import (
    CHUNK_RAW_MAX,
    FOOTER_IDENT,
    HEADER_SIZE,
    ChunkReader,
    Cutter,
    Header,
    Scheme,
    decode,
    encode,
)
from zoco.formats.xet.chunks import Chunks
from zoco.formats.xet.hashes import Buffer, MerkleTree, XetHash, chunk_hash, to_wire

__all__ = [
    "CHUNKS_MAX",
    "CHUNK_RAW_MAX",
    "FOOTER_SIZE_MAX",
    "XORB_BODY_MAX",
    "XORB_SIZE_MAX",
    "XORB_STORED_MAX",
    "Chunks",
    "Scheme",
    "StoredDecoder",
    "XorbParser",
    "decode",
    "encode_xorb",
]

CHUNKS_MAX = 8192
"""What every known client keeps to; the specification bounds only the size."""

XORB_SIZE_MAX = 64 << 20
"""Of payloads. hf-xet counts raw bytes and JavaScript stored ones, so this cannot bound raw bytes: these are bounded by
`CHUNKS_MAX` times `CHUNK_RAW_MAX`, 1 GiB."""

XORB_STORED_MAX = XORB_SIZE_MAX + HEADER_SIZE * CHUNKS_MAX
"""Of all that is stored: hf-xet's 64 MiB of incompressible chunks come with their headers on top."""

FOOTER_SIZE_MAX = 1 << 20
"""Three times what the footer of `CHUNKS_MAX` chunks takes."""

XORB_BODY_MAX = XORB_STORED_MAX + FOOTER_SIZE_MAX
"""Of a request body."""


class XorbParser:
    """Fed a request body in pieces of any size, tells the xorb's hash and its chunks. Keeps about one chunk.

    Every chunk is decoded and hashed as soon as it is complete. What `feed` returns may be written at once, but it is
    a xorb only after `finish`: when either of them raises, all that was written must be discarded.
    """

    def __init__(self) -> None:
        self._cutter = Cutter()
        self._reader = ChunkReader()
        self._hashes = bytearray()
        self._stored_ends = array("I")
        self._raw_ends = array("I")
        self._schemes = bytearray()
        self._footer: bytearray | None = None
        self._footer_size = 0

    def feed(self, data: bytes) -> bytes:
        """The bytes to store: all of `data`, or what of it comes before the footer.

        Raises Invalid for what is no xorb, TooLarge for more than one may be; nothing can be fed after that.
        """
        if self._footer is not None:
            self._skip_footer(data)
            return b""
        try:
            for header, payload in self._cutter.cut(data):
                self._add(header, payload)
        except ValueError as error:
            raise Invalid(self._damage(f"{error}.")) from error
        at = self._cutter.footer_at
        if at is None:
            return data
        self._footer = bytearray()
        self._skip_footer(data[at:])
        return data[:at]

    def finish(self) -> tuple[XetHash, Chunks]:
        """The hash computed from the chunks: whether it is the one the client named is the caller's to compare."""
        if self._cutter.begun:
            raise Invalid(self._damage("the body ends in the middle of it."))
        if self._footer is not None and len(self._footer) < len(FOOTER_IDENT):
            raise Invalid(self._damage("it is neither a chunk nor a footer."))
        if not self._schemes:
            raise Invalid("The xorb has no chunks: nothing was sent. Upload the file again.")
        chunks = Chunks(bytes(self._hashes), self._stored_ends[:], self._raw_ends[:], bytes(self._schemes))
        tree = MerkleTree()
        tree.add(chunks.hashes, chunks.raw_sizes_of(0, len(chunks)))
        return to_wire(tree.root()), chunks

    def _add(self, header: Header, payload: memoryview) -> None:
        if len(self._schemes) == CHUNKS_MAX:
            raise TooLarge(f"The xorb has more than {CHUNKS_MAX} chunks: pack the file into more xorbs.")
        stored = self._stored + HEADER_SIZE + header.payload_size
        if stored - HEADER_SIZE * (len(self._schemes) + 1) > XORB_SIZE_MAX:
            raise TooLarge(f"The xorb is larger than {XORB_SIZE_MAX >> 20} MiB: pack the file into more xorbs.")
        raw = self._reader.decode(header.scheme, payload, header.raw_size)
        self._hashes += chunk_hash(raw)
        self._schemes.append(header.scheme)
        self._stored_ends.append(stored)
        self._raw_ends.append((self._raw_ends[-1] if self._raw_ends else 0) + header.raw_size)

    @property
    def _stored(self) -> int:
        return self._stored_ends[-1] if self._stored_ends else 0

    def _skip_footer(self, data: bytes) -> None:
        assert self._footer is not None, "the footer has begun"
        self._footer += data[: len(FOOTER_IDENT) - len(self._footer)]
        self._footer_size += len(data)
        if not FOOTER_IDENT.startswith(self._footer):
            raise Invalid(self._damage("it is neither a chunk nor a footer."))
        if self._footer_size > FOOTER_SIZE_MAX:
            raise TooLarge(f"The xorb's footer is larger than {FOOTER_SIZE_MAX >> 20} MiB: leave it out.")

    def _damage(self, what: str) -> str:
        where = f"chunk {len(self._schemes)}, at byte {self._stored}"
        return f"The xorb is damaged in {where}: {what} Upload the file again."


class StoredDecoder:
    """Fed a xorb's stored bytes from the beginning of a chunk on, gives the raw bytes of each chunk.

    Hashes are not checked: they were when the xorb was stored.
    """

    def __init__(self) -> None:
        self._cutter = Cutter()
        self._reader = ChunkReader()

    def feed(self, data: Buffer) -> list[Buffer]:
        """One buffer for each chunk that is complete now; for uncompressed ones views of `data` itself.

        Raises ValueError when these are no stored chunks.
        """
        raws = [self._reader.decode(head.scheme, payload, head.raw_size) for head, payload in self._cutter.cut(data)]
        if self._cutter.footer_at is not None:
            raise ValueError("no chunk begins where one should")
        return raws

    def finish(self) -> None:
        """Raises ValueError when the bytes ended in the middle of a chunk."""
        if self._cutter.begun:
            raise ValueError("what is stored ends in the middle of a chunk")


def encode_xorb(chunks: Iterable[bytes], scheme: int = Scheme.NONE) -> bytes:
    """As a client would send it, without a footer."""
    return b"".join(encode(chunk, scheme) for chunk in chunks)
