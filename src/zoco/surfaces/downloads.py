"""Which requests are one download? Those of one client for one repository in a few minutes.

Each worker remembers for itself, so a client whose connections end at several workers may be counted once by each.
"""

from __future__ import annotations

import time
from collections import OrderedDict

from starlette.requests import Request

from zoco.core.access import Actor
from zoco.core.repos import ReadableRepo
from zoco.hub.repos.downloads import count_download
from zoco.surfaces.context import client_address

SAME_DOWNLOAD_S = 300
REMEMBERED_MAX = 20_000
"""Of more in five minutes, the oldest are forgotten, and count again when they come back."""

_recent: OrderedDict[int, float] = OrderedDict()
"""Hash of repository and client -> when it was counted, on this worker's monotonic clock; oldest first."""


def note_download(request: Request, actor: Actor | None, repo: ReadableRepo) -> None:
    """For a request that asks for what counts. A picture that a page shows was not asked for by anybody."""
    if request.headers.get("sec-fetch-mode") == "no-cors":
        return
    asked = hash((repo.public_id, client_of(request, actor)))
    now = time.monotonic()
    while _recent and next(iter(_recent.values())) < now - SAME_DOWNLOAD_S:
        _recent.popitem(last=False)
    if asked in _recent:
        return
    if len(_recent) >= REMEMBERED_MAX:
        _recent.popitem(last=False)
    _recent[asked] = now
    count_download(repo.key)


def client_of(request: Request, actor: Actor | None) -> tuple[int | str, ...]:
    """A user, else a program at an address.

    The program is the User-Agent's first word or two (`transformers/4.57.1`): libraries go on with what they are doing
    and with a number for each process, which would make several clients of one.
    """
    if actor is not None:
        return (actor.user_id,)
    return client_address(request), request.headers.get("user-agent", "").partition(";")[0]
