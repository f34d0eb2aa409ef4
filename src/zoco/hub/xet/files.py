"""Which files rest in xorbs?"""

from __future__ import annotations

from zoco.formats.xet.hashes import XetHash
from zoco.hub.xet import store
from zoco.hub.xet.store import XetFile
from zoco.hub.xet.xorbs import Xet

__all__ = ["XetFile", "find_file"]


def find_file(xet: Xet, hash: XetHash) -> XetFile | None:
    with xet.db.read() as read:
        return store.find_files(read, [hash]).get(hash)
