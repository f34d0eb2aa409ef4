"""What address lets somebody do one thing with an S3 bucket? (AWS Signature Version 4, query parameters.)

obstore signs too, but without the response headers that give a download its name and type, and no parts of an upload.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from urllib.parse import quote, urlsplit


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class S3Signer:
    """`base` is the address of the bucket, `prefix` the part of each key that the store's URL gives."""

    base: str
    prefix: str
    access_key: str
    secret_key: str
    region: str
    now: Callable[[], datetime] = _now

    @classmethod
    def of(cls, url: str, endpoint: str, access_key: str, secret_key: str, region: str) -> Self:
        parts = urlsplit(url)
        region = region or "us-east-1"
        base = f"{endpoint.rstrip('/')}/{parts.netloc}" if endpoint else _aws(parts.netloc, region)
        prefix = parts.path.strip("/")
        return cls(base, f"{prefix}/" if prefix else "", access_key, secret_key, region)

    def get_url(self, key: str, *, lifetime_s: int, filename: str, content_type: str) -> str:
        query = {"response-content-disposition": _disposition(filename), "response-content-type": content_type}
        return self.url("GET", key, lifetime_s=lifetime_s, query=query)

    def range_url(self, key: str, start: int, end: int, *, lifetime_s: int) -> str:
        """For a GET of exactly the bytes [start, end): the range is signed, and the store refuses another."""
        return self.url("GET", key, lifetime_s=lifetime_s, query={}, headers={"range": f"bytes={start}-{end - 1}"})

    def part_url(self, key: str, upload_id: str, number: int, *, size: int, lifetime_s: int) -> str:
        """For a PUT of exactly `size` bytes: the length is signed, and the store refuses another."""
        query = {"partNumber": str(number), "uploadId": upload_id}
        return self.url("PUT", key, lifetime_s=lifetime_s, query=query, headers={"content-length": str(size)})

    def url(
        self,
        method: str,
        key: str | None,
        *,
        lifetime_s: int,
        query: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Of an object, or of the bucket (None). `headers` (their names in lower case) must come with the request."""
        address = urlsplit(f"{self.base}/" if key is None else f"{self.base}/{quote(self.prefix + key)}")
        now = self.now()
        day, stamp = f"{now:%Y%m%d}", f"{now:%Y%m%dT%H%M%SZ}"
        scope = f"{day}/{self.region}/s3/aws4_request"
        signed = dict(sorted({"host": address.netloc, **(headers or {})}.items()))
        full = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{self.access_key}/{scope}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(lifetime_s),
            "X-Amz-SignedHeaders": ";".join(signed),
            **query,
        }
        asked = "&".join(f"{quote(name, '')}={quote(value, '')}" for name, value in sorted(full.items()))
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        request = f"{method}\n{address.path}\n{asked}\n{lines}\n{';'.join(signed)}\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(request.encode()).hexdigest()
        signature = _mac(self._key(day), f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}").hex()
        return f"{address.scheme}://{address.netloc}{address.path}?{asked}&X-Amz-Signature={signature}"

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret_key}".encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = _mac(key, part)
        return key


def _aws(bucket: str, region: str) -> str:
    return f"https://{bucket}.s3.{region}.amazonaws.com"


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _disposition(filename: str) -> str:
    """RFC 6266: plain for old clients, exact for the rest."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, '')}"
