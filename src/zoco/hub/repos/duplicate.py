"""How does a repository get a copy? Its packs are stored again under their own keys; no object is unpacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.exc import IntegrityError

from zoco.adapters.clock import fresh_uuid, now_ms
from zoco.adapters.db.engine import Write
from zoco.adapters.git.reader import Reader
from zoco.core.access import Actor, Visibility
from zoco.core.errors import RepoNotFound
from zoco.core.ids import RepoId
from zoco.core.repos import AdminRepo, ContentsRepo
from zoco.formats.git.refs import BRANCHES, TAGS
from zoco.hub.lfs.objects import copy_links
from zoco.hub.repos import pack_store, prune, ref_store, store
from zoco.hub.repos.birth import Tips, give_birth, prepared
from zoco.hub.repos.create import new_row
from zoco.hub.repos.pack_store import PackRow
from zoco.hub.repos.place import demand_free, demand_place, taken
from zoco.hub.repos.revisions import as_it_is_now
from zoco.hub.repos.storage import PrunedMeanwhile, RepoStorage, StoredPack, discard, object_keys, reader


def duplicate_repo(
    storage: RepoStorage, repo: ContentsRepo, actor: Actor, to: RepoId, *, visibility: Visibility | None = None
) -> AdminRepo:
    """Branches, tags and LFS files; no pull requests. A copy of something private is private unless asked otherwise.

    Raises Invalid, Denied, or AlreadyExists with the repository that has the name.
    """
    target = RepoId(repo.id.type, to.namespace, to.name)
    message = f"You already created this {target.type} repo"
    with storage.db.read() as read:
        place = demand_place(read, actor, target)
        demand_free(read, actor, target, message)
    now = as_it_is_now(storage, repo)
    with storage.db.read() as read:
        tips = _tips(ref_store.all_refs(read, repo.key))
        packs = pack_store.live_packs(read, repo.key)
        sdk, facts = store.settings_of(read, repo.key)
    seen = visibility or (Visibility.PRIVATE if repo.is_private else place.default_visibility)
    row = replace(new_row(place, target, actor, seen), default_branch=now.default_branch)
    stored = [_stored_again(storage, one) for one in packs]
    with reader(storage, now) as git:
        newborn = prepared(storage, row, actor, _held(git, tips), git, sdk=sdk, facts=facts)
    try:
        return give_birth(
            storage,
            newborn,
            stored,
            actor,
            "repo.duplicate",
            also=[
                lambda write: _demand_unpruned(write, now),
                lambda write: copy_links(write, repo, newborn.repo, actor.user_id),
                # the packs hold more than the copied refs lead to
                lambda write: prune.plan(write, row.key, now_ms() + storage.limits.gc_grace_ms),
            ],
            details={"of": repo.id.path},
        )
    except (PrunedMeanwhile, RepoNotFound):
        discard(storage, stored)
        raise
    except IntegrityError as error:
        discard(storage, stored)
        with storage.db.read() as read:
            raise taken(store.find(read, target), actor, message) from error


def _demand_unpruned(write: Write, source: ContentsRepo) -> None:
    """What its refs led to then, it has links to now."""
    state = pack_store.lock_state(write, source.key)
    if state is None:
        raise RepoNotFound(source.id)
    if state[1] != source.prune_epoch:
        raise PrunedMeanwhile


def _tips(refs: Sequence[ref_store.RefRow]) -> Tips:
    return {one.name: (one.oid, one.commit) for one in refs if one.name.startswith((BRANCHES, TAGS))}


def _held(git: Reader, tips: Tips) -> Tips:
    """A ref that moved between the two looks is left out rather than copied without its objects."""
    return {name: oids for name, oids in tips.items() if all(git.has(oid) for oid in oids)}


def _stored_again(storage: RepoStorage, one: PackRow) -> StoredPack:
    """Under a key of its own: a hard link where the store is a folder, so that it costs next to nothing."""
    copy = StoredPack(fresh_uuid(), one.checksum, one.size, one.objects)
    for source, key in zip(object_keys(one.uuid), object_keys(copy.uuid), strict=True):
        file = storage.blobs.scratch / f"copy-{key.rpartition('/')[2]}"
        try:
            storage.blobs.fetch(source, file)
            storage.blobs.put_file(key, file)
        finally:
            file.unlink(missing_ok=True)
    return copy
