"""Blobs in an object store: S3 and what speaks like it, Google Cloud Storage, Azure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import from_url

from zoco.adapters.blobs.durable import appear, sync_file
from zoco.adapters.blobs.incoming import IncomingStream
from zoco.adapters.blobs.parts import PartStore
from zoco.adapters.blobs.port import CHUNK_BYTES, BlobNotFound, Incoming, checked
from zoco.adapters.blobs.s3_parts import S3Parts
from zoco.adapters.blobs.sign_s3 import S3Signer
from zoco.core.errors import Unavailable

_PART_BYTES_MIN = 8 << 20
_PARTS_MAX = 9_000  # S3 allows 10,000
_PARTS_AT_ONCE = 4

# no limit for the whole transfer, which may take hours, but for each silence in it
_CLIENT = {"connect_timeout": "10s", "read_timeout": "120s", "timeout": "24h"}
_RETRY: dict[str, Any] = {  # Any: obstore's own mixture of numbers and durations
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=30),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=5), "base": 2},
}


class ObjectBlobStore:
    """`url` is `s3://bucket/prefix`, `gs://…` or `az://…`; keys left empty come from the machine's own identity.

    `is_straight`: clients reach the store themselves, so that they may be sent there. Only S3 with keys can do that,
    or take blobs in parts.
    """

    def __init__(
        self,
        url: str,
        *,
        endpoint: str = "",
        access_key: str = "",
        secret_key: str = "",
        region: str = "",
        is_straight: bool = True,
        scratch: Path,
    ) -> None:
        self.scratch = scratch
        self.parts: PartStore | None = None
        scratch.mkdir(parents=True, exist_ok=True)
        client: Any = dict(_CLIENT)  # Any: obstore takes strings and flags
        options: dict[str, Any] = {}  # Any: likewise
        self._signer: S3Signer | None = None
        if url.startswith("s3://"):
            options = _s3_options(endpoint, access_key, secret_key, region)
            if access_key:
                signer = S3Signer.of(url, endpoint, access_key, secret_key, region)
                self.parts = S3Parts(signer, is_straight=is_straight)
                self._signer = signer if is_straight else None
        if endpoint.startswith("http://"):
            client["allow_http"] = True  # the operator's own wish, by the address
        opened: Any = from_url  # Any: its overloads want literal options
        self._store = opened(url, client_options=client, retry_config=_RETRY, **options)

    def put_file(self, key: str, source: Path) -> None:
        part = _part_bytes(source.stat().st_size)
        with _translated(key):
            obstore.put(self._store, checked(key), source, chunk_size=part, max_concurrency=_PARTS_AT_ONCE)
        source.unlink()

    def put_bytes(self, key: str, data: bytes) -> None:
        with _translated(key):
            obstore.put(self._store, checked(key), data)

    def begin(self, key: str, size: int) -> Incoming:
        return IncomingStream(lambda pieces: self._put_pieces(key, size, pieces))

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        size = self.size(key)
        stop = size if end is None else min(end, size)
        return self._chunks(key, start, stop) if start < stop else iter(())

    def local_file(self, key: str) -> Path | None:  # noqa: ARG002 (the port's)
        return None

    def size(self, key: str) -> int:
        with _translated(key):
            return int(obstore.head(self._store, checked(key))["size"])

    def delete(self, key: str) -> None:
        try:
            with _translated(key):
                obstore.delete(self._store, checked(key))
        except BlobNotFound:
            pass

    def keys(self, prefix: str) -> Iterator[str]:
        with _translated(prefix):
            for page in obstore.list(self._store, prefix or None):
                yield from (found["path"] for found in page)

    def fetch(self, key: str, to: Path) -> None:
        chunks = self.read(key)
        appear(to, lambda half: _download(chunks, half))

    def room(self) -> int | None:
        return None

    def signed_url(self, key: str, *, lifetime_s: int, filename: str, content_type: str) -> str | None:
        if self._signer is None:
            return None
        return self._signer.get_url(key, lifetime_s=lifetime_s, filename=filename, content_type=content_type)

    def signed_range(self, key: str, start: int, end: int, *, lifetime_s: int) -> str | None:
        if self._signer is None:
            return None
        return self._signer.range_url(checked(key), start, end, lifetime_s=lifetime_s)

    def _put_pieces(self, key: str, size: int, pieces: Iterator[bytes]) -> None:
        """An iterator that raises makes obstore abort: the parts it has sent are thrown away by the store."""
        if size <= _PART_BYTES_MIN:
            self.put_bytes(key, b"".join(pieces))
            return
        with _translated(key):
            obstore.put(self._store, checked(key), pieces, chunk_size=_part_bytes(size), max_concurrency=_PARTS_AT_ONCE)

    def _chunks(self, key: str, start: int, end: int) -> Iterator[bytes]:
        with _translated(key):
            found = obstore.get(self._store, checked(key), options={"range": (start, end)})
            for chunk in found.stream(min_chunk_size=CHUNK_BYTES // 2):
                view = memoryview(chunk)
                yield from (bytes(view[at : at + CHUNK_BYTES]) for at in range(0, len(view), CHUNK_BYTES))


def _part_bytes(size: int) -> int:
    return max(_PART_BYTES_MIN, size // _PARTS_MAX)


def _s3_options(endpoint: str, access_key: str, secret_key: str, region: str) -> dict[str, Any]:
    given = {"region": region, "endpoint": endpoint, "access_key_id": access_key, "secret_access_key": secret_key}
    options: dict[str, Any] = {name: value for name, value in given.items() if value}
    if endpoint and not urlsplit(endpoint).hostname:
        raise ValueError(f"the storage endpoint {endpoint!r} is no address like https://s3.example.org")
    options["virtual_hosted_style_request"] = not endpoint
    return options


@contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise BlobNotFound(key) from error
    except (BaseError, OSError) as error:
        raise Unavailable("The object store does not answer. Try again in a moment.") from error


def _download(chunks: Iterator[bytes], to: Path) -> None:
    with to.open("wb") as file:
        file.writelines(chunks)
    to.chmod(0o444)
    sync_file(to)
