from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from zoco.adapters.blobs.folder import FolderBlobStore
from zoco.adapters.blobs.memory import MemoryBlobStore
from zoco.adapters.blobs.port import BlobStore
from zoco.adapters.clock import fresh_uuid
from zoco.adapters.git.cache import IN_USE_S, UNLISTED_S, GitCache, LocalPack, PackFile, RepoState, pack_keys
from zoco.core.errors import Unavailable
from zoco.core.ids import Oid
from zoco.formats.git.objects import (
    Commit,
    Kind,
    Signature,
    Tag,
    TreeEntry,
    serialise_commit,
    serialise_tag,
    serialise_tree,
)
from zoco.formats.git.pack import PackWriter

WHO = Signature("Ana", "ana@example.org", 1)


class History:
    """Commits on one branch, each in a pack of its own in the store."""

    def __init__(self, blobs: BlobStore, key: int = 7) -> None:
        self.blobs = blobs
        self.state = RepoState(key, 0, 0, "main", {}, {}, ())
        self.loads = 0
        self.first = Oid("")

    def commit(self, text: str) -> Oid:
        with PackWriter() as writer:
            blob = writer.add(Kind.BLOB, text.encode())
            tree = writer.add(Kind.TREE, serialise_tree([TreeEntry(0o100644, b"f", blob)]))
            tip = self.state.refs.get("refs/heads/main")
            commit = writer.add(Kind.COMMIT, serialise_commit(Commit(tree, (tip,) if tip else (), WHO, WHO, text)))
            tag = writer.add(Kind.TAG, serialise_tag(Tag(commit, Kind.COMMIT, text, WHO, text)))
            self.store(writer)
        self.first = self.first or commit
        refs = {**self.state.refs, "refs/heads/main": commit, f"refs/tags/{text}": tag}
        peeled = {**self.state.peeled, f"refs/tags/{text}": commit}
        self.state = replace(self.state, refs=refs, peeled=peeled, version=self.state.version + 1)
        return commit

    def store(self, writer: PackWriter) -> None:
        uuid = fresh_uuid()
        files = self.blobs.scratch / f"{uuid}.pack", self.blobs.scratch / f"{uuid}.idx"
        written = writer.write(*files)
        for key, file in zip(pack_keys(uuid), files, strict=True):
            self.blobs.put_file(key, file)
        self.state = replace(self.state, packs=(*self.state.packs, PackFile(uuid, written.checksum)))

    def load(self) -> RepoState:
        self.loads += 1
        return self.state

    def ready(self, cache: GitCache) -> Path:
        return cache.ready(self.state.key, self.state.epoch, self.state.version, self.load)


