"""Xorbs and files taken in by the Hub's own services, as from a Xet client: every check of an upload is made."""

from __future__ import annotations

from collections.abc import Sequence

from tests.xet_files import Packed, Span, made_of

from zoco.core.repos import WritableRepo
from zoco.formats.lfs.pointer import Pointer
from zoco.formats.xet.shard import Shard
from zoco.hub.lfs import xet_files
from zoco.hub.xet import shards
from zoco.hub.xet.xorbs import Xet, XorbUpload


def send_xorb(xet: Xet, made: Packed) -> None:
    with XorbUpload(xet, made.hash, len(made.body)) as upload:
        upload.feed(made.body)
        upload.finish()


Used = tuple[Packed, int, int]
"""Chunks [start, end) of a xorb."""


def bytes_of(terms: Sequence[Used]) -> bytes:
    return b"".join(Span(*term).data for term in terms)


def register(xet: Xet, repo: WritableRepo, terms: Sequence[Used], user_id: int | None, grace_ms: int) -> Pointer:
    """The file that these terms make. Raises what a client would be told: Invalid, XorbCollected."""
    files = shards.check(xet, Shard((made_of(*(Span(*term) for term in terms)).said,), ()))
    shards.prove(xet, files, lambda _count: None)
    xet_files.publish(xet.db, repo, files, user_id, grace_ms=grace_ms)
    return Pointer(files[0].file.sha256, files[0].file.size)
