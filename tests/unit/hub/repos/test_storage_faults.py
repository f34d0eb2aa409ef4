"""Nothing acknowledged is lost and nothing half done is seen: prunes that race with pushes, and killed servers."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.git_node import Node, clone, commit_files, fsck, git, make_node, out, serve

from zoco.adapters.db.tables import pack, ref, repo
from zoco.core.errors import Unavailable
from zoco.core.ids import NULL_OID, Oid
from zoco.formats.git.pktline import FLUSH, encode
from zoco.hub.repos import push as push_module
from zoco.hub.repos import storage as storage_module
from zoco.hub.repos.prune import prune
from zoco.hub.repos.push import Push
from zoco.hub.repos.storage import (
    PrunedMeanwhile,
    RefsMoved,
    Refused,
    Update,
    apply_updates,
    decide,
    discard,
    store_pack,
)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    (tmp_path / "node").mkdir()
    with serve(make_node(tmp_path / "node", gc_grace_ms=0)) as running:
        running.add_repo("iris")
        yield running
        running.storage.db.close()


@pytest.fixture
def work(tmp_path: Path, node: Node) -> Path:
    at = clone(f"{node.url}/iris.git", tmp_path / "work")
    git(at, "checkout", "-qb", "main")
    commit_files(at, {"README.md": "hello"}, "first")
    git(at, "push", "-q", "origin", "main")
    return at


def built_on_a_branch_that_goes(node: Node, work: Path) -> tuple[str, bytes]:
    """The tip and the pack of a push whose base is on `x`; `x` is deleted on the server."""
    git(work, "checkout", "-qb", "x")
    base = commit_files(work, {"x.txt": "x" * 500}, "on x")
    git(work, "push", "-q", "origin", "x")
    tip = commit_files(work, {"y.txt": "y"}, "on top of x")
    wanted = f"{tip}\n^{base}\n"
    made = git(work, "pack-objects", "--revs", "-q", "p", stdin=wanted).stdout.strip()
    git(work, "push", "-q", "origin", ":x")
    return tip, (work / f"p-{made}.pack").read_bytes()


def begin(node: Node, tip: str, body: bytes) -> Push:
    push = Push(node.storage, node.open("iris"), node.actor)
    push.feed(encode(f"{NULL_OID} {tip} refs/heads/y\0report-status".encode()) + FLUSH + body)
    return push


def key_of(node: Node) -> int:
    return node.open("iris").key


def assert_a_fresh_node_serves_all(node: Node, tmp_path: Path) -> Path:
    (tmp_path / "fresh").mkdir()
    with serve(make_node(tmp_path / "fresh", node.storage.db, node.storage.blobs)) as fresh:
        copy = clone(f"{fresh.url}/iris.git", tmp_path / "checked")
        assert not fsck(copy)
        return copy


def test_a_push_onto_pruned_history_is_refused_though_the_cache_had_it(node: Node, work: Path, tmp_path: Path) -> None:
    """Once such a push was accepted on a node that still held the retired pack, and no other node could clone."""
    tip, body = built_on_a_branch_that_goes(node, work)
    assert prune(node.storage, key_of(node)) > 0
    said = begin(node, tip, body).finish()
    assert b"ng refs/heads/y" in said
    assert_a_fresh_node_serves_all(node, tmp_path)


def test_a_prune_between_the_check_and_the_commit_refuses_the_push(
    node: Node, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip, body = built_on_a_branch_that_goes(node, work)
    push = begin(node, tip, body)

    def prune_now(point: str) -> None:
        if point == "push_after_store":
            assert prune(node.storage, key_of(node)) > 0

    monkeypatch.setattr(push_module, "hit", prune_now)
    said = push.finish()
    assert b"ng refs/heads/y The repository was cleaned up while you were writing to it. Try again." in said
    assert_a_fresh_node_serves_all(node, tmp_path)
    assert stored_packs(node) == named_packs(node)


def test_without_a_prune_the_same_push_is_taken(node: Node, work: Path, tmp_path: Path) -> None:
    tip, body = built_on_a_branch_that_goes(node, work)
    assert b"ok refs/heads/y" in begin(node, tip, body).finish()
    copy = assert_a_fresh_node_serves_all(node, tmp_path)
    assert out(copy, "rev-parse", "origin/y") == tip


def test_a_ref_alone_cannot_bring_pruned_history_back(node: Node, work: Path) -> None:
    tip, _ = built_on_a_branch_that_goes(node, work)
    opened = node.open("iris")
    prune(node.storage, opened.key)
    base = Oid(out(work, "rev-parse", f"{tip}~1"))
    with pytest.raises(PrunedMeanwhile):
        apply_updates(node.storage, opened, [Update("refs/heads/z", None, base)], [], node.actor, "api")


def stored_packs(node: Node) -> set[str]:
    return {key.rpartition("/")[2].partition(".")[0] for key in node.storage.blobs.keys("git/")}


def named_packs(node: Node) -> set[str]:
    with node.storage.db.read() as read:
        return set(read.scalars(select(pack.c.uuid)))


# --- the one transaction ----------------------------------------------------------------------------------------------


def test_a_lost_race_changes_nothing_and_leaves_no_pack(node: Node, work: Path) -> None:
    opened = node.open("iris")
    tip = Oid(out(work, "rev-parse", "HEAD"))
    made = git(work, "pack-objects", "--all", "-q", "p").stdout.strip()
    size = (work / f"p-{made}.pack").stat().st_size
    written = storage_module.StoredPack("", made, size, 3)
    stored = store_pack(node.storage, work / f"p-{made}.pack", work / f"p-{made}.idx", written)
    updates = [Update("refs/heads/new", None, tip), Update("refs/heads/main", None, tip)]
    with pytest.raises(RefsMoved) as lost:
        apply_updates(node.storage, opened, updates, [stored], node.actor, "api")
    assert [one.ref for one in lost.value.refused] == ["refs/heads/main"]
    assert node.open("iris").version == opened.version
    assert stored_packs(node) == named_packs(node)
    assert not list(node.storage.blobs.scratch.iterdir())
    refused = apply_updates(node.storage, opened, updates, [], node.actor, "api", atomic=False)
    assert [one.ref for one in refused] == ["refs/heads/main"]
    assert node.open("iris").version == opened.version + 1


def test_what_a_subscriber_prepared_runs_with_the_default_branch_only(node: Node, work: Path) -> None:
    ran: list[str] = []

    class Listener:
        def prepare(self, _repo: object, reader: object, updates: list[Update]) -> Callable[[object], None]:
            assert all(one.new is None or reader.has(one.new) for one in updates)  # type: ignore[attr-defined]
            return lambda _write: ran.append(updates[0].ref)

    storage = replace(node.storage, subscribers=(Listener(),))  # type: ignore[arg-type]
    listening = Node(storage, node.actor)
    first = Oid(out(work, "rev-parse", "HEAD"))
    apply_updates(storage, listening.open("iris"), [Update("refs/heads/b", None, first)], [], node.actor, "api")
    assert ran == []
    tip = commit_files(work, {"n": "1"})
    made = git(work, "pack-objects", "--all", "-q", "p").stdout.strip()
    written = storage_module.StoredPack("", made, 1, 3)
    stored = store_pack(storage, work / f"p-{made}.pack", work / f"p-{made}.idx", written, keep_local=True)
    updates = [Update("refs/heads/main", first, Oid(tip))]
    apply_updates(storage, listening.open("iris"), updates, [stored], node.actor, "api")
    assert ran == ["refs/heads/main"]
    assert not list(storage.blobs.scratch.iterdir())


def test_when_the_database_fails_the_pack_stays_because_it_may_be_named(
    node: Node, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that breaks during COMMIT tells nobody whether it committed."""

    def broken(*_: object, **__: object) -> None:
        raise Unavailable("gone")

    tip = commit_files(work, {"n": "1"})
    monkeypatch.setattr(storage_module, "_transact", broken)
    made = git(work, "pack-objects", "--all", "-q", "p").stdout.strip()
    written = storage_module.StoredPack("", made, 1, 3)
    stored = store_pack(node.storage, work / f"p-{made}.pack", work / f"p-{made}.idx", written)
    with pytest.raises(Unavailable):
        update = Update("refs/heads/new", None, Oid(tip))
        apply_updates(node.storage, node.open("iris"), [update], [stored], node.actor, "api")
    assert stored.uuid in stored_packs(node)
    assert not list(node.storage.blobs.scratch.iterdir())
    discard(node.storage, [stored])
    assert stored.uuid not in stored_packs(node)


