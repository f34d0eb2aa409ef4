"""What a Xet client does, in calls of the rooms themselves."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from tests.small_hub import SmallHub
from tests.xet_files import MadeFile, Packed

from zoco.adapters.db.tables import doomed_object
from zoco.adapters.db.tables import repo as repo_table
from zoco.core.repos import WritableRepo
from zoco.formats.xet.shard import Shard
from zoco.hub.lfs.xet_files import publish
from zoco.hub.xet.files import XetFile, find_file
from zoco.hub.xet.shards import CheckedFile, check, prove
from zoco.hub.xet.xorbs import KEYS, XorbUpload


def send_xorb(hub: SmallHub, xorb: Packed) -> bool:
    with XorbUpload(hub.storage.xet, xorb.hash, len(xorb.body)) as upload:
        for at in range(0, len(xorb.body), 1000):
            upload.feed(xorb.body[at : at + 1000])
        return upload.finish()


def checked(hub: SmallHub, *files: MadeFile) -> list[CheckedFile]:
    found = check(hub.storage.xet, Shard(tuple(file.said for file in files), ()))
    prove(hub.storage.xet, found, lambda _more: None)
    return found


def register(hub: SmallHub, to: WritableRepo, *files: MadeFile) -> None:
    for xorb in {xorb.hash: xorb for file in files for xorb in file.xorbs}.values():
        send_xorb(hub, xorb)
    publish(hub.db, to, checked(hub, *files), None, grace_ms=1000)


def found(hub: SmallHub, file: MadeFile) -> XetFile:
    row = find_file(hub.storage.xet, file.hash)
    assert row
    return row


def keys(hub: SmallHub) -> set[str]:
    return set(hub.storage.blobs.keys(KEYS))


def scratch(hub: SmallHub) -> list[Path]:
    return list(hub.storage.blobs.scratch.iterdir())


def doomed(hub: SmallHub) -> dict[str, int]:
    """When each key may be deleted."""
    with hub.db.read() as read:
        return {row.key: row.delete_at for row in read.execute(select(doomed_object.c.key, doomed_object.c.delete_at))}


def used_storage(hub: SmallHub, of: WritableRepo) -> int:
    with hub.db.read() as read:
        return int(read.execute(select(repo_table.c.used_storage).where(repo_table.c.id == of.key)).scalar_one())
