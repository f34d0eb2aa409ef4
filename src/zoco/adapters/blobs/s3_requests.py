"""Our own requests to an S3 server, for what obstore does not offer: the parts of an upload.

Signed in the address, so that a body can be sent while it comes. Answers are small XML documents of the operator's own
store.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from urllib.parse import urlsplit
from xml.etree import ElementTree

from zoco.adapters.blobs.sign_s3 import S3Signer
from zoco.core.errors import Unavailable

SILENCE_MAX_S = 120
_LIFETIME_S = 900
_TRIES = 4
_FIRST_WAIT_S = 0.2
_AWAY = "The object store does not answer. Try again in a moment."


class S3Refused(Exception):
    """`code` is S3's own word: NoSuchUpload, InvalidPart, …"""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


def ask(
    signer: S3Signer, method: str, key: str | None, query: Mapping[str, str], body: bytes = b""
) -> ElementTree.Element:
    """The answer's XML, an empty element where there is none. Raises S3Refused; Unavailable after some tries."""
    wait_s = _FIRST_WAIT_S
    for left in reversed(range(_TRIES)):
        try:
            status, data = _once(signer, method, key, query, body)
        except (OSError, http.client.HTTPException) as error:
            if not left:
                raise Unavailable(_AWAY) from error
        else:
            if (found := _read(status, data)) is not None:
                return found
        time.sleep(wait_s)
        wait_s *= 3
    raise Unavailable(_AWAY)


class S3Put:
    """A PUT to a signed address whose body is fed piece by piece."""

    def __init__(self, url: str, size: int) -> None:
        parts = urlsplit(url)
        self._connection = _connection(parts.scheme, parts.netloc)
        try:
            self._connection.putrequest("PUT", f"{parts.path}?{parts.query}", skip_accept_encoding=True)
            self._connection.putheader("Content-Length", str(size))
            self._connection.endheaders()
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(_AWAY) from error

    def feed(self, chunk: bytes) -> None:
        try:
            self._connection.send(chunk)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(_AWAY) from error

    def finish(self) -> str:
        """The ETag, without quotes. Raises S3Refused or Unavailable."""
        try:
            answer = self._connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(_AWAY) from error
        finally:
            self.close()
        if _read(answer.status, data) is None:
            raise Unavailable(_AWAY)
        return bare_etag(answer.headers.get("ETag", ""))

    def close(self) -> None:
        self._connection.close()


def text_of(element: ElementTree.Element, name: str) -> str:
    """Of the child called so, whatever its namespace; empty when there is none."""
    return next((child.text or "" for child in element if _local(child) == name), "")


def children(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [child for child in element if _local(child) == name]


def bare_etag(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip('"')


def _once(signer: S3Signer, method: str, key: str | None, query: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    parts = urlsplit(signer.url(method, key, lifetime_s=_LIFETIME_S, query=query))
    connection = _connection(parts.scheme, parts.netloc)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body or None)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _connection(scheme: str, netloc: str) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(netloc, timeout=SILENCE_MAX_S, context=ssl.create_default_context())
    return http.client.HTTPConnection(netloc, timeout=SILENCE_MAX_S)


def _read(status: int, data: bytes) -> ElementTree.Element | None:
    """None: worth another try. A completed upload may say 200 and tell of a failure in its body."""
    if status >= 500 or status == 429:
        return None
    try:
        found = ElementTree.fromstring(data) if data.strip() else ElementTree.Element("Nothing")  # noqa: S314 - ours
    except ElementTree.ParseError:
        found = ElementTree.Element("Nothing")
    code = text_of(found, "Code") if _local(found) == "Error" else ""
    if code in ("InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout"):
        return None
    if status >= 300 or code:
        raise S3Refused(status, code)
    return found


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
