"""Which stored packs does a row name? What none does is deleted after the grace (`jobs/doomed.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from zoco.adapters.db.engine import Read, Write
from zoco.hub.repos import pack_store
from zoco.hub.repos.storage import PACK_KEYS, uuid_of_key
from zoco.jobs import doomed


def _known(read: Read, keys: Sequence[str]) -> set[str]:
    uuids = pack_store.known_among(read, [uuid_of_key(key) for key in keys])
    return {key for key in keys if uuid_of_key(key) in uuids}


def _live(read: Read, keys: Sequence[str]) -> set[str]:
    uuids = pack_store.live_among(read, [uuid_of_key(key) for key in keys])
    return {key for key in keys if uuid_of_key(key) in uuids}


def _deleted(write: Write, keys: Sequence[str]) -> None:
    pack_store.forget_retired(write, [uuid_of_key(key) for key in keys])


STORED: Final = doomed.Keys(PACK_KEYS, known=_known, live=_live, deleted=_deleted)
