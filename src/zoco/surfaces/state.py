"""What a request handler can reach: everything `app.py` built, once for each process."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from zoco.adapters.blobs.port import BlobStore
from zoco.adapters.db.engine import Database
from zoco.hub.accounts.limits import RateLimiter
from zoco.hub.catalog.catalogue import Catalogue
from zoco.hub.repos.storage import RepoStorage
from zoco.hub.repos.xet_scope import DedupScope
from zoco.settings import Settings


@dataclass(frozen=True, slots=True)
class Hub:
    settings: Settings
    db: Database
    blobs: BlobStore
    storage: RepoStorage
    catalogue: Catalogue
    limiter: RateLimiter
    signing_key: bytes
    trusted_proxies: frozenset[str]
    sign_up_is_open: bool
    dedup_scope: DedupScope


def hub_of(request: Request) -> Hub:
    hub = request.scope["app"].state.hub
    assert isinstance(hub, Hub)
    return hub
