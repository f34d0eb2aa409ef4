"""libgit2's objects, as the kind that they must be here."""

from __future__ import annotations

from typing import cast

import pygit2

Id = pygit2.Oid


def commit_at(repository: pygit2.Repository, oid: Id) -> pygit2.Commit:
    return cast("pygit2.Commit", repository[oid])  # pygit2's stubs have no word for it


def tree_at(repository: pygit2.Repository, oid: Id) -> pygit2.Tree:
    found = repository[oid]
    assert isinstance(found, pygit2.Tree)
    return found


def blob_at(repository: pygit2.Repository, oid: Id) -> pygit2.Blob:
    found = repository[oid]
    assert isinstance(found, pygit2.Blob)
    return found


def id_of(oid: str) -> Id:
    return pygit2.Oid(hex=oid)
