"""Blobs that come in parts into an S3 store, by its own multipart upload.

Clients send the parts to the store itself, at signed addresses, or through us when it is out of their reach. When the
upload is completed its addresses are worth nothing: S3 answers them NoSuchUpload.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from xml.sax.saxutils import escape

from zoco.adapters.blobs.parts import IncomingPart, InParts, PartsDiffer, ReceivedPart, Unfinished
from zoco.adapters.blobs.port import BlobNotFound, checked
from zoco.adapters.blobs.s3_requests import S3Put, S3Refused, ask, bare_etag, children, text_of
from zoco.adapters.blobs.sign_s3 import S3Signer
from zoco.core.errors import Unavailable

_GONE = "NoSuchUpload"
_OTHER_PARTS = ("InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML", "InvalidRequest")
_THROUGH_US_LIFETIME_S = 24 * 3600


class S3Parts:
    def __init__(self, signer: S3Signer, *, is_straight: bool) -> None:
        self.is_straight = is_straight
        self._signer = signer

    def begin(self, key: str) -> str:
        with _translated(key):
            found = text_of(ask(self._signer, "POST", checked(key), {"uploads": ""}), "UploadId")
        if not found:
            raise Unavailable("The object store begins no upload in parts.")
        return found

    def part_url(self, blob: InParts, number: int, *, lifetime_s: int) -> str:
        size = blob.size_of(number)
        return self._signer.part_url(blob.key, blob.upload_id, number, size=size, lifetime_s=lifetime_s)

    def receive(self, blob: InParts, number: int) -> IncomingPart:
        url = self.part_url(blob, number, lifetime_s=_THROUGH_US_LIFETIME_S)
        return _S3Part(blob.key, S3Put(url, blob.size_of(number)))

    def received(self, blob: InParts) -> dict[int, ReceivedPart]:
        """Of a part that was sent again the later one counts: SeaweedFS lists both."""
        found: dict[int, tuple[str, ReceivedPart]] = {}
        after = ""
        while True:
            query = {"uploadId": blob.upload_id} | ({"part-number-marker": after} if after else {})
            try:
                with _translated(blob.key):
                    page = ask(self._signer, "GET", blob.key, query)
            except BlobNotFound:
                return {}
            for one in children(page, "Part"):
                number, at = int(text_of(one, "PartNumber")), text_of(one, "LastModified")
                part = ReceivedPart(bare_etag(text_of(one, "ETag")), int(text_of(one, "Size")))
                found[number] = max(found.get(number, ("", part)), (at, part), key=lambda pair: pair[0])
            after = text_of(page, "NextPartNumberMarker")
            if text_of(page, "IsTruncated") != "true" or not after:
                return {number: part for number, (_, part) in found.items()}

    def complete(self, blob: InParts, etags: Sequence[str]) -> None:
        listed = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;{escape(etag)}&quot;</ETag></Part>"
            for number, etag in enumerate(etags, 1)
        )
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        try:
            with _translated(blob.key):
                ask(self._signer, "POST", blob.key, {"uploadId": blob.upload_id}, body)
        except BlobNotFound:
            if not self._is_there(blob.key):
                raise

    def abort(self, blob: InParts) -> None:
        try:
            with _translated(blob.key):
                ask(self._signer, "DELETE", blob.key, {"uploadId": blob.upload_id})
        except BlobNotFound:
            pass

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        query = {"uploads": "", "prefix": self._signer.prefix + prefix}
        while True:
            with _translated(prefix):
                page = ask(self._signer, "GET", None, query)
            for one in children(page, "Upload"):
                key = text_of(one, "Key").removeprefix(self._signer.prefix)
                yield Unfinished(InParts(key, 0, 1, text_of(one, "UploadId")), _ms(text_of(one, "Initiated")))
            marks = {
                "key-marker": text_of(page, "NextKeyMarker"),
                "upload-id-marker": text_of(page, "NextUploadIdMarker"),
            }
            if text_of(page, "IsTruncated") != "true" or not marks["key-marker"]:
                return
            query |= marks

    def _is_there(self, key: str) -> bool:
        """A former try may have completed it, and its answer been lost."""
        try:
            with _translated(key):
                ask(self._signer, "HEAD", key, {})
        except BlobNotFound:
            return False
        return True


class _S3Part:
    def __init__(self, key: str, put: S3Put) -> None:
        self._key, self._put = key, put

    def feed(self, chunk: bytes) -> None:
        self._put.feed(chunk)

    def finish(self) -> str:
        with _translated(self._key):
            return self._put.finish()

    def abort(self) -> None:
        self._put.close()


@contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except S3Refused as error:
        if error.status == 404 or error.code == _GONE:
            raise BlobNotFound(key) from error
        if error.code in _OTHER_PARTS:
            raise PartsDiffer from error
        raise Unavailable(f"The object store refuses: {error.code or error.status}.") from error


def _ms(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1000)
