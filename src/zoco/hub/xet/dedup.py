"""Does the Hub have this chunk? If so, what else of its files, so that a client need not send it.

A client asks for about one chunk in a thousand, and for the first of a file. So a hit answers with every xorb of the
files around it: then one question is enough for a whole file. Chunk hashes leave the Hub only keyed with a key made
for this answer: who does not have the chunks learns nothing from it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from zoco.adapters.clock import now_ms
from zoco.formats.xet.hashes import XetHash
from zoco.formats.xet.shard import dedup_answer
from zoco.hub.xet import store
from zoco.hub.xet.xorbs import Xet

XORBS_MAX = 512
_HITS_MAX = 16
_FILES_MAX = 500
_KEY_BYTES = 32

MayUse = Callable[[Sequence[XetHash]], Sequence[XetHash]]
"""Of these files, those the caller may know of."""


def answer_for(xet: Xet, chunk: XetHash, may_use: MayUse, *, lifetime_s: int) -> bytes | None:
    """A shard for the client's cache, or None. The xorbs it names are touched: they stay for another grace time."""
    with xet.db.read() as read:
        hits = store.xorbs_with_chunk(read, chunk, _HITS_MAX)
        files = store.files_with_xorbs(read, hits, _FILES_MAX) if hits else []
    allowed = may_use(files) if files else []
    if not allowed:
        return None
    now = now_ms()
    with xet.db.read() as read:
        # those with the chunk itself come first: the files around them may have too many others
        near = store.xorbs_of_files(read, allowed, XORBS_MAX, among=hits)
        wanted = list(dict.fromkeys([*near, *store.xorbs_of_files(read, allowed, XORBS_MAX)]))[:XORBS_MAX]
        stale = store.stale_among(read, wanted, now)
    if stale:
        with xet.db.write() as write:
            store.touch_xorbs(write, stale, now)
    with xet.db.read() as read:
        found = store.find_xorbs(read, wanted)
    xorbs = [(row.hash, row.chunks) for row in found.values()]
    return dedup_answer(xorbs, secrets.token_bytes(_KEY_BYTES), now // 1000, now // 1000 + lifetime_s)
