"""Who works on which file? A lock tells the others; git-lfs asks before each push, and stops it for a locked file.

A lock holds in the whole repository, whatever branch it was taken on. Only its owner ends it, or an administrator of
the repository who says that they mean it.
"""

from __future__ import annotations

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.core.access import Access, Actor
from zoco.core.errors import Conflict, Denied, NotFound
from zoco.core.pages import Page
from zoco.core.repos import ContentsRepo, WritableRepo
from zoco.formats.lfs.locks import LockRequest, LocksQuery
from zoco.hub.lfs import locks_store
from zoco.hub.lfs.locks_store import Lock

__all__ = ["AlreadyLocked", "Lock", "list_locks", "lock", "unlock"]


class AlreadyLocked(Conflict):
    """Carries the lock that is in the way, which may be one's own."""

    def __init__(self, held: Lock) -> None:
        super().__init__(f"{held.path!a} is locked by {held.owner} already (lock {held.id}).")
        self.lock = held


def lock(db: Database, repo: WritableRepo, actor: Actor, asked: LockRequest) -> Lock:
    """Raises AlreadyLocked. The file need not exist: it may be about to."""
    with db.write() as write:
        held, is_new = locks_store.take(write, repo.key, asked.path, asked.ref, actor.user_id, now_ms())
    if not is_new:
        raise AlreadyLocked(held)
    return held


def list_locks(db: Database, repo: ContentsRepo, asked: LocksQuery) -> Page[Lock]:
    """The oldest first."""
    with db.read() as read:
        found = locks_store.page(read, repo.key, asked, asked.limit + 1)
    shown = tuple(found[: asked.limit])
    return Page(shown, str(shown[-1].id) if len(found) > asked.limit else None)


def unlock(db: Database, repo: WritableRepo, actor: Actor, id: int, *, force: bool) -> Lock:
    """The lock that was. Raises NotFound, or Denied for somebody else's."""
    with db.read() as read:
        held = locks_store.find(read, repo.key, id)
    if held is None:
        raise _gone(id)
    if held.owner_id != actor.user_id:
        _check_force(repo, held, force=force)
    with db.write() as write:
        if not locks_store.drop(write, repo.key, id):
            raise _gone(id)
    return held


def _check_force(repo: WritableRepo, held: Lock, *, force: bool) -> None:
    if not force:
        raise Denied(f"{held.path!a} is locked by {held.owner}, not by you: ask them, or unlock it with --force.")
    if repo.access < Access.ADMIN:
        raise Denied(
            f"Ending {held.owner}'s lock of {held.path!a} needs the right to change the repository's settings."
        )


def _gone(id: int) -> NotFound:
    return NotFound(f"This repository has no lock {id}: it was ended already. 'git lfs locks' lists those there are.")
