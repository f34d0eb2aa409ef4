"""What can be chosen for a repository: who sees it, whether there is a gate, which branch is its face."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from zoco.adapters.db.engine import Write
from zoco.core.access import Actor, Gated, Visibility
from zoco.core.errors import Conflict, Invalid, RepoNotFound
from zoco.core.repos import AdminRepo, ReadableRepo
from zoco.formats.git.refs import branch_ref
from zoco.hub.accounts import audit
from zoco.hub.repos import ref_store, state_store, store
from zoco.hub.repos.ref_store import RefRow
from zoco.hub.repos.revisions import reader_with
from zoco.hub.repos.storage import RepoStorage, Update

Facts = Mapping[str, Any]  # Any: small JSON values

FACTS_MAX = 50
TEXT_LENGTH_MAX = 1000


@dataclass(frozen=True, slots=True)
class RepoSettings:
    """`facts` are small choices that the Hub keeps and tells, and acts on in later rooms (`discussions_disabled`)."""

    visibility: Visibility
    gated: Gated
    default_branch: str
    facts: Facts = field(default_factory=dict)


def settings_of(storage: RepoStorage, repo: ReadableRepo) -> RepoSettings:
    with storage.db.read() as read:
        _, facts = store.settings_of(read, repo.key)
    return RepoSettings(repo.visibility, repo.gated, repo.default_branch, facts)


def change_settings(
    storage: RepoStorage,
    repo: AdminRepo,
    actor: Actor,
    *,
    visibility: Visibility | None = None,
    gated: Gated | None = None,
    default_branch: str | None = None,
    facts: Facts | None = None,
) -> RepoSettings:
    """None leaves a setting as it is; a fact of None is forgotten. Raises Invalid for a branch that is not there."""
    _check_facts(facts or {})
    columns: dict[str, object] = {}
    if visibility is not None and visibility is not repo.visibility:
        columns["visibility"] = visibility.value
    if gated is not None and gated is not repo.gated:
        columns["gated"] = gated.value
    new_face = default_branch is not None and default_branch != repo.default_branch
    face = _new_face(storage, repo, default_branch) if new_face and default_branch is not None else None
    if face:
        columns["default_branch"] = default_branch
    with storage.db.write() as write:
        if state_store.lock(write, repo.key) is None:
            raise RepoNotFound(repo.id)
        if face and ref_store.refs_named(write, repo.key, [face.ref.name]).get(face.ref.name) != face.ref:
            raise Conflict(f"The branch '{default_branch}' is being updated. Try again in a moment.")
        _, kept = store.settings_of(write, repo.key)
        merged = {name: value for name, value in {**kept, **(facts or {})}.items() if value is not None}
        if merged != kept:
            columns["settings"] = merged
        store.change_repo(write, repo.key, columns, new_version=face is not None)
        for do in face.writes if face else ():
            do(write)
        if columns:
            audit.record(write, actor, "repo.settings", repo.id.path, details=columns)
    return RepoSettings(
        visibility or repo.visibility, gated or repo.gated, default_branch or repo.default_branch, merged
    )


@dataclass(frozen=True, slots=True)
class _Face:
    """The branch as it was seen, and the writes that make its card the repository's."""

    ref: RefRow
    writes: tuple[Callable[[Write], None], ...]


def _new_face(storage: RepoStorage, repo: AdminRepo, branch: str) -> _Face:
    ref = branch_ref(branch)
    with storage.db.read() as read:
        found = ref_store.refs_named(read, repo.key, [ref]).get(ref)
    if found is None:
        raise Invalid(f"There is no branch '{branch}': create it first.")
    seen = replace(repo, default_branch=branch)  # subscribers look at the default branch only
    update = Update(ref, None, found.oid)
    with reader_with(storage, repo, found.commit) as git:
        asked = (subscriber.prepare(seen, git, [update]) for subscriber in storage.subscribers)
        return _Face(found, tuple(writes for writes in asked if writes is not None))


def _check_facts(facts: Facts) -> None:
    if len(facts) > FACTS_MAX:
        raise Invalid(f"At most {FACTS_MAX} settings at once.")
    for name, value in facts.items():
        is_small = value is None or isinstance(value, (bool, int, float, str))
        if not is_small or (isinstance(value, str) and len(value) > TEXT_LENGTH_MAX):
            raise Invalid(f"'{name}' must be a word, a number, true or false.")
