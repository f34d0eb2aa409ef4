"""A xorb that goes straight to an object store: the client gets an address, sends it there and says so.

Each grant is an upload in one part under a key of its own. When the part is joined its address is worth nothing, so
the bytes cannot change after they are read back and verified; and no row names them before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from zoco.adapters.blobs.parts import InParts, PartsDiffer, PartStore
from zoco.adapters.blobs.port import BlobNotFound
from zoco.core.errors import Invalid, NotFound
from zoco.core.garbage import Gone, Kind, Offer
from zoco.formats.xet.hashes import XetHash
from zoco.formats.xet.xorb import XorbParser
from zoco.hub.xet import store
from zoco.hub.xet.xorbs import KEYS, Xet, Xorb, fresh_key, publish


@dataclass(frozen=True, slots=True)
class Grant:
    """What the client brings back, signed: `upload_id` is the store's name for the upload."""

    hash: XetHash
    size: int
    key: str
    upload_id: str

    @property
    def blob(self) -> InParts:
        return InParts(self.key, self.size, max(1, self.size), self.upload_id)


def is_offered(xet: Xet) -> bool:
    return xet.blobs.parts is not None and xet.blobs.parts.is_straight


def begin(xet: Xet, hash: XetHash, size: int, *, lifetime_s: int) -> tuple[Grant, str]:
    """The grant, and where the client may PUT exactly `size` bytes."""
    key = fresh_key(hash)
    grant = Grant(hash, size, key, _parts(xet).begin(key))
    return grant, _parts(xet).part_url(grant.blob, 1, lifetime_s=lifetime_s)


def take(xet: Xet, grant: Grant) -> bool:
    """Whether the xorb is new here. Raises NotFound when nothing was sent (the client then asks for another grant),
    Invalid when it is not the xorb of its name: then its bytes are deleted."""
    try:
        sent = _parts(xet).received(grant.blob).get(1)
        if sent is None and not _is_joined(xet, grant):
            raise NotFound("Nothing was sent for this grant: ask for another.")
        if sent:
            _parts(xet).complete(grant.blob, [sent.etag])
        stored = xet.blobs.read(grant.key)
    except (BlobNotFound, PartsDiffer) as error:
        raise NotFound("What was sent for this grant is gone: ask for another.") from error
    try:
        verified = _verified(grant, stored)
    except Invalid:
        xet.blobs.delete(grant.key)
        raise
    return publish(xet, verified, is_stored=True)


def abandoned(xet: Xet, now_ms: int, grace_ms: int, lifetime_ms: int) -> Iterator[Offer]:
    """Uploads whose address expired, and then the grace passed."""
    parts = xet.blobs.parts
    for one in parts.unfinished(KEYS) if parts is not None else ():
        if one.since_ms < now_ms - grace_ms - lifetime_ms:
            yield Gone(Kind.UPLOAD, one.blob.key, 0, "its address expired long ago"), partial(_abort, xet, one.blob)


def _abort(xet: Xet, blob: InParts) -> bool:
    _parts(xet).abort(blob)
    return True


def _is_joined(xet: Xet, grant: Grant) -> bool:
    """A former try may have got so far."""
    with xet.db.read() as read:
        known = store.find_xorb(read, grant.hash)
    if known and known.key == grant.key:
        return True
    try:
        return xet.blobs.size(grant.key) == grant.size
    except BlobNotFound:
        return False


def _verified(grant: Grant, stored: Iterator[bytes]) -> Xorb:
    parser, kept = XorbParser(), 0
    for piece in stored:
        kept += len(parser.feed(piece))
    found, chunks = parser.finish()
    if found != grant.hash:
        raise Invalid(f"The bytes are those of xorb {found}, not {grant.hash}: they were damaged on the way.")
    assert kept == chunks.stored_size, "what follows the chunks is cut"
    return Xorb(grant.hash, grant.key, chunks)


def _parts(xet: Xet) -> PartStore:
    assert xet.blobs.parts is not None, "grants are given only where they are offered"
    return xet.blobs.parts
