"""What a Git LFS client asks for in a batch (git-lfs docs/api/batch.md). Pure: the body in, values out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from zoco.core.errors import Conflict, Invalid, TooLarge, Unprocessable
from zoco.core.ids import Sha256, is_sha256
from zoco.formats.lfs.pointer import SIZE_MAX

MEDIA_TYPE = "application/vnd.git-lfs+json"
OBJECTS_MAX = 10_000
"""git-lfs asks for 100 at a time, huggingface_hub for 256."""


class Operation(StrEnum):
    UPLOAD = "upload"
    DOWNLOAD = "download"


@dataclass(frozen=True, slots=True)
class AskedObject:
    """`problem` says why the object cannot be meant; then `oid` and `size` are only what to echo."""

    oid: str
    size: int
    problem: str | None = None

    @property
    def sha256(self) -> Sha256:
        assert self.problem is None
        return Sha256(self.oid)


@dataclass(frozen=True, slots=True)
class BatchRequest:
    operation: Operation
    objects: tuple[AskedObject, ...]
    transfers: tuple[str, ...] = ("basic",)
    ref: str | None = None


def parse_batch_request(body: bytes) -> BatchRequest:
    """Raises Invalid when it is no batch, Unprocessable or Conflict (hash algorithm) when it cannot be served.

    One object with a wrong oid or size does not spoil the others: it comes back with its `problem`.
    """
    asked = parse_json_object(body)
    operation = asked.get("operation")
    if operation not in list(Operation):
        raise Unprocessable("'operation' must be 'upload' or 'download'")
    if asked.get("hash_algo", "sha256") not in ("sha256", "sha_256"):  # @huggingface/hub writes sha_256
        raise Conflict("'hash_algo' must be 'sha256': this server knows no other")
    objects = asked.get("objects")
    if not isinstance(objects, list):
        raise Unprocessable("'objects' must be a list of {'oid', 'size'}")
    if len(objects) > OBJECTS_MAX:
        raise TooLarge(f"{len(objects)} objects in one batch: ask for at most {OBJECTS_MAX} at a time")
    return BatchRequest(
        Operation(operation), tuple(map(_object, objects)), _transfers(asked.get("transfers")), _ref(asked)
    )


def parse_json_object(body: bytes) -> dict[str, Any]:  # Any: JSON of a stranger
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Invalid("The body must be JSON, as git-lfs docs/api/batch.md describes") from error
    if not isinstance(asked, dict):
        raise Invalid("The body must be a JSON object, as git-lfs docs/api/batch.md describes")
    return asked


def parse_object(asked: object) -> AskedObject:
    """One `{"oid", "size"}`. Raises Unprocessable when it names no object."""
    found = _object(asked)
    if found.problem:
        raise Unprocessable(found.problem)
    return found


def _object(asked: object) -> AskedObject:
    if not isinstance(asked, dict):
        return AskedObject("", 0, "an object must be {'oid', 'size'}")
    oid, size = asked.get("oid"), asked.get("size")
    whole = size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= SIZE_MAX else None
    shown = oid[:100] if isinstance(oid, str) else ""
    if not isinstance(oid, str) or not is_sha256(oid):
        return AskedObject(shown, whole or 0, "'oid' must be 64 lowercase hexadecimal digits (SHA-256)")
    if whole is None:
        return AskedObject(oid, 0, "'size' must be a whole number of bytes, not negative")
    return AskedObject(oid, whole)


def _transfers(asked: object) -> tuple[str, ...]:
    """A client that names none means basic (docs/api/batch.md)."""
    if asked is None or asked == []:
        return ("basic",)
    if not isinstance(asked, list):
        raise Unprocessable("'transfers' must be a list of names")
    return tuple(name for name in asked if isinstance(name, str))


def _ref(asked: dict[str, Any]) -> str | None:
    ref = asked.get("ref")
    name = ref.get("name") if isinstance(ref, dict) else None
    return name if isinstance(name, str) else None
