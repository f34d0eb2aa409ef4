"""The woven medallion of a repository or a person: diamond rings, mirrored both ways, drawn from SHA-256 of its id.

Colour says the domain and shape the kind, so that colour never stands alone.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from markupsafe import Markup

SIDE = 9
_HALF = SIDE // 2


@lru_cache(maxsize=4096)
def glyph(id: str, kind: str = "m", domain: str = "d-text") -> Markup:
    """`kind`: m model, d dataset, s Space, u person or organisation."""
    strong, soft = _weave(hashlib.sha256(id.lower().encode()).digest())
    return Markup(  # noqa: S704 # numbers, and words of ours
        f'<svg class="glyph {kind} {domain}" viewBox="-1 -1 {SIDE + 2} {SIDE + 2}" aria-hidden="true"'
        f' shape-rendering="crispEdges"><path fill="currentColor" d="{_path(strong)}"/>'
        f'<path fill="currentColor" opacity=".42" d="{_path(soft)}"/></svg>'
    )


def _weave(digest: bytes) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Cells of the strong and of the soft thread. A ring has one distance from the centre: a diamond."""
    strong: set[tuple[int, int]] = set()
    soft: set[tuple[int, int]] = set()
    bits = int.from_bytes(digest, "big")
    for y in range(_HALF + 1):
        for x in range(_HALF + 1):
            ring = (_HALF - x) + (_HALF - y)
            tone = (digest[ring] + (bits >> (5 * y + x) & 1) * (digest[ring + 9] % 3)) % 3
            if tone:
                mirrored = {(x, y), (SIDE - 1 - x, y), (x, SIDE - 1 - y), (SIDE - 1 - x, SIDE - 1 - y)}
                (strong if tone == 1 else soft).update(mirrored)
    if len(strong) < 9:  # too pale to be told apart: the threads change places
        strong, soft = soft, strong
    return strong or {(_HALF, _HALF)}, soft


def _path(cells: set[tuple[int, int]]) -> str:
    runs = []
    for y in range(SIDE):
        x = 0
        while x < SIDE:
            length = 0
            while (x + length, y) in cells:
                length += 1
            if length:
                runs.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length + 1
    return "".join(runs)
