"""How does a repository go? At once for everybody, in one transaction; its bytes after the grace."""

from __future__ import annotations

from zoco.adapters.clock import now_ms
from zoco.core.access import Actor
from zoco.core.errors import RepoNotFound
from zoco.core.events import RepoDeleted
from zoco.core.repos import AdminRepo
from zoco.hub.accounts import audit
from zoco.hub.repos import pack_store, store
from zoco.hub.repos.storage import RepoStorage, object_keys
from zoco.jobs import doomed, outbox


def delete_repo(storage: RepoStorage, repo: AdminRepo, actor: Actor) -> None:
    """Old names that redirected here end too. Raises RepoNotFound when somebody was faster."""
    with storage.db.write() as write:
        if pack_store.lock_state(write, repo.key) is None:
            raise RepoNotFound(repo.id)
        packs = pack_store.live_packs(write, repo.key)
        keys = [key for one in packs for key in object_keys(one.uuid)]
        doomed.doom(write, keys, now_ms() + storage.limits.gc_grace_ms)
        store.delete_repo(write, repo.key)
        outbox.record(write, RepoDeleted(repo.key))
        audit.record(write, actor, "repo.delete", repo.id.path, details={"id": repo.public_id})
    storage.cache.drop(repo.key)
