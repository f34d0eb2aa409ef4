"""Which store did the operator choose?"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from zoco.adapters.blobs.folder import FolderBlobStore
from zoco.adapters.blobs.object import ObjectBlobStore
from zoco.adapters.blobs.port import BlobStore
from zoco.settings import Settings

_OBJECT_SCHEMES = ("s3", "gs", "az")


def open_blobs(settings: Settings) -> BlobStore:
    """Raises ValueError naming the setting when its value makes no sense."""
    url = settings.storage_url
    if settings.direct_transfers not in ("on", "off"):
        raise ValueError(f"setting direct_transfers must be on or off, not {settings.direct_transfers!r}")
    if not url:
        return FolderBlobStore(settings.data / "store", settings.data / "scratch")
    parts = urlsplit(url)
    if parts.scheme == "file":
        root = Path(parts.path)
        return FolderBlobStore(root, root / ".scratch")
    if parts.scheme not in _OBJECT_SCHEMES or not parts.netloc:
        raise ValueError(
            f"setting storage_url must be like s3://bucket/prefix, gs://…, az://… or file:///…, not {url!r}"
        )
    return ObjectBlobStore(
        url,
        endpoint=settings.storage_endpoint,
        access_key=settings.storage_access_key,
        secret_key=settings.storage_secret_key,
        region=settings.storage_region,
        is_straight=settings.direct_transfers == "on",
        scratch=settings.data / "scratch",
    )
