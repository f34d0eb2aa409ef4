"""What does a git client get to see and fetch? The advertisement is made from SQL, the packs by C git."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zoco import __version__
from zoco.adapters.git import commands
from zoco.core.repos import ContentsRepo
from zoco.formats.git.advertise import AdvertisedRef, ref_advertisement, v2_capabilities
from zoco.formats.git.refs import branch_ref
from zoco.hub.repos import ref_store
from zoco.hub.repos.storage import RepoStorage, bare_repository

UPLOAD_PACK = "git-upload-pack"
RECEIVE_PACK = "git-receive-pack"
AGENT = f"zoco/{__version__}"


def advertise(storage: RepoStorage, repo: ContentsRepo, service: str, protocol: str) -> Iterator[bytes]:
    """Answer to `info/refs?service=…`. `protocol` is the client's Git-Protocol header, empty when it has none.

    Nothing is read before the first chunk is asked for.
    """
    version = protocol_version(protocol)
    if service == UPLOAD_PACK and version == 2:
        yield v2_capabilities(AGENT)
        return
    with storage.db.read() as read:
        rows = ref_store.all_refs(read, repo.key)
    refs = [AdvertisedRef(row.name, row.oid, row.commit if row.commit != row.oid else None) for row in rows]
    refs.sort(key=lambda one: one.name.encode())
    head = branch_ref(repo.default_branch)
    yield from ref_advertisement(service, refs, head=head, version=min(version, 1), agent=AGENT)


def upload_pack(storage: RepoStorage, repo: ContentsRepo, body: Path | bytes, protocol: str) -> Iterator[bytes]:
    """Answer to a POST to `git-upload-pack`."""
    bare = bare_repository(storage, repo)
    for chunk in commands.upload_pack(bare, body, f"version={protocol_version(protocol)}"):
        storage.cache.touch(bare)
        yield chunk


def protocol_version(protocol: str) -> int:
    """The highest we know among `version=N` keys (gitprotocol-v2, «HTTP Transport»)."""
    asked = {key for key in protocol.split(":") if key.startswith("version=")}
    return max((version for version in (1, 2) if f"version={version}" in asked), default=0)
