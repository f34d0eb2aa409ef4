"""An opened repository, and what opening it proved.

Only `hub/repos/open.py` constructs the proof types (a house test checks), so a function that takes a `WritableRepo`
cannot be called without the check.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from zoco.core.access import Access, Gated, Visibility
from zoco.core.ids import RepoId


@dataclass(frozen=True, slots=True)
class RepoRow:
    """A repository as the database had it when it was read: says nothing yet about who may see it.

    Times are UTC milliseconds. `version` grows with every change of refs or packs and names a state of the repository;
    `prune_epoch` grows when objects may have gone.
    """

    key: int
    public_id: str
    id: RepoId
    visibility: Visibility
    gated: Gated
    disabled: bool
    default_branch: str
    version: int
    prune_epoch: int
    namespace_key: int
    creator_id: int | None
    created_at_ms: int
    updated_at_ms: int
    likes: int
    downloads: int

    @property
    def is_private(self) -> bool:
        return self.visibility is Visibility.PRIVATE


@dataclass(frozen=True, slots=True)
class Repo(RepoRow):
    """Opened: with what the caller may do with it."""

    access: Access


ReadableRepo = NewType("ReadableRepo", Repo)
"""The caller may know that it exists, and see its card's metadata, tree and history."""

ContentsRepo = NewType("ContentsRepo", ReadableRepo)
"""The caller may also read its files: no gate is in the way."""

WritableRepo = NewType("WritableRepo", ContentsRepo)
"""The caller may commit, push, and move its refs."""

AdminRepo = NewType("AdminRepo", WritableRepo)
"""The caller may change its settings, rename and delete it."""
