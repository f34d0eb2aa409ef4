"""What happens to packs later: joined, pruned, swept; and no commit is ever lost by it."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from tests.unit.hub.repos.conftest import add_repo, add_user, git_in

from zoco.adapters.blobs.port import BlobNotFound
from zoco.adapters.clock import now_ms
from zoco.adapters.db.tables import job, pack
from zoco.core.access import Actor
from zoco.core.ids import Oid
from zoco.core.repos import WritableRepo
from zoco.hub.repos import pack_store, sweep
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, FileOp
from zoco.hub.repos.consolidate import GROWTH, consolidate, packs_to_join
from zoco.hub.repos.open import open_for_writing
from zoco.hub.repos.pack_store import PackRow
from zoco.hub.repos.prune import PRUNE, prune
from zoco.hub.repos.refs import create_branch, create_tag, delete_branch
from zoco.hub.repos.storage import PACK_KEYS, RepoStorage, Update, apply_updates, object_keys
from zoco.hub.repos.tidy import after_update
from zoco.jobs import doomed

FEW = 5


@pytest.fixture
def tidy_storage(any_storage: RepoStorage) -> RepoStorage:
    """Joins early, and keeps nothing that is not needed."""
    return replace(any_storage, limits=replace(any_storage.limits, packs_before_consolidation=FEW, gc_grace_ms=0))


@pytest.fixture
def eva(tidy_storage: RepoStorage) -> Actor:
    return add_user(tidy_storage.db, "Eva")


def write(storage: RepoStorage, repo: WritableRepo, who: Actor, text: str, branch: str = "main") -> None:
    commit(storage, repo, who, branch, CommitRequest(text, [FileOp(f"{text}.txt", text.encode())]))


def live(storage: RepoStorage, repo: WritableRepo) -> list[PackRow]:
    with storage.db.read() as read:
        return pack_store.live_packs(read, repo.key)


def forget_caches(storage: RepoStorage, repo: WritableRepo) -> None:
    storage.cache.drop(repo.key)


def delete_due(storage: RepoStorage, now: int | None = None) -> int:
    return len(list(doomed.delete_due(storage.db, storage.blobs, sweep.STORED, now or now_ms())))


@given(st.lists(st.integers(0, 5000), max_size=80))
def test_what_is_left_after_joining_grows_geometrically(sizes: list[int]) -> None:
    packs = [PackRow(f"{n:032}", "", 0, size) for n, size in enumerate(sizes)]
    chosen = packs_to_join(packs)
    rest = sorted({one.uuid: one.objects for one in packs if one not in chosen}.values())
    joined = sorted([*rest, sum(one.objects for one in chosen)] if chosen else rest)
    assert len(chosen) != 1
    for n, size in enumerate(joined):
        assert n == 0 or size >= GROWTH * sum(joined[:n])


def test_joining_keeps_every_commit_and_few_packs(tidy_storage: RepoStorage, eva: Actor) -> None:
    repo = add_repo(tidy_storage, eva)
    for n in range(3 * FEW):
        write(tidy_storage, repo, eva, f"c{n}")
    assert consolidate(tidy_storage, repo.key)
    assert len(live(tidy_storage, repo)) <= FEW
    forget_caches(tidy_storage, repo)
    git = git_in(tidy_storage, repo, eva)
    git("fsck", "--strict", "--full")
    assert git("rev-list", "--count", "main").strip() == str(3 * FEW)


def test_few_packs_are_left_alone(tidy_storage: RepoStorage, eva: Actor) -> None:
    repo = add_repo(tidy_storage, eva)
    write(tidy_storage, repo, eva, "one")
    assert not consolidate(tidy_storage, repo.key)


def test_commits_go_on_while_packs_are_joined_and_pruned(tidy_storage: RepoStorage, eva: Actor) -> None:
    repo = add_repo(tidy_storage, eva)
    write(tidy_storage, repo, eva, "first")
    stop, failed = threading.Event(), []

    def tidy_up() -> None:
        try:
            while not stop.is_set():
                consolidate(tidy_storage, repo.key)
                prune(tidy_storage, repo.key)
        except Exception as error:
            failed.append(error)
            raise

    keeper = threading.Thread(target=tidy_up)
    keeper.start()
    try:
        for n in range(40):
            write(tidy_storage, repo, eva, f"c{n}")
            if n % 7 == 0:
                create_branch(tidy_storage, repo, eva, f"b{n}")
                write(tidy_storage, repo, eva, f"side{n}", f"b{n}")
                delete_branch(tidy_storage, repo, eva, f"b{n}")
    finally:
        stop.set()
        keeper.join()
    assert not failed
    forget_caches(tidy_storage, repo)
    git = git_in(tidy_storage, repo, eva)
    git("fsck", "--strict", "--full")
    assert git("rev-list", "--count", "main").strip() == "41"


def test_a_deleted_branch_goes_with_a_prune_and_only_then(tidy_storage: RepoStorage, eva: Actor) -> None:
    repo = add_repo(tidy_storage, eva)
    write(tidy_storage, repo, eva, "main")
    create_branch(tidy_storage, repo, eva, "side")
    write(tidy_storage, repo, eva, "lost", "side")
    lost = git_in(tidy_storage, repo, eva)("rev-parse", "side").strip()
    delete_branch(tidy_storage, repo, eva, "side")
    git_in(tidy_storage, repo, eva)("cat-file", "-e", lost)

    assert prune(tidy_storage, repo.key) == 3  # commit, tree, blob

    forget_caches(tidy_storage, repo)
    git = git_in(tidy_storage, repo, eva)
    git("fsck", "--strict", "--full")
    with pytest.raises(AssertionError):
        git("cat-file", "-e", lost)
    assert prune(tidy_storage, repo.key) == 0


def test_an_empty_repository_has_nothing_to_prune(tidy_storage: RepoStorage, eva: Actor) -> None:
    repo = add_repo(tidy_storage, eva)
    assert prune(tidy_storage, repo.key) == 0


def test_retired_packs_leave_the_store_after_the_grace(tidy_storage: RepoStorage, eva: Actor) -> None:
    repo = add_repo(tidy_storage, eva)
    for n in range(2 * FEW):
        write(tidy_storage, repo, eva, f"c{n}")
    before = {one.uuid for one in live(tidy_storage, repo)}
    consolidate(tidy_storage, repo.key)
    retired = before - {one.uuid for one in live(tidy_storage, repo)}
    assert retired
    assert delete_due(tidy_storage) == 2 * len(retired)
    for uuid in retired:
        with pytest.raises(BlobNotFound):
            tidy_storage.blobs.size(object_keys(uuid)[0])
    with tidy_storage.db.read() as read:
        assert read.scalar(select(func.count()).select_from(pack).where(pack.c.uuid.in_(retired))) == 0
    forget_caches(tidy_storage, repo)
    git_in(tidy_storage, repo, eva)("fsck", "--full")


def test_a_pack_that_no_row_names_goes_and_one_that_a_row_names_stays(tidy_storage: RepoStorage, eva: Actor) -> None:
    repo = add_repo(tidy_storage, eva)
    write(tidy_storage, repo, eva, "one")
    orphan, _ = object_keys("f" * 32)
    tidy_storage.blobs.put_bytes(orphan, b"left by a crash between the store and the row")
    later = now_ms() + doomed.STRAY_KEPT_MS
    assert len(list(doomed.note_strays(tidy_storage.db, tidy_storage.blobs, sweep.STORED, now_ms(), 0))) == 1
    assert delete_due(tidy_storage, later - 1000) == 0, "whatever the grace, an hour is left to a push that is ending"
    assert delete_due(tidy_storage, later + 60_000) == 1
    kept = {key for one in live(tidy_storage, repo) for key in object_keys(one.uuid)}
    assert set(tidy_storage.blobs.keys(PACK_KEYS)) == kept


def test_a_stray_that_came_into_use_within_the_grace_is_not_deleted(tidy_storage: RepoStorage, eva: Actor) -> None:
    repo = add_repo(tidy_storage, eva)
    write(tidy_storage, repo, eva, "one")
    keys = [key for one in live(tidy_storage, repo) for key in object_keys(one.uuid)]
    with tidy_storage.db.write() as writing:
        doomed.doom_strays(writing, keys, now_ms() - 1)
    assert delete_due(tidy_storage) == 0
    assert sorted(tidy_storage.blobs.keys(PACK_KEYS)) == sorted(keys)


def test_only_what_may_be_unreachable_plans_a_prune(tidy_storage: RepoStorage, eva: Actor) -> None:
    repo = add_repo(tidy_storage, eva)
    write(tidy_storage, repo, eva, "one")
    write(tidy_storage, repo, eva, "two")
    run_events(tidy_storage)
    assert planned(tidy_storage) == 0
    create_branch(tidy_storage, repo, eva, "side")
    delete_branch(tidy_storage, repo, eva, "side")
    run_events(tidy_storage)
    assert planned(tidy_storage) == 1


def test_events_of_history_that_was_pruned_already_are_done(tidy_storage: RepoStorage, eva: Actor) -> None:
    """A worker that was away for long comes to moves between commits that are no more."""
    repo = add_repo(tidy_storage, eva)
    write(tidy_storage, repo, eva, "one")
    create_branch(tidy_storage, repo, eva, "side")
    for text in ("a", "b"):
        write(tidy_storage, repo, eva, text, "side")
    delete_branch(tidy_storage, repo, eva, "side")
    assert prune(tidy_storage, repo.key) == 6
    run_events(tidy_storage)


def test_an_annotated_tag_that_moves_plans_a_prune(tidy_storage: RepoStorage, eva: Actor) -> None:
    repo = add_repo(tidy_storage, eva)
    write(tidy_storage, repo, eva, "one")
    create_tag(tidy_storage, repo, eva, "v1", revision="main", message="first")
    create_tag(tidy_storage, repo, eva, "v2", revision="main", message="second")
    tags = {name: git_in(tidy_storage, repo, eva)("rev-parse", name).strip() for name in ("v1", "v2")}
    repo = open_for_writing(tidy_storage, repo.id, eva)
    apply_updates(tidy_storage, repo, [Update("refs/tags/v1", Oid(tags["v1"]), Oid(tags["v2"]))], [], eva, "git")
    run_events(tidy_storage)
    assert planned(tidy_storage) == 1


def run_events(storage: RepoStorage) -> None:
    with storage.db.read() as read:
        rows = list(read.execute(select(job.c.id, job.c.payload).where(job.c.handler == "tidy").order_by(job.c.id)))
    for row in rows:
        after_update(storage, row.payload)
    with storage.db.write() as writing:
        writing.execute(job.delete().where(job.c.handler == "tidy"))


def planned(storage: RepoStorage) -> int:
    with storage.db.read() as read:
        return int(read.scalar(select(func.count()).select_from(job).where(job.c.handler == PRUNE)) or 0)


def test_a_wiped_cache_is_rebuilt_from_rows_and_store(tidy_storage: RepoStorage, eva: Actor) -> None:
    repo = add_repo(tidy_storage, eva)
    for n in range(4):
        write(tidy_storage, repo, eva, f"c{n}")
    git_in(tidy_storage, repo, eva)
    shutil.rmtree(tidy_storage.cache._folder)
    git_in(tidy_storage, repo, eva)("fsck", "--strict", "--full")
