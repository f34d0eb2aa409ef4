"""What a client says it has sent, when all parts of an upload are there. Pure: the body in, values out.

There is no document of it: huggingface_hub (`lfs.py`) and @huggingface/hub (`commit.ts`) both send
`{"oid", "parts": [{"partNumber", "etag"}]}`, with the ETag header of each part's answer as it came.
"""

from __future__ import annotations

from dataclasses import dataclass

from zoco.core.errors import Unprocessable
from zoco.formats.lfs.batch import parse_json_object

_NUMBER_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Completion:
    """`etags` of parts 1, 2, …, without quotes."""

    oid: str
    etags: tuple[str, ...]


def parse_completion(body: bytes) -> Completion:
    """Raises Invalid, or Unprocessable where a part is missing from the list or named twice."""
    asked = parse_json_object(body)
    oid, parts = asked.get("oid"), asked.get("parts")
    if not isinstance(oid, str) or not isinstance(parts, list):
        raise Unprocessable("The body must be {'oid', 'parts': [{'partNumber', 'etag'}]}")
    etags: dict[int, str] = {}
    for part in parts:
        number, etag = (part.get("partNumber"), part.get("etag")) if isinstance(part, dict) else (None, None)
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= _NUMBER_MAX:
            raise Unprocessable(f"'partNumber' must be a whole number from 1 to {_NUMBER_MAX}")
        if not isinstance(etag, str) or not etag:
            raise Unprocessable(f"Part {number} needs the 'etag' that its upload was answered with")
        if number in etags:
            raise Unprocessable(f"Part {number} is named twice")
        etags[number] = etag.strip().removeprefix("W/").strip('"')
    if missing := next((number for number in range(1, len(etags) + 1) if number not in etags), None):
        raise Unprocessable(f"Part {missing} is missing from the list")
    return Completion(oid, tuple(etags[number] for number in sorted(etags)))
