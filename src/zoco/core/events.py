"""What happened, for the rooms above to hear. Recorded in the outbox in the same transaction as the change."""

from __future__ import annotations

from dataclasses import dataclass

from zoco.core.ids import Oid


@dataclass(frozen=True, slots=True)
class RefUpdated:
    """`old` is None when the ref is new, `new` is None when it was deleted."""

    repo_key: int
    ref: str
    old: Oid | None
    new: Oid | None


@dataclass(frozen=True, slots=True)
class RepoDeleted:
    repo_key: int


Event = RefUpdated | RepoDeleted
