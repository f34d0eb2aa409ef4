"""Which branches and tags has a repository, and how do they come and go?"""

from __future__ import annotations

from dataclasses import dataclass

from zoco.core.access import Actor
from zoco.core.errors import AlreadyExists, Conflict, Denied, Invalid, RevisionNotFound
from zoco.core.ids import Oid
from zoco.core.repos import ReadableRepo, WritableRepo
from zoco.formats.git.objects import Commit, Kind, Tag, serialise_commit, serialise_tag
from zoco.formats.git.pack import PackWriter
from zoco.formats.git.refs import BRANCHES, TAGS, problem_with_ref
from zoco.hub.repos import ref_store
from zoco.hub.repos.authors import signature_of
from zoco.hub.repos.landing import store
from zoco.hub.repos.ref_store import RefRow
from zoco.hub.repos.revisions import as_it_is_now, resolve_revision
from zoco.hub.repos.storage import RefsMoved, RepoStorage, StoredPack, Update, apply_updates

CONVERTS = "refs/convert/"
PULLS = "refs/pr/"


@dataclass(frozen=True, slots=True)
class RefInfo:
    """`name` as people say it (`main`, `refs/pr/1` for a pull request); `target` is a commit."""

    name: str
    ref: str
    target: Oid


@dataclass(frozen=True, slots=True)
class Refs:
    branches: tuple[RefInfo, ...]
    tags: tuple[RefInfo, ...]
    converts: tuple[RefInfo, ...]
    pulls: tuple[RefInfo, ...]


def list_refs(storage: RepoStorage, repo: ReadableRepo) -> Refs:
    """The default branch first, the others by name."""
    with storage.db.read() as read:
        rows = ref_store.all_refs(read, repo.key)
    branches = _below(BRANCHES, rows)
    branches.sort(key=lambda branch: branch.name != repo.default_branch)
    pulls = [RefInfo(pull.ref, pull.ref, pull.target) for pull in _below(PULLS, rows)]
    return Refs(tuple(branches), tuple(_below(TAGS, rows)), tuple(_below(CONVERTS, rows)), tuple(pulls))


def create_branch(
    storage: RepoStorage,
    repo: WritableRepo,
    actor: Actor,
    name: str,
    *,
    starting_point: str | None = None,
    empty: bool = False,
    overwrite: bool = False,
    via: str = "api",
) -> Oid:
    """Its commit. `starting_point` is any revision, by default the default branch; `empty` begins a history of its own.

    Raises Invalid for a name git forbids, AlreadyExists, RevisionNotFound.
    """
    ref = _checked_ref(BRANCHES, name, "branch")
    repo = as_it_is_now(
        storage, repo
    )  # before the commit is looked up: `apply_updates` refuses if a prune came between
    there = _find(storage, repo, ref)
    if there and not overwrite:
        raise AlreadyExists(f"Reference {ref} already exists")
    packs: list[StoredPack] = []
    if empty:
        target, stored = _empty_commit(storage, actor)
        packs.append(stored)
    else:
        target = resolve_revision(storage, repo, starting_point or repo.default_branch)
    if not there or there.oid != target:
        _move(storage, repo, actor, Update(ref, there.oid if there else None, target), packs, via)
    return target


def delete_branch(storage: RepoStorage, repo: WritableRepo, actor: Actor, name: str, *, via: str = "api") -> None:
    ref = BRANCHES + name
    repo = as_it_is_now(storage, repo)
    if name == repo.default_branch:
        raise Denied(f"Cannot delete {ref}: it is the default branch. Choose another default branch first.")
    _delete(storage, repo, actor, ref, name, via)


def create_tag(
    storage: RepoStorage,
    repo: WritableRepo,
    actor: Actor,
    name: str,
    *,
    revision: str,
    message: str | None = None,
    via: str = "api",
) -> Oid:
    """The tagged commit. An annotated tag when there is a message. Raises Invalid, AlreadyExists, RevisionNotFound."""
    ref = _checked_ref(TAGS, name, "tag")
    repo = as_it_is_now(storage, repo)
    target = resolve_revision(storage, repo, revision)
    if _find(storage, repo, ref):
        raise AlreadyExists(f"Reference {ref} already exists")
    packs: list[StoredPack] = []
    held = target
    if message and message.strip():
        held, stored = _annotation(storage, Tag(target, Kind.COMMIT, name, signature_of(actor), message.strip()))
        packs.append(stored)
    _move(storage, repo, actor, Update(ref, None, held), packs, via)
    return target


def delete_tag(storage: RepoStorage, repo: WritableRepo, actor: Actor, name: str, *, via: str = "api") -> None:
    _delete(storage, as_it_is_now(storage, repo), actor, TAGS + name, name, via)


def _below(prefix: str, rows: list[RefRow]) -> list[RefInfo]:
    return [RefInfo(row.name.removeprefix(prefix), row.name, row.commit) for row in rows if row.name.startswith(prefix)]


def _checked_ref(prefix: str, name: str, kind: str) -> str:
    ref = prefix + name
    if name.startswith("refs/"):
        raise Invalid(f"Invalid reference for a {kind}: give the name alone, without 'refs/…/'.")
    if problem := problem_with_ref(ref):
        raise Invalid(f"Invalid reference for a {kind}: {problem}")
    return ref


def _find(storage: RepoStorage, repo: WritableRepo, ref: str) -> RefRow | None:
    with storage.db.read() as read:
        return ref_store.refs_named(read, repo.key, [ref]).get(ref)


def _delete(storage: RepoStorage, repo: WritableRepo, actor: Actor, ref: str, name: str, via: str) -> None:
    there = None if problem_with_ref(ref) else _find(storage, repo, ref)
    if there is None:
        raise RevisionNotFound(name[:200])
    _move(storage, repo, actor, Update(ref, there.oid, None), [], via)


def _empty_commit(storage: RepoStorage, actor: Actor) -> tuple[Oid, StoredPack]:
    who = signature_of(actor)
    pack = PackWriter(storage.blobs.scratch)
    try:
        tree = pack.add(Kind.TREE, b"")
        oid = pack.add(Kind.COMMIT, serialise_commit(Commit(tree, (), who, who, "initial commit")))
        return oid, store(storage, pack)
    finally:
        pack.close()


def _annotation(storage: RepoStorage, tag: Tag) -> tuple[Oid, StoredPack]:
    pack = PackWriter(storage.blobs.scratch)
    try:
        oid = pack.add(Kind.TAG, serialise_tag(tag))
        return oid, store(storage, pack)
    finally:
        pack.close()


def _move(
    storage: RepoStorage, repo: WritableRepo, actor: Actor, update: Update, packs: list[StoredPack], via: str
) -> None:
    """A lost race is not tried again: what the caller saw is no longer so."""
    try:
        apply_updates(storage, repo, [update], packs, actor, via)
    except RefsMoved as error:
        raise Conflict(
            f"Reference {update.ref} was changed by somebody else just now. Look again, and try again."
        ) from error
