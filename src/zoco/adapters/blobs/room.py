"""Is there room for more on this machine's disk, and what is said when there is not?"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from zoco.core.errors import StoreFull, Unavailable, has_no_room

KEPT_FREE_BYTES_MAX: Final = 64 << 20
"""Never given to blobs, or a twentieth of a small disk: the database and git must go on when users filled the rest."""


def room_in(folder: Path) -> int:
    """Bytes that may still come."""
    disk = shutil.disk_usage(folder)
    return max(0, disk.free - min(KEPT_FREE_BYTES_MAX, disk.total // 20))


def failed(error: OSError) -> Unavailable:
    return StoreFull() if has_no_room(error) else Unavailable(f"The store's folder cannot be used: {error.strerror}.")
