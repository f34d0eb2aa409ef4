"""Of which stored files may a caller learn that the Hub has them, so that they need not be sent?"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from zoco.core.access import Actor
from zoco.core.repos import ContentsRepo
from zoco.formats.xet.hashes import XetHash
from zoco.hub.lfs.xet_files import holders
from zoco.hub.repos.open import keys_with_contents
from zoco.hub.repos.storage import RepoStorage


class DedupScope(StrEnum):
    """How far a client may look for chunks it need not send."""

    READABLE = "readable"
    """in every repository whose files the caller may read"""
    INSTANCE = "instance"
    """in all: who has a chunk learns that somebody uploaded it"""
    REPO = "repo"
    """in the repository being written to"""
    OFF = "off"


def dedup_scope_of(setting: str) -> DedupScope:
    """Raises ValueError naming the setting."""
    if setting not in list(DedupScope):
        raise ValueError(f"setting xet_dedup_scope must be one of {', '.join(DedupScope)}, not {setting!r}")
    return DedupScope(setting)


def files_in_scope(
    storage: RepoStorage, scope: DedupScope, repo: ContentsRepo, actor: Actor | None, files: Sequence[XetHash]
) -> list[XetHash]:
    """Those of `files` that `actor`, who opened `repo`, may build on. In every scope a repository must hold them."""
    if scope is DedupScope.OFF:
        return []
    held = holders(storage.db, files)
    everyone = frozenset().union(*held.values())
    if scope is DedupScope.INSTANCE:
        return list(held)
    allowed = everyone & {repo.key} if scope is DedupScope.REPO else keys_with_contents(storage, everyone, actor)
    return [file for file, keys in held.items() if keys & allowed]
