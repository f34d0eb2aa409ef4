"""Which commit does a revision mean? A branch, else a tag, else a full ref name, else a commit's id, whole or short.

`HEAD` is the default branch: @huggingface/hub asks for it where no revision was given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from zoco.adapters.git.reader import Reader
from zoco.core.errors import RepoNotFound, RevisionNotFound
from zoco.core.ids import Oid, is_oid
from zoco.core.repos import ReadableRepo
from zoco.formats.git.refs import BRANCHES, REF_BYTES_MAX, TAGS
from zoco.hub.repos import ref_store
from zoco.hub.repos.storage import RepoStorage, reader

SHORT_ID_LENGTH_MIN = 7

_SHORT_ID = re.compile(rf"[0-9a-f]{{{SHORT_ID_LENGTH_MIN},39}}")

Opened = TypeVar("Opened", bound=ReadableRepo)


def resolve_revision(storage: RepoStorage, repo: ReadableRepo, revision: str) -> Oid:
    """Raises RevisionNotFound, also for `main` of a repository without commits.

    One indexed SQL read where a ref is meant; only ids open the repository itself.
    """
    names = candidates(repo.default_branch if revision == "HEAD" else revision)
    if not names:
        raise RevisionNotFound(_shown(revision))
    with storage.db.read() as read:
        refs = ref_store.refs_named(read, repo.key, names)
    for name in names:
        if name in refs:
            return refs[name].commit
    commit = _commit_with_id(storage, repo, revision)
    if commit is None:
        raise RevisionNotFound(_shown(revision))
    return commit


def candidates(revision: str) -> list[str]:
    """Full names of the refs it could mean, the likeliest first. Empty when it can mean nothing at all."""
    try:
        size = len(revision.encode())
    except UnicodeEncodeError:  # a lone surrogate, from JSON
        return []
    if not 0 < size <= REF_BYTES_MAX or "\0" in revision:
        return []
    full = [revision] if revision.startswith("refs/") else []
    return [*full, BRANCHES + revision, TAGS + revision]


@contextmanager
def reader_with(storage: RepoStorage, repo: ReadableRepo, commit: Oid) -> Iterator[Reader]:
    """A reader that has this commit, also when it landed after `repo` was opened. Raises RevisionNotFound."""
    with reader(storage, repo) as git:
        if git.has(commit):
            yield git
            return
    with reader(storage, as_it_is_now(storage, repo)) as git:
        if not git.has(commit):
            raise RevisionNotFound(commit)
        yield git


def as_it_is_now(storage: RepoStorage, repo: Opened) -> Opened:
    """The same proof, at the repository's newest version. Raises RepoNotFound when it is gone."""
    with storage.db.read() as read:
        tip = ref_store.tip_of(read, repo.key, "")
    if tip is None:
        raise RepoNotFound(repo.id)
    return at_version(repo, tip)


def at_version(repo: Opened, tip: ref_store.Tip) -> Opened:
    return replace(repo, version=tip.version, prune_epoch=tip.prune_epoch, default_branch=tip.default_branch)


def _commit_with_id(storage: RepoStorage, repo: ReadableRepo, revision: str) -> Oid | None:
    digits = revision.lower()
    if not is_oid(digits) and not _SHORT_ID.fullmatch(digits):
        return None
    with reader(storage, repo) as git:
        found = Oid(digits) if is_oid(digits) else git.resolve_prefix(digits)
        commit = git.peel_to_commit(found) if found else None
    if commit or repo.version == (now := as_it_is_now(storage, repo)).version:
        return commit
    return _commit_with_id(storage, now, revision)


def _shown(revision: str) -> str:
    return revision if len(revision) <= 200 else f"{revision[:197]}..."
