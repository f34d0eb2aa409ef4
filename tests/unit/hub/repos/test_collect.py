"""A repository forgets what no ref leads to, after the grace, and never what one does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select
from tests.moving_clock import HOUR_MS, MovingClock, clock
from tests.small_hub import SmallHub, hub, repo_id

from zoco.adapters.db.tables import lfs_compared, lfs_link, pack
from zoco.adapters.db.tables import repo as repo_table
from zoco.core.access import Actor
from zoco.core.errors import RevisionNotFound, Unprocessable
from zoco.core.ids import Oid, Sha256
from zoco.core.repos import AdminRepo
from zoco.formats.lfs.batch import AskedObject
from zoco.formats.lfs.pointer import Pointer
from zoco.hub.lfs import compare
from zoco.hub.lfs.batch import LfsLimits, Step, batch_upload
from zoco.hub.lfs.objects import find
from zoco.hub.repos import collect, landing
from zoco.hub.repos.collect import look, take
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, DeleteFile, FileOp, LfsOp
from zoco.hub.repos.open import open_for_admin
from zoco.hub.repos.prune import prune
from zoco.hub.repos.refs import create_branch, create_tag, delete_branch, delete_tag
from zoco.hub.repos.revisions import resolve_revision
from zoco.hub.repos.squash import super_squash
from zoco.hub.repos.storage import Update, apply_updates

__all__ = ["clock", "hub"]

GRACE_MS = 48 * HOUR_MS


@pytest.fixture
def ana(hub: SmallHub) -> Actor:
    return hub.user("ana")


@pytest.fixture
def iris(hub: SmallHub, ana: Actor) -> AdminRepo:
    return hub.repo(ana, "ana/iris")


def collected(hub: SmallHub, clock: MovingClock, repo: AdminRepo, *, also_objects: bool = False) -> int:
    """As a pass of garbage collection; how many links went."""
    found = look(hub.storage, repo.key, clock.now_ms, GRACE_MS, also_objects=also_objects)
    assert found is not None
    gone = take(hub.storage, found, clock.now_ms, GRACE_MS)
    assert gone is not None
    return sum(one.kind == "link" for one in gone)


def waiting(hub: SmallHub, clock: MovingClock) -> list[int]:
    return list(compare.repos_to_compare(hub.db, clock.now_ms - GRACE_MS))


def put(hub: SmallHub, who: Actor, path: str, data: bytes, branch: str = "main") -> Pointer:
    """Uploaded and committed."""
    repo = open_for_admin(hub.storage, repo_id("ana/iris"), who)
    pointer = hub.lfs_object(who, repo, data)
    commit(hub.storage, repo, who, branch, CommitRequest("add", (LfsOp(path, pointer.sha256),)))
    return pointer


def links(hub: SmallHub) -> set[Sha256]:
    with hub.db.read() as read:
        return set(map(Sha256, read.execute(select(lfs_link.c.sha256)).scalars()))


def used_storage(hub: SmallHub, repo: AdminRepo) -> int:
    with hub.db.read() as read:
        return int(read.execute(select(repo_table.c.used_storage).where(repo_table.c.id == repo.key)).scalar_one())


def now(hub: SmallHub, who: Actor) -> AdminRepo:
    return open_for_admin(hub.storage, repo_id("ana/iris"), who)


def test_what_was_uploaded_and_never_committed_goes_after_the_grace(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock
) -> None:
    kept, lost = put(hub, ana, "a.bin", b"kept"), hub.lfs_object(ana, iris, b"lost!")
    clock.pass_hours(47)
    assert collected(hub, clock, iris) == 0
    clock.pass_hours(2)
    assert collected(hub, clock, iris) == 1
    assert links(hub) == {kept.sha256}
    assert used_storage(hub, iris) == 4
    assert lost.sha256 not in links(hub)


def test_every_kind_of_ref_keeps_what_its_history_holds(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock
) -> None:
    put(hub, ana, "x/old.bin", b"only in the history of main")
    commit(hub.storage, now(hub, ana), ana, "main", CommitRequest("rm", (DeleteFile("x/old.bin"),)))
    create_branch(hub.storage, now(hub, ana), ana, "side")
    put(hub, ana, "side.bin", b"on a branch", "side")
    for name, to in {"tagged": "annotated", "pull": "refs/pr/7", "convert": "refs/convert/parquet"}.items():
        create_branch(hub.storage, now(hub, ana), ana, name)
        put(hub, ana, f"{name}.bin", f"held by {to}".encode(), name)
        tip = resolve_revision(hub.storage, now(hub, ana), name)
        if to == "annotated":
            create_tag(hub.storage, now(hub, ana), ana, "v1", revision=name, message="first")
        else:
            apply_updates(hub.storage, now(hub, ana), [Update(to, None, tip)], [], ana, "api")
        delete_branch(hub.storage, now(hub, ana), ana, name)
    before = links(hub)
    assert len(before) == 5
    clock.pass_hours(1000)
    assert collected(hub, clock, iris, also_objects=True) == 0
    assert links(hub) == before
    delete_tag(hub.storage, now(hub, ana), ana, "v1")
    clock.pass_hours(49)
    assert collected(hub, clock, iris) == 1


def test_a_replacement_that_somebody_pushed_hides_nothing(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock
) -> None:
    """git walks the replacing commit instead of the replaced one, if it is not told otherwise."""
    commit(hub.storage, now(hub, ana), ana, "main", CommitRequest("begin", (FileOp("x", b"x"),)))
    empty = resolve_revision(hub.storage, now(hub, ana), "main")
    pointer = put(hub, ana, "a.bin", b"kept")
    replaced = resolve_revision(hub.storage, now(hub, ana), "main")
    apply_updates(hub.storage, now(hub, ana), [Update(f"refs/replace/{replaced}", None, empty)], [], ana, "git")
    clock.pass_hours(49)
    assert collected(hub, clock, iris, also_objects=True) == 0
    assert links(hub) == {pointer.sha256}


def test_what_a_ref_held_within_the_grace_can_be_had_back(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock
) -> None:
    """A branch that was deleted by mistake comes back with its large files."""
    create_branch(hub.storage, now(hub, ana), ana, "side")
    pointer = put(hub, ana, "side.bin", b"months of work", "side")
    tip = resolve_revision(hub.storage, now(hub, ana), "side")
    clock.pass_hours(1000)
    delete_branch(hub.storage, now(hub, ana), ana, "side")
    clock.pass_hours(47)
    assert collected(hub, clock, iris, also_objects=True) == 0
    create_branch(hub.storage, now(hub, ana), ana, "side", starting_point=tip)
    assert find(hub.db, now(hub, ana), pointer.sha256)
    delete_branch(hub.storage, now(hub, ana), ana, "side")
    clock.pass_hours(49)
    assert collected(hub, clock, iris) == 1


def test_history_goes_with_its_links_so_that_no_branch_can_bring_it_back_without(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock
) -> None:
    create_branch(hub.storage, now(hub, ana), ana, "side")
    put(hub, ana, "side.bin", b"months of work", "side")
    tip = resolve_revision(hub.storage, now(hub, ana), "side")
    delete_branch(hub.storage, now(hub, ana), ana, "side")
    clock.pass_hours(49)
    assert collected(hub, clock, iris) == 1
    with pytest.raises(RevisionNotFound):
        create_branch(hub.storage, now(hub, ana), ana, "again", starting_point=tip)
    with pytest.raises(RevisionNotFound):
        create_tag(hub.storage, now(hub, ana), ana, "again", revision=tip)


def test_a_squashed_branch_frees_what_only_its_old_history_held(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock
) -> None:
    put(hub, ana, "model.bin", b"first version")
    second = put(hub, ana, "model.bin", b"second version")
    super_squash(hub.storage, now(hub, ana), ana, "main")
    clock.pass_hours(49)
    with hub.db.read() as read:
        live = set(read.scalars(select(pack.c.uuid).where(pack.c.retired_at.is_(None))))
    assert collected(hub, clock, iris) == 1
    assert links(hub) == {second.sha256}
    with hub.db.read() as read:
        assert not live & set(read.scalars(select(pack.c.uuid).where(pack.c.retired_at.is_(None))))


def test_a_prune_leaves_what_was_lost_lately_and_comes_again_for_it(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock
) -> None:
    storage = replace(hub.storage, limits=replace(hub.storage.limits, gc_grace_ms=GRACE_MS))
    for name in ("first", "second"):
        create_branch(storage, now(hub, ana), ana, name)
        commit(storage, now(hub, ana), ana, name, CommitRequest(name, (FileOp(name, name.encode()),)))
    delete_branch(storage, now(hub, ana), ana, "first")
    clock.pass_hours(47)
    lost = resolve_revision(storage, now(hub, ana), "second")
    delete_branch(storage, now(hub, ana), ana, "second")
    clock.pass_hours(2)
    assert prune(storage, iris.key) == 3, "the commit of `first`, its tree and its file"
    assert resolve_revision(storage, now(hub, ana), lost) == lost
    clock.pass_hours(49)
    assert prune(storage, iris.key) == 3
    with pytest.raises(RevisionNotFound):
        resolve_revision(storage, now(hub, ana), lost)


def test_a_link_that_somebody_is_told_of_while_it_is_taken_stays(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, lost = hub.lfs_object(ana, iris, b"asked for again"), hub.lfs_object(ana, iris, b"lost")
    clock.pass_hours(49)

    def ask(point: str) -> None:
        if point == "gc_after_store":
            (answer,) = batch_upload(hub.db, iris, [AskedObject(told.sha256, told.size)], LfsLimits(10**9))
            assert answer.step is Step.NOTHING

    monkeypatch.setattr(collect, "hit", ask)
    assert collected(hub, clock, iris) == 1
    assert links(hub) == {told.sha256}
    monkeypatch.undo()
    assert lost.sha256 not in links(hub)


def test_a_batch_that_asks_just_after_is_told_to_upload(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock
) -> None:
    lost = hub.lfs_object(ana, iris, b"lost")
    clock.pass_hours(49)
    assert collected(hub, clock, iris) == 1
    (answer,) = batch_upload(hub.db, iris, [AskedObject(lost.sha256, lost.size)], LfsLimits(10**9))
    assert answer.step is Step.UPLOAD


def test_a_repository_that_moves_meanwhile_keeps_everything(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = hub.lfs_object(ana, iris, b"committed at the last moment")
    clock.pass_hours(49)
    found = look(hub.storage, iris.key, clock.now_ms, GRACE_MS, also_objects=False)
    assert found
    assert found.links == {bytes.fromhex(late.sha256)}
    commit(hub.storage, iris, ana, "main", CommitRequest("add", (LfsOp("late.bin", late.sha256),)))
    packs = set(hub.storage.blobs.keys("git/"))
    assert take(hub.storage, found, clock.now_ms, GRACE_MS) is None
    assert links(hub) == {late.sha256}
    assert set(hub.storage.blobs.keys("git/")) == packs, "what was packed for nothing is gone"


@pytest.mark.parametrize("point", ["commit_after_store", "commit_before_commit"])
def test_a_commit_that_found_its_object_before_it_was_taken_is_told(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """It is built again after a prune, and would else land with a pointer to nothing."""
    lost = hub.lfs_object(ana, iris, b"asked for two days ago")
    clock.pass_hours(49)
    done: list[int] = []

    def collect_now(at: str) -> None:
        if at == point and not done:
            done.append(collected(hub, clock, iris))

    monkeypatch.setattr(landing, "hit", collect_now)
    with pytest.raises(Unprocessable, match="was not uploaded to this repository"):
        commit(hub.storage, iris, ana, "main", CommitRequest("add", (LfsOp("late.bin", lost.sha256),)))
    assert done == [1]
    with pytest.raises(RevisionNotFound):
        resolve_revision(hub.storage, now(hub, ana), "late.bin")


def test_a_copy_between_two_looks_at_the_source_is_refused(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zoco.core.errors import Conflict
    from zoco.hub.repos import birth
    from zoco.hub.repos.duplicate import duplicate_repo

    put(hub, ana, "a.bin", b"kept")
    hub.lfs_object(ana, iris, b"lost")
    clock.pass_hours(49)

    def collect_now(at: str) -> None:
        if at == "birth_after_store":
            assert collected(hub, clock, iris) == 1

    monkeypatch.setattr(birth, "hit", collect_now)
    with pytest.raises(Conflict, match="Try again"):
        duplicate_repo(hub.storage, now(hub, ana), ana, repo_id("ana/copy"))
    monkeypatch.undo()
    copy = duplicate_repo(hub.storage, now(hub, ana), ana, repo_id("ana/copy"))
    assert used_storage(hub, copy) == 4


def test_only_repositories_that_moved_or_whose_links_grew_old_are_looked_at(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock
) -> None:
    hub.repo(ana, "ana/empty")
    put(hub, ana, "a.bin", b"kept")
    assert waiting(hub, clock) == [], "nothing is old yet"
    clock.pass_hours(49)
    assert waiting(hub, clock) == [iris.key]
    collected(hub, clock, iris)
    assert waiting(hub, clock) == []
    clock.pass_hours(1000)
    assert waiting(hub, clock) == [], "nothing happened since"
    commit(hub.storage, now(hub, ana), ana, "main", CommitRequest("x", (FileOp("x", b"x"),)))
    assert waiting(hub, clock) == [iris.key], "it moved"
    collected(hub, clock, iris)
    assert waiting(hub, clock) == []
    hub.lfs_object(ana, iris, b"uploaded, and then nothing")
    assert waiting(hub, clock) == []
    clock.pass_hours(49)
    assert waiting(hub, clock) == [iris.key], "a link grew old, without a move"
    assert collected(hub, clock, iris) == 1
    assert waiting(hub, clock) == []


def test_what_hangs_on_a_branch_deleted_lately_is_looked_at_until_it_goes(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock
) -> None:
    create_branch(hub.storage, now(hub, ana), ana, "side")
    put(hub, ana, "side.bin", b"months of work", "side")
    clock.pass_hours(1000)
    delete_branch(hub.storage, now(hub, ana), ana, "side")
    assert collected(hub, clock, iris) == 0
    assert waiting(hub, clock) == [iris.key]
    clock.pass_hours(49)
    assert collected(hub, clock, iris) == 1
    assert waiting(hub, clock) == []


def test_what_is_remembered_goes_with_the_repository(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock
) -> None:
    from zoco.hub.repos.delete import delete_repo

    put(hub, ana, "a.bin", b"kept")
    clock.pass_hours(49)
    found = look(hub.storage, iris.key, clock.now_ms, GRACE_MS, also_objects=False)
    delete_repo(hub.storage, now(hub, ana), ana)
    assert found is not None
    assert take(hub.storage, found, clock.now_ms, GRACE_MS) is None
    assert look(hub.storage, iris.key, clock.now_ms, GRACE_MS, also_objects=True) is None
    with hub.db.read() as read:
        assert read.execute(select(lfs_compared)).all() == []


def test_history_that_cannot_be_read_to_its_end_frees_nothing(
    hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock
) -> None:
    """What hangs on a broken branch may be repaired from a backup: its links must still be there then."""
    from zoco.core.errors import HubError

    put(hub, ana, "a.bin", b"in the lost history")
    with hub.db.read() as read:
        tips = list(read.scalars(select(pack.c.uuid).order_by(pack.c.created_at)))
    put(hub, ana, "b.bin", b"in what is left")
    clock.pass_hours(49)
    for suffix in (".pack", ".idx"):
        hub.storage.blobs.delete(f"git/{tips[0][:2]}/{tips[0]}{suffix}")
    hub.storage.cache.drop(iris.key)
    with pytest.raises(HubError):
        collected(hub, clock, iris)
    assert len(links(hub)) == 2


def test_batches_commits_and_uploads_beside_collection_end_whole(hub: SmallHub, ana: Actor, iris: AdminRepo) -> None:
    """With no grace at all, so that everything that is not committed is taken all the time. Never is a file committed
    whose object is gone, and nobody waits in a circle."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            while not stop.is_set():
                work()
        except BaseException as error:
            failures.append(error)
            raise

    def collect_all() -> None:
        from zoco.adapters.clock import now_ms

        at = now_ms()
        if found := look(hub.storage, iris.key, at, 0, also_objects=False):
            take(hub.storage, found, at, 0)

    def ask() -> None:
        batch_upload(hub.db, iris, [AskedObject(sha, 1) for sha in sorted(links(hub))], LfsLimits(10**9))

    committed: list[Pointer] = []

    def work(who: str) -> None:
        for number in range(12):
            data = f"{who} {number}".encode()
            for _ in range(200):
                pointer = hub.lfs_object(ana, iris, data)
                try:
                    operation = LfsOp(f"{who}/{number}.bin", pointer.sha256)
                    commit(hub.storage, iris, ana, "main", CommitRequest("add", (operation,)))
                except Unprocessable:  # taken in between: a client is told, and sends it again
                    continue
                committed.append(pointer)
                break

    with ThreadPoolExecutor(4) as threads:
        beside = [threads.submit(guarded, collect_all), threads.submit(guarded, ask)]
        workers = [threads.submit(work, name) for name in ("one", "two")]
        for one in workers:
            one.result(120)
        stop.set()
        for one in beside:
            one.result(60)
    assert not failures
    assert len(committed) == 24
    assert {pointer.sha256 for pointer in committed} <= links(hub)
    assert isinstance(resolve_revision(hub.storage, now(hub, ana), "main"), str)


def test_a_pushed_commit_counts_like_any_other(hub: SmallHub, ana: Actor, iris: AdminRepo, clock: MovingClock) -> None:
    pointer = put(hub, ana, "a.bin", b"kept")
    tip = resolve_revision(hub.storage, now(hub, ana), "main")
    apply_updates(hub.storage, now(hub, ana), [Update("refs/heads/x", None, Oid(tip))], [], ana, "git")
    clock.pass_hours(49)
    assert collected(hub, clock, iris) == 0
    assert links(hub) == {pointer.sha256}
