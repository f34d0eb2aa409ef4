"""What counts as a download: one for each caller and repository in a few minutes, however many files it takes."""

from __future__ import annotations

import time
from collections import OrderedDict

from starlette.requests import Request

from zoco.core.repos import Repo
from zoco.hub.repos.downloads import count_download
from zoco.surfaces.context import client_address
from zoco.surfaces.hub_api.asked import Asked

SAME_DOWNLOAD_S = 300
REMEMBERED_MAX = 20_000
QUERY_FILES = frozenset({"config.json", "tokenizer_config.json", "adapter_config.json", "dataset_infos.json"})
"""Libraries read one of these first."""

_recent: OrderedDict[tuple[int, str], float] = OrderedDict()
"""(repository, caller) -> when it was counted, on this worker's monotonic clock; oldest first."""


def note_info(request: Request, of: Asked, repo: Repo) -> None:
    """snapshot_download marks its calls and asks for the info first."""
    if "x-hf-download-counter" in request.headers:
        _note(request, of, repo)


def note_file(request: Request, of: Asked, repo: Repo, path: str, *, is_lfs: bool) -> None:
    """Looking (HEAD) is no download, unless a client says that it is part of one."""
    is_marked = "x-hf-download-counter" in request.headers
    if is_marked or (request.method == "GET" and (is_lfs or path.rsplit("/", 1)[-1] in QUERY_FILES)):
        _note(request, of, repo)


def _note(request: Request, of: Asked, repo: Repo) -> None:
    who = f"{of.actor.user_id if of.actor else ''}@{client_address(request)}"
    now = time.monotonic()
    while _recent and (len(_recent) > REMEMBERED_MAX or next(iter(_recent.values())) < now - SAME_DOWNLOAD_S):
        _recent.popitem(last=False)
    if (repo.key, who) not in _recent:
        _recent[repo.key, who] = now
        count_download(repo.key)