def test_a_push_that_the_store_cannot_take_changes_nothing(
    node: Node, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = node.open("iris")
    tip = commit_files(work, {"n": "1"})

    def full(*_: object) -> None:
        raise Unavailable("The store's folder cannot be used: No space left on device.")

    monkeypatch.setattr(type(node.storage.blobs), "put_file", full)
    refused = git(work, "push", "origin", "main", check=False)
    assert refused.returncode
    monkeypatch.undo()
    assert node.open("iris").version == opened.version
    assert not list(node.storage.blobs.scratch.iterdir())
    git(work, "push", "-q", "origin", "main")
    assert out(work, "ls-remote", "origin", "refs/heads/main").split()[0] == tip


A, B = Oid("a" * 40), Oid("b" * 40)


@pytest.mark.parametrize(
    ("update", "problem"),
    [
        (Update("refs/heads/main", A, B), None),
        (Update("refs/heads/main", None, B), f"is at {A} but it should not exist yet"),
        (Update("refs/heads/main", B, A), f"is at {A} but expected {B}"),
        (Update("refs/heads/gone", A, B), "unable to resolve reference"),
        (Update("refs/heads/main/x", None, B), "'refs/heads/main' exists"),
        (Update("refs/heads/dir", None, B), "'refs/heads/dir/' exists"),
        (Update("refs/heads/dir/other", None, B), None),
        (Update("refs/heads/main", A, None), "default branch"),
        (Update("refs/heads/dir/x", B, None), f"is at {A} but expected {B}"),
    ],
)
def test_an_update_stands_only_against_what_its_writer_saw(update: Update, problem: str | None) -> None:
    accepted, refused = decide([update], {"refs/heads/main": A, "refs/heads/dir/x": A}, "main")
    assert bool(accepted) is (problem is None)
    assert [problem in one.problem for one in refused if problem] == ([True] if problem else [])


def test_updates_of_one_push_see_each_other() -> None:
    there = {"refs/heads/main": A, "refs/heads/d/x": A}
    swap = [Update("refs/heads/d/x", A, None), Update("refs/heads/d", None, B), Update("refs/heads/d/y", None, B)]
    accepted, refused = decide(swap, there, "main")
    assert accepted == swap[:2]
    assert refused == [
        Refused(
            "refs/heads/d/y", "cannot lock ref 'refs/heads/d/y': 'refs/heads/d' exists; cannot create 'refs/heads/d/y'"
        )
    ]


# --- killed servers ---------------------------------------------------------------------------------------------------


@contextmanager
def node_in_a_process(folder: Path, failpoint: str = "") -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Its address, and the process to be killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.git_node", str(folder)],
        env={**os.environ, "ZOCO_FAILPOINT": failpoint, "PYTHONPATH": str(Path(__file__).parents[4])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    with process:
        yield f"{process.stdout.readline().strip()}/iris.git", process


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[tuple[Path, Path, str]]:
    """A node's folder, a clone, and the commit that was pushed from it; no server runs."""
    folder = tmp_path / "node"
    folder.mkdir()
    with serve(make_node(folder)) as node:
        work = clone(node.add_repo("iris"), tmp_path / "work")
        first = commit_files(work, {"a": "1"})
        git(work, "push", "-q", "origin", "HEAD:main")
    node.storage.db.close()
    yield folder, work, first


@pytest.mark.parametrize(
    ("point", "stands"), [("push_after_store", False), ("push_before_commit", False), ("push_after_commit", True)]
)
def test_a_server_killed_during_a_push_comes_back_whole(
    killed: tuple[Path, Path, str], tmp_path: Path, point: str, stands: bool
) -> None:
    folder, work, first = killed
    tip = commit_files(work, {"a": "2"})
    with node_in_a_process(folder, point) as (url, process):
        assert git(work, "push", url, "HEAD:main", check=False).returncode
        assert process.wait() == 137
    with node_in_a_process(folder) as (url, _):
        assert out(work, "ls-remote", url, "refs/heads/main").split()[0] == (tip if stands else first)
        git(work, "push", "-q", url, "HEAD:main")
        copy = clone(url, tmp_path / "copy")
        assert out(copy, "rev-parse", "HEAD") == tip
        assert not fsck(copy)


def test_a_server_killed_at_any_moment_loses_nothing_it_acknowledged(
    killed: tuple[Path, Path, str], tmp_path: Path
) -> None:
    folder, work, tip = killed
    chance = random.Random(20)
    for n in range(6):
        new = commit_files(work, {"a": f"{n}" * 30_000, f"f{n}": "x"})
        with node_in_a_process(folder) as (url, process):
            # the moment of the kill is what is tried here, so it is left to chance
            timer = threading.Timer(chance.uniform(0.02, 0.3), process.kill)
            timer.start()
            was_acknowledged = git(work, "push", url, "HEAD:main", check=False).returncode == 0
            timer.join()
            process.wait()
        with node_in_a_process(folder) as (url, _):
            now = out(work, "ls-remote", url, "refs/heads/main").split()[0]
            assert now == new if was_acknowledged else now in (tip, new)
            git(work, "push", "-q", url, "HEAD:main")
            tip = new
    with node_in_a_process(folder) as (url, _):
        copy = clone(url, tmp_path / "copy")
        assert out(copy, "rev-parse", "HEAD") == tip
        assert not fsck(copy)


def test_every_ref_of_the_database_is_in_the_store_after_it_all(node: Node, work: Path, tmp_path: Path) -> None:
    """The truth is SQL and the store: a clone from them alone has every ref."""
    for n in range(5):
        commit_files(work, {"n": str(n)})
        git(work, "push", "-q", "origin", f"HEAD:refs/heads/b{n}")
    assert_a_fresh_node_serves_all(node, tmp_path)
    with node.storage.db.read() as read:
        tips = set(read.scalars(select(ref.c.oid).join(repo, repo.c.id == ref.c.repo_id)))
    assert all(git(tmp_path / "checked", "cat-file", "-e", tip).returncode == 0 for tip in tips)
