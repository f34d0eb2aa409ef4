"""Which xorb, chunk or file does a path name?"""

from __future__ import annotations

from starlette.requests import Request

from zoco.core.errors import Invalid
from zoco.formats.xet.hashes import XetHash, is_xet_hash


def hash_of(request: Request, name: str = "hash") -> XetHash:
    """Raises Invalid."""
    text = str(request.path_params[name])
    if not is_xet_hash(text):
        raise Invalid(f"{text[:80]!r} is no Xet hash: 64 lowercase hex digits are needed.")
    return XetHash(text)
