"""The transaction in which a repository begins to exist: row, refs, packs, card, log and events, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Write
from zoco.adapters.failpoints import hit
from zoco.adapters.git.reader import Reader
from zoco.core.access import Actor
from zoco.core.events import RefUpdated
from zoco.core.ids import Oid
from zoco.core.repos import AdminRepo, RepoRow
from zoco.formats.git.refs import branch_ref
from zoco.hub.accounts import audit
from zoco.hub.repos import pack_store, state_store, store
from zoco.hub.repos.open import as_created
from zoco.hub.repos.pack_store import PackRow
from zoco.hub.repos.state_store import Moved
from zoco.hub.repos.storage import RepoStorage, StoredPack, Update
from zoco.jobs import outbox

Writes = Callable[[Write], None]

Tips = Mapping[str, tuple[Oid, Oid]]
"""By full name: what the ref holds, and the commit that is."""


@dataclass(frozen=True, slots=True)
class Newborn:
    """All that the transaction writes, prepared. `row.version` is what it will be afterwards."""

    row: RepoRow
    repo: AdminRepo
    tips: Tips
    writes: tuple[Writes, ...] = ()
    sdk: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


def prepared(
    storage: RepoStorage,
    row: RepoRow,
    actor: Actor,
    tips: Tips,
    git: Reader,
    *,
    sdk: str | None,
    facts: Mapping[str, object],
) -> Newborn:
    """Asks the subscribers, who read the tips through `git`."""
    repo = as_created(row, actor)
    updates = [Update(name, None, oid) for name, (oid, _) in tips.items()]
    writes: list[Writes] = []
    if branch_ref(row.default_branch) in tips:
        found = (subscriber.prepare(repo, git, updates) for subscriber in storage.subscribers)
        writes = [one for one in found if one is not None]
    return Newborn(row, repo, tips, tuple(writes), sdk, facts)


def give_birth(
    storage: RepoStorage,
    new: Newborn,
    packs: Sequence[StoredPack],
    actor: Actor,
    action: str,
    *,
    also: Sequence[Writes] = (),
    details: Mapping[str, object] | None = None,
) -> AdminRepo:
    """Raises SQLAlchemy's IntegrityError when the name was taken meanwhile: then nothing happened."""
    now = now_ms()
    moves = [Moved(name, None, oid, peeled) for name, (oid, peeled) in new.tips.items()]
    hit("birth_after_store")
    with storage.db.write() as write:
        store.insert_repo(write, new.row, sdk=new.sdk, settings=new.facts)
        if moves:
            state_store.move(write, new.row.key, moves, user_id=actor.user_id, via="api", now=now)
        for stored in packs:
            pack_store.insert_pack(write, new.row.key, PackRow(*stored), now)
        for do in (*new.writes, *also):
            do(write)
        for one in moves:
            outbox.record(write, RefUpdated(new.row.key, one.name, None, one.new))
        audit.record(write, actor, action, new.row.id.path, details={"id": new.row.public_id, **(details or {})})
        hit("birth_before_commit")
    hit("birth_after_commit")
    return new.repo