@pytest.fixture(params=["folder", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "folder":
        return FolderBlobStore(tmp_path / "store", tmp_path / "scratch")
    return MemoryBlobStore(tmp_path / "scratch")


@pytest.fixture
def cache(tmp_path: Path, blobs: BlobStore) -> GitCache:
    return GitCache(tmp_path / "cache", blobs, 10**9)


@pytest.fixture
def history(blobs: BlobStore) -> History:
    made = History(blobs)
    made.commit("one")
    return made


def git(bare: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", bare, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_git_takes_what_was_made_for_a_repository(cache: GitCache, history: History) -> None:
    tip = history.commit("two")
    bare = history.ready(cache)
    assert git(bare, "rev-parse", "HEAD") == tip
    assert git(bare, "log", "--format=%s", "HEAD").split() == ["two", "one"]
    assert git(bare, "rev-parse", "one^{commit}") == git(bare, "rev-parse", "HEAD~1")
    assert git(bare, "fsck", "--full", "--strict") == ""


def test_a_repository_that_is_new_enough_is_not_made_again(cache: GitCache, history: History) -> None:
    first = history.ready(cache)
    assert history.ready(cache) == first
    assert cache.ready(7, 0, 0, history.load) == first
    assert history.loads == 1
    history.commit("two")
    assert history.ready(cache) == first
    assert history.loads == 2


def test_an_empty_repository_is_one_too(cache: GitCache, blobs: BlobStore) -> None:
    bare = History(blobs).ready(cache)
    assert git(bare, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert git(bare, "for-each-ref") == ""


def test_what_was_wiped_is_made_again(cache: GitCache, history: History, tmp_path: Path) -> None:
    shutil.rmtree(history.ready(cache))
    assert git(history.ready(cache), "log", "--format=%s", "HEAD") == "one"
    shutil.rmtree(tmp_path / "cache")
    assert git(history.ready(cache), "log", "--format=%s", "HEAD") == "one"


def test_after_a_prune_the_old_objects_are_out_of_sight(cache: GitCache, history: History) -> None:
    gone = history.commit("two")
    old = history.ready(cache)
    pruned = History(history.blobs)
    pruned.commit("one")
    pruned.state = replace(pruned.state, epoch=1, version=history.state.version + 1)
    bare = pruned.ready(cache)
    assert bare != old
    assert subprocess.run(["git", "-C", bare, "cat-file", "-e", gone], capture_output=True, check=False).returncode


def test_after_a_prune_what_is_still_listed_is_not_fetched_again(cache: GitCache, history: History) -> None:
    """Where only LFS links went, the packs are the same: gigabytes on a store far away."""
    history.commit("two")
    old = history.ready(cache)
    for pack in history.state.packs[:1]:
        for key in pack_keys(pack.uuid):
            history.blobs.delete(key)
    lost = history.state.packs[1]
    history.state = replace(history.state, epoch=1, packs=history.state.packs[:1], version=9)
    history.state = replace(history.state, refs={"refs/heads/main": history.first}, peeled={})
    new = history.ready(cache)
    assert new != old
    assert git(new, "log", "--format=%s").split() == ["one"]
    assert not (new / "objects" / "pack" / f"pack-{lost.checksum}.idx").exists(), "what is not listed is out of sight"


def test_a_write_of_this_node_needs_no_fetch(cache: GitCache, history: History, tmp_path: Path) -> None:
    history.ready(cache)
    tip = history.commit("two")
    pack = history.state.packs[-1]
    files = [tmp_path / "local.pack", tmp_path / "local.idx"]
    for key, file in zip(pack_keys(pack.uuid), files, strict=True):
        history.blobs.fetch(key, file)
        history.blobs.delete(key)
    cache.install(7, 0, history.state.version, history.load, [LocalPack(pack.checksum, *files)])
    assert git(history.ready(cache), "rev-parse", "HEAD") == tip


def test_packs_that_were_joined_go_when_no_reader_can_be_left(cache: GitCache, history: History) -> None:
    history.commit("two")
    bare = history.ready(cache)
    joined, kept = history.state.packs
    history.state = replace(history.state, packs=(kept,), version=9)
    idx = bare / f"objects/pack/pack-{joined.checksum}.idx"
    history.ready(cache)
    assert idx.exists()
    mark = idx.with_suffix(".unlisted")
    os.utime(mark, (0, time.time() - UNLISTED_S - 1))
    history.state = replace(history.state, version=10)
    history.ready(cache)
    assert not idx.exists()
    assert not idx.with_suffix(".pack").exists()
    assert not mark.exists()


def test_a_pack_that_was_joined_while_it_was_fetched_is_looked_up_again(cache: GitCache, history: History) -> None:
    """Reading the rows and fetching the packs take time: meanwhile they may have been joined and swept."""
    good = history.state
    stale = replace(good, packs=(PackFile(fresh_uuid(), "0" * 40),))
    states = iter([stale, good])
    bare = cache.ready(7, 0, 1, lambda: next(states))
    assert git(bare, "log", "--format=%s", "HEAD") == "one"


def test_a_pack_that_the_store_lost_is_said_plainly(cache: GitCache, history: History) -> None:
    for key in pack_keys(history.state.packs[0].uuid):
        history.blobs.delete(key)
    with pytest.raises(Unavailable, match="administrator"):
        history.ready(cache)


def test_many_threads_make_it_once(cache: GitCache, history: History) -> None:
    for n in range(5):
        history.commit(f"c{n}")
    bares: list[Path] = []
    threads = [threading.Thread(target=lambda: bares.append(history.ready(cache))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bares) == 8
    assert history.loads == 1
    assert git(bares[0], "fsck", "--full") == ""


def test_readers_meanwhile_see_whole_repositories_only(tmp_path: Path, blobs: BlobStore) -> None:
    """Two nodes' processes may share a folder: each state they materialise must be one that was."""
    history = History(blobs)
    history.commit("start")
    caches = [GitCache(tmp_path / "cache", blobs, 10**9) for _ in range(3)]
    problems: list[str] = []
    done = threading.Event()

    def read(cache: GitCache) -> None:
        while not done.is_set():
            bare = history.ready(cache)
            log = subprocess.run(["git", "-C", bare, "log", "--format=%s", "HEAD"], capture_output=True, check=False)
            if log.returncode:
                problems.append(log.stderr.decode())

    threads = [threading.Thread(target=read, args=(cache,)) for cache in caches]
    for thread in threads:
        thread.start()
    for n in range(15):
        history.commit(f"c{n}")
    done.set()
    for thread in threads:
        thread.join()
    assert not problems


def age(bare: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(bare / "zoco-version", (then, then))


def test_the_longest_unused_go_first_and_what_is_in_use_stays(tmp_path: Path) -> None:
    blobs = MemoryBlobStore(tmp_path / "scratch")
    cache = GitCache(tmp_path / "cache", blobs, size_max_bytes=0)
    made: dict[str, Path] = {}
    for key, name in enumerate(("old", "older", "fresh")):
        history = History(blobs, key)
        history.commit(name)
        made[name] = history.ready(cache)
    age(made["old"], 2 * IN_USE_S)
    age(made["older"], 3 * IN_USE_S)
    roomy = GitCache(tmp_path / "cache", blobs, size_max_bytes=10**9)
    assert roomy.trim() == 0
    one = sum(file.stat().st_size for file in made["older"].rglob("*") if file.is_file())
    just_over = GitCache(tmp_path / "cache", blobs, size_max_bytes=3 * one - 100)
    assert just_over.trim() > 0
    assert [path.exists() for path in made.values()] == [True, False, True]
    assert cache.trim() > 0
    assert [path.exists() for path in made.values()] == [False, False, True]


def test_copies_of_an_older_epoch_go_even_when_there_is_room(cache: GitCache, history: History) -> None:
    old = history.ready(cache)
    history.state = replace(history.state, epoch=1, version=5)
    new = history.ready(cache)
    for bare in (old, new):
        age(bare, 2 * IN_USE_S)
    cache.trim()
    assert (old.exists(), new.exists()) == (False, True)
    cache.drop(7)
    assert not new.exists()


def test_what_killed_processes_left_goes(cache: GitCache, history: History) -> None:
    bare = history.ready(cache)
    gone = bare.with_name(".gone-7.e0.git-1234")
    (gone / "objects").mkdir(parents=True)
    half, fresh = (bare / f"objects/pack/.pack-{name}.pack.1.ab" for name in ("a", "b"))
    half.touch()
    fresh.touch()
    os.utime(half, (0, time.time() - 100_000))
    history.state = replace(history.state, version=9)
    history.ready(cache)
    cache.trim()
    assert (gone.exists(), half.exists(), fresh.exists()) == (False, False, True)


def test_a_use_is_noted(cache: GitCache, history: History) -> None:
    bare = history.ready(cache)
    age(bare, 2 * IN_USE_S)
    history.ready(cache)
    assert (bare / "zoco-version").stat().st_mtime > time.time() - IN_USE_S


def test_what_load_raises_comes_through(cache: GitCache) -> None:
    def gone() -> RepoState:
        raise KeyError("gone")

    load: Callable[[], RepoState] = gone
    with pytest.raises(KeyError):
        cache.ready(1, 0, 1, load)
