"""May this caller see, read, write or administer this repository? The only place that makes the proof types.

A private repository and a missing one give the same answer to whoever may not read it, on every path through here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from zoco.core.access import Access, Actor, Gated, RepoFacts, access_to
from zoco.core.errors import Denied, Disabled, GatedRepo, Moved, NotAuthenticated, RepoNotFound
from zoco.core.ids import RepoId, RepoType
from zoco.core.repos import AdminRepo, ContentsRepo, ReadableRepo, Repo, RepoRow, WritableRepo
from zoco.hub.repos import store
from zoco.hub.repos.storage import RepoStorage


def open_for_reading(storage: RepoStorage, id: RepoId, actor: Actor | None) -> ReadableRepo:
    """Raises RepoNotFound also for a private repository, Moved when it has another name now, or Disabled."""
    return ReadableRepo(_opened(storage, id, actor))


def open_for_contents(storage: RepoStorage, id: RepoId, actor: Actor | None) -> ContentsRepo:
    """As for reading, and GatedRepo when its terms stand between the caller and the files.

    The gate asks who somebody is, not what their token may: its owner downloads with a read token.
    """
    repo = _opened(storage, id, actor)
    if not _is_through_the_gate(repo, actor):
        raise GatedRepo(repo.id, signed_in=actor is not None)
    return ContentsRepo(ReadableRepo(repo))


def open_for_writing(storage: RepoStorage, id: RepoId, actor: Actor | None) -> WritableRepo:
    """As for reading, and Denied (NotAuthenticated for nobody) when the caller may only read it."""
    repo = _opened(storage, id, actor)
    _demand(Access.WRITE, repo, actor)
    return WritableRepo(ContentsRepo(ReadableRepo(repo)))


def open_for_admin(storage: RepoStorage, id: RepoId, actor: Actor | None) -> AdminRepo:
    """As for reading, and Denied (NotAuthenticated for nobody) when the caller may not change its settings."""
    repo = _opened(storage, id, actor)
    _demand(Access.ADMIN, repo, actor)
    return AdminRepo(WritableRepo(ContentsRepo(ReadableRepo(repo))))


def as_created(row: RepoRow, actor: Actor) -> AdminRepo:
    """The proof for a repository that `actor` is making in this very request."""
    assert row.creator_id == actor.user_id, "only its creator opens a repository that has no row yet"
    return AdminRepo(WritableRepo(ContentsRepo(ReadableRepo(_repo(row, Access.ADMIN)))))


def for_facts(repo: ReadableRepo) -> ContentsRepo:
    """For facts about the files that stay visible at a gate (sizes, parameter counts): never for their bytes."""
    return ContentsRepo(repo)


def reopen_for_facts(storage: RepoStorage, repo_key: int) -> ContentsRepo | None:
    """For jobs, which act for nobody and tell nobody what they read: as `for_facts`. None when it is gone."""
    with storage.db.read() as read:
        row = store.find_by_key(read, repo_key)
    return ContentsRepo(ReadableRepo(_repo(row, Access.READ))) if row else None


def reopen_for_contents(storage: RepoStorage, repo_key: int, actor: Actor | None) -> ContentsRepo:
    """For a signed address or token that names the repository's row: as `open_for_contents`, whatever its name is
    now. Raises RepoNotFound when it is gone."""
    return open_for_contents(storage, _id_of(storage, repo_key, actor), actor)


def reopen_for_writing(storage: RepoStorage, repo_key: int, actor: Actor | None) -> WritableRepo:
    """Likewise, as `open_for_writing`."""
    return open_for_writing(storage, _id_of(storage, repo_key, actor), actor)


def keys_with_contents(storage: RepoStorage, repo_keys: Iterable[int], actor: Actor | None) -> frozenset[int]:
    """Of these repositories, those whose files `actor` may read."""
    with storage.db.read() as read:
        rows = store.find_by_keys(read, repo_keys)
    return frozenset(row.key for row in rows if _may_read_files(row, actor))


def access_of(row: RepoRow, actor: Actor | None) -> Access:
    return access_to(_facts(row), actor)


def resolve_alias(storage: RepoStorage, type: RepoType, word: str, actor: Actor | None) -> RepoId:
    """The repository a one-word id (`gpt2`) stands for. Raises RepoNotFound."""
    with storage.db.read() as read:
        row = store.find_moved(read, type, word)
    if row is None or access_of(row, actor) < Access.READ:
        raise RepoNotFound(signed_in=actor is not None)
    return row.id


def _opened(storage: RepoStorage, id: RepoId, actor: Actor | None) -> Repo:
    with storage.db.read() as read:
        row = store.find(read, id)
        moved = store.find_moved(read, id.type, id.full_name) if row is None else None
    if row is None and moved is not None and access_of(moved, actor) >= Access.READ:
        raise Moved(id, moved.id)
    access = access_of(row, actor) if row else Access.NONE
    if row is None or access < Access.READ:
        raise RepoNotFound(id, signed_in=actor is not None)
    if row.disabled:
        raise Disabled
    return _repo(row, access)


_ROW_FIELDS = tuple(one.name for one in fields(RepoRow))


def _repo(row: RepoRow, access: Access) -> Repo:
    return Repo(**{name: getattr(row, name) for name in _ROW_FIELDS}, access=access)


def _id_of(storage: RepoStorage, repo_key: int, actor: Actor | None) -> RepoId:
    with storage.db.read() as read:
        rows = store.find_by_keys(read, [repo_key])
    if not rows:
        raise RepoNotFound(signed_in=actor is not None)
    return rows[0].id


def _may_read_files(row: RepoRow, actor: Actor | None) -> bool:
    return not row.disabled and access_of(row, actor) >= Access.READ and _is_through_the_gate(row, actor)


def _is_through_the_gate(row: RepoRow, actor: Actor | None) -> bool:
    return row.gated is Gated.OPEN or _as_themselves(row, actor) >= Access.WRITE


def _as_themselves(repo: RepoRow, actor: Actor | None) -> Access:
    """What the caller may with any credentials."""
    return access_to(_facts(repo), replace(actor, limit=Access.ADMIN, grants=None) if actor else None)


def _facts(row: RepoRow) -> RepoFacts:
    return RepoFacts(row.id.type, row.id.namespace, row.id.name, row.visibility, row.creator_id)


def _demand(needed: Access, repo: Repo, actor: Actor | None) -> None:
    if repo.access >= needed:
        return
    doing = "change its settings" if needed is Access.ADMIN else "write to it"
    if actor is None:
        raise NotAuthenticated(f"Log in, or give a token with the write role, to {doing}: {repo.id.full_name}")
    if _as_themselves(repo, actor) < needed:
        raise Denied(
            f"You may read {repo.id.full_name} but not {doing}: that needs the write or admin role in"
            f" {repo.id.namespace}."
        )
    if actor.grants is not None:
        raise Denied(f"This token has no permission on {repo.id.full_name} to {doing}: add it in the token's settings.")
    raise Denied(f"A write token is needed to {doing}: {repo.id.full_name}. This token may only read.")
