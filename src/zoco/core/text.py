"""Which text can be stored and compared at all?"""

from __future__ import annotations


def is_storable(text: str) -> bool:
    """Whether any database can hold it: no NUL, no half of a surrogate pair (bytes in an address that are no UTF-8)."""
    if text.isascii():
        return "\0" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
