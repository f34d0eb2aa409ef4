"""When does an object count that came in parts, or straight to the store?

It is believed only after it was joined under a key that nobody can write to any more, and read back: its size and its
SHA-256 decide. So an address that is still good, or a part that is still on its way, changes nothing that was checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from zoco.adapters.blobs.parts import IncomingPart, InParts, PartsDiffer, ReceivedPart
from zoco.adapters.blobs.port import BlobNotFound
from zoco.adapters.clock import now_ms
from zoco.adapters.failpoints import hit
from zoco.core.errors import NotFound, Unprocessable
from zoco.core.repos import WritableRepo
from zoco.hub.lfs import parts_store
from zoco.hub.lfs.objects import find, keep
from zoco.hub.lfs.parts_store import PartUpload
from zoco.hub.lfs.publish import publish
from zoco.hub.lfs.store import LfsObject
from zoco.hub.lfs.upload import Lfs

__all__ = ["PartUpload", "complete", "find_upload", "is_here", "receive_part", "received"]


def find_upload(lfs: Lfs, uuid: str) -> PartUpload | None:
    """None when it is complete, or was given up."""
    with lfs.db.read() as read:
        return parts_store.find(read, uuid)


class PartIn:
    """One part coming through us. Feed chunks in order, then `finish`; `abort` in every case."""

    def __init__(self, incoming: IncomingPart, size: int) -> None:
        self._incoming, self._size, self._received = incoming, size, 0

    def feed(self, chunk: bytes) -> None:
        self._received += len(chunk)
        if self._received > self._size:
            raise Unprocessable(f"More bytes came than the {self._size} of this part: cut the file by chunk_size.")
        try:
            self._incoming.feed(chunk)
        except BlobNotFound as error:
            raise _ended() from error

    def finish(self) -> str:
        """The part's ETag."""
        if self._received != self._size:
            raise Unprocessable(f"Only {self._received} of this part's {self._size} bytes came: send it again.")
        try:
            return self._incoming.finish()
        except BlobNotFound as error:
            raise _ended() from error

    def abort(self) -> None:
        self._incoming.abort()


def receive_part(lfs: Lfs, upload: PartUpload, number: int) -> PartIn:
    assert lfs.blobs.parts
    if not 1 <= number <= upload.blob.count:
        raise Unprocessable(f"This upload has parts 1 to {upload.blob.count}, not {number}.")
    try:
        return PartIn(lfs.blobs.parts.receive(upload.blob, number), upload.blob.size_of(number))
    except BlobNotFound as error:
        raise _ended() from error


def received(lfs: Lfs, upload: PartUpload) -> dict[int, ReceivedPart]:
    assert lfs.blobs.parts
    return lfs.blobs.parts.received(upload.blob)


def complete(
    lfs: Lfs, repo: WritableRepo, upload: PartUpload, user_id: int | None, etags: Sequence[str] | None = None
) -> None:
    """Join, read back, and publish. `etags`: what the client believes to have sent, where it says so.

    Raises Unprocessable: a part is missing or another one (the upload goes on), or the whole is not what was announced
    (then nothing is kept). May be called again, and by several at once.
    """
    assert repo.key == upload.repo_key
    _join(lfs, upload, etags)
    hit("lfs_parts_joined")
    try:
        problem = _problem_with(lfs, upload)
    except BlobNotFound as error:
        raise _ended() from error
    if problem:
        _throw_away(lfs, upload)
        raise Unprocessable(problem)
    new = LfsObject(upload.sha256, upload.size, upload.blob.key)
    with lfs.db.write() as write:
        if mine := parts_store.forget(write, upload.uuid):
            publish(write, repo, new, user_id, now_ms())
    hit("lfs_parts_published")
    if not mine and not is_here(lfs, repo, upload):
        raise _ended()


def is_here(lfs: Lfs, repo: WritableRepo, upload: PartUpload) -> bool:
    """Somebody else may have completed the same upload, or sent the same file, in the meantime."""
    found = find(lfs.db, repo, upload.sha256)
    return found is not None and not keep(lfs.db, repo, [upload.sha256])


def _join(lfs: Lfs, upload: PartUpload, etags: Sequence[str] | None) -> None:
    """Somebody else may join them in the same moment: what is there then is looked for once more."""
    if _is_joined(lfs, upload):
        return
    try:
        _join_now(lfs, upload.blob, etags)
    except (Unprocessable, NotFound):
        if not _is_joined(lfs, upload):
            raise


def _is_joined(lfs: Lfs, upload: PartUpload) -> bool:
    try:
        lfs.blobs.size(upload.blob.key)
    except BlobNotFound:
        return False
    return True


def _join_now(lfs: Lfs, blob: InParts, etags: Sequence[str] | None) -> None:
    parts = lfs.blobs.parts
    assert parts
    here = parts.received(blob)
    _check_all_came(blob, here, etags)
    try:
        parts.complete(blob, etags or [here[number].etag for number in range(1, blob.count + 1)])
    except PartsDiffer as error:
        raise _other_parts(here, etags or ()) from error
    except BlobNotFound as error:
        raise _ended() from error


def _check_all_came(blob: InParts, here: dict[int, ReceivedPart], etags: Sequence[str] | None) -> None:
    if etags is not None and len(etags) != blob.count:
        raise Unprocessable(f"The list has {len(etags)} parts, not the {blob.count} of this upload.")
    for number in range(1, blob.count + 1):
        part = here.get(number)
        if part is None or part.size != blob.size_of(number):
            raise Unprocessable(f"Part {number} of {blob.count} did not come whole: send it again.")


def _other_parts(here: dict[int, ReceivedPart], etags: Sequence[str]) -> Unprocessable:
    for number, etag in enumerate(etags, 1):
        if (part := here[number]).etag != etag:
            return Unprocessable(f"Part {number} has the ETag {part.etag}, not {etag[:100]}: send it again.")
    return Unprocessable("A part was sent again meanwhile: send the list of parts again.")


def _problem_with(lfs: Lfs, upload: PartUpload) -> str | None:
    """Reads all of it. Raises BlobNotFound."""
    digest, size = hashlib.sha256(), 0
    for chunk in lfs.blobs.read(upload.blob.key):
        digest.update(chunk)
        size += len(chunk)
    if (size, digest.hexdigest()) == (upload.size, upload.sha256):
        return None
    return (
        f"The bytes have SHA-256 {digest.hexdigest()}, not {upload.sha256}: they were damaged on the way or the file"
        " changed meanwhile. Upload it again."
    )


def _throw_away(lfs: Lfs, upload: PartUpload) -> None:
    """The row first: whoever still believes in it can then publish nothing."""
    with lfs.db.write() as write:
        mine = parts_store.forget(write, upload.uuid)
    if mine:
        lfs.blobs.delete(upload.blob.key)


def _ended() -> NotFound:
    return NotFound("This upload was given up or is complete: ask the server for a new one.")
