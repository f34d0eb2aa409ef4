"""A Hub that many hands work on at random, and beside it a dictionary that knows what must be there.

The reference is brute force: every file of every commit of every ref, as the operations said it, not as git tells.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import select
from tests.moving_clock import HOUR_MS, MovingClock
from tests.small_hub import SmallHub, repo_id
from tests.xet_data import MadeXorb, Used, bytes_of, make_xorb, register, send_xorb

from zoco.adapters.clock import now_ms
from zoco.adapters.db.tables import doomed_object, lfs_link, lfs_object, pack, xet_file, xet_file_xorb, xet_xorb
from zoco.adapters.db.tables import repo as repo_table
from zoco.adapters.git import walk
from zoco.assembly import handlers
from zoco.core.access import Actor
from zoco.core.errors import Conflict, Invalid, NotFound, Unavailable, Unprocessable
from zoco.core.garbage import Gone
from zoco.core.ids import Oid, Sha256
from zoco.core.repos import AdminRepo
from zoco.formats.lfs.batch import AskedObject
from zoco.hub.lfs import garbage as lfs_garbage
from zoco.hub.lfs import upload, xet_files
from zoco.hub.lfs.batch import LfsLimits, Step, batch_upload
from zoco.hub.lfs.content import read_object
from zoco.hub.lfs.objects import find
from zoco.hub.lfs.upload import Lfs, Upload
from zoco.hub.repos import birth, collect, garbage, landing
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, DeleteFile, LfsOp
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.duplicate import duplicate_repo
from zoco.hub.repos.garbage import Rules
from zoco.hub.repos.open import open_for_admin
from zoco.hub.repos.refs import create_branch, create_tag, delete_branch, delete_tag
from zoco.hub.repos.squash import super_squash
from zoco.hub.repos.storage import RepoStorage, Update, apply_updates, bare_repository, object_keys
from zoco.hub.xet import garbage as xet_garbage
from zoco.hub.xet import xorbs
from zoco.hub.xet.xorbs import Xet
from zoco.jobs import doomed
from zoco.jobs.worker import Worker

GRACE_MS = 48 * HOUR_MS
TOLD_MS = GRACE_MS - HOUR_MS
"""A link is marked once an hour at most."""

LIMITS = LfsLimits(10_000_000)


class Crash(BaseException):
    """The process ends here: no handler of ours may catch it."""


@dataclass
class Commit:
    parents: tuple[str, ...]
    files: dict[str, bytes]


@dataclass
class Repo:
    name: str
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    left: list[tuple[int, str]] = field(default_factory=list)
    told: dict[bytes, int] = field(default_factory=dict)
    was_built_twice: bool = False
    """A commit that was pruned under its hands holds the trees of its first try too: they go with the next prune."""

    def history(self, tips: Iterator[str] | list[str]) -> set[str]:
        found, waiting = set[str](), list(tips)
        while waiting:
            if (oid := waiting.pop()) not in found:
                found.add(oid)
                waiting += self.commits[oid].parents
        return found

    def contents(self, tips: list[str]) -> set[bytes]:
        return {data for oid in self.history(tips) for data in self.commits[oid].files.values()}

    def lately(self, now: int) -> list[str]:
        return [oid for at, oid in self.left if at > now - GRACE_MS]

    def must_have(self, data: bytes, now: int) -> bool:
        tips = [*self.refs.values(), *self.lately(now)]
        return data in self.contents(tips) or self.told.get(data, 0) > now - TOLD_MS

    def copy(self, name: str) -> Repo:
        refs = {ref: oid for ref, oid in self.refs.items() if ref.startswith(("refs/heads/", "refs/tags/"))}
        return Repo(name, dict(self.commits), refs, set(self.tags))


class Machine:
    def __init__(self, hub: SmallHub, clock: MovingClock, patch: pytest.MonkeyPatch, seed: int) -> None:
        limits = replace(hub.storage.limits, gc_grace_ms=GRACE_MS, packs_before_consolidation=3)
        self.hub, self.clock = hub, clock
        self.storage: RepoStorage = replace(hub.storage, limits=limits)
        self.rules = Rules(GRACE_MS, GRACE_MS, LIMITS)
        self.random = random.Random(seed)
        self.ana: Actor = hub.user("ana")
        self.repos: dict[str, Repo] = {}
        self.numbers = iter(range(10_000))
        self.xorbs: list[MadeXorb] = []
        self.known = [f"object {number} ".encode() * 20 for number in range(6)]
        self.open_uploads: list[tuple[str, bytes, Upload]] = []
        self.log: list[str] = []
        self.interruptions = self._interruptions_before = 0
        self.started = now_ms()
        self._crash_in: int | None = None
        self._is_inside = False
        for module in (landing, upload, xet_files, birth, xorbs):
            patch.setattr(module, "hit", self._interrupt)
        for module in (collect, lfs_garbage, xet_garbage, doomed):
            patch.setattr(module, "hit", self._maybe_crash)

    # --- time, collection, interruptions ------------------------------------------------------------------------------

    def _interrupt(self, point: str) -> None:
        """Between what a request checked and its transaction."""
        if point.endswith("before_commit") and point.startswith("birth"):
            return  # inside the transaction
        if not self._is_inside and self.interruptions == self._interruptions_before and self.random.random() < 0.1:
            self.interruptions += 1  # once in a request: nobody is held up for longer than the grace
            self._is_inside = True
            try:
                self.pass_time()
                self.collect()
            finally:
                self._is_inside = False

    def _maybe_crash(self, _point: str) -> None:
        if self._crash_in is not None:
            self._crash_in -= 1
            if self._crash_in < 0:
                self._crash_in = None
                raise Crash

    def pass_time(self) -> None:
        self.clock.pass_hours(self.random.choice([0.1, 1, 10, 30, 49, 60]))

    def collect(self) -> None:
        self._crash_in = self.random.randrange(12) if self.random.random() < 0.4 else None
        gone: list[Gone] = []
        try:
            match self.random.randrange(4):
                case 0:
                    Worker(self.hub.db, handlers(self.storage)).run_until_empty()
                case 1:
                    assert garbage.run_often(self.storage, self.rules, gone.append) == []
                case 2:
                    assert garbage.run(self.storage, self.rules, gone.append) == []
                case _:
                    self.rehearse()
        except Crash:
            self.log.append("crashed")
        finally:
            self._crash_in = None

    def rehearse(self) -> None:
        """It changes nothing, and what it tells is what a run then does."""
        self._crash_in = None
        before, keys = self.rows(), self.keys()
        told: list[Gone] = []
        assert garbage.rehearse(self.storage, self.rules, told.append) == []
        assert self.rows() == before
        assert self.keys() == keys
        done: list[Gone] = []
        garbage.run(self.storage, self.rules, done.append)

        def what(gone: list[Gone]) -> set[tuple[str, str, int]]:
            return {(one.kind.value, one.what, one.count) for one in gone}

        assert what(told) == what(done), f"{what(told) ^ what(done)}"

    # --- what people do -----------------------------------------------------------------------------------------------

    def step(self) -> None:
        steps: list[tuple[int, Callable[[], None]]] = [
            (8, self.commit_file), (4, self.upload_plain), (4, self.upload_xet), (2, self.send_xorb), (2, self.ask),
            (3, self.new_branch), (3, self.drop_branch), (2, self.new_tag), (1, self.drop_tag), (2, self.force),
            (2, self.squash), (2, self.pull_request), (2, self.delete_file), (1, self.duplicate), (1, self.drop_repo),
            (2, self.new_repo), (2, self.begin_upload), (2, self.end_upload), (5, self.pass_time), (5, self.collect),
        ]  # fmt: skip
        do = self.random.choices([one for _, one in steps], [weight for weight, _ in steps])[0]
        self.log.append(do.__name__)
        self._interruptions_before, self.started = self.interruptions, now_ms()
        do()
        self.check_some()

    def new_repo(self) -> None:
        if len(self.repos) < 4:
            name = f"r{next(self.numbers)}"
            made = self.hub.repo(self.ana, f"ana/{name}")
            self.repos[name] = Repo(name)
            self._adopt(self.repos[name], made, "refs/heads/main")

    def _adopt(self, repo: Repo, made: AdminRepo, ref: str) -> None:
        """What its creation committed."""
        with self.hub.db.read() as read:
            from zoco.hub.repos import ref_store

            (row,) = [one for one in ref_store.all_refs(read, made.key) if one.name == ref]
        repo.commits[row.commit] = Commit((), {})
        repo.refs[ref] = row.commit

    def duplicate(self) -> None:
        if (repo := self._repo()) and len(self.repos) < 4:
            name = f"r{next(self.numbers)}"
            snapshot = repo.copy(name)
            try:
                duplicate_repo(self.storage, self._open(repo), self.ana, repo_id(f"ana/{name}"))
            except Conflict:  # collected meanwhile
                return
            self.repos[name] = snapshot

    def drop_repo(self) -> None:
        if len(self.repos) > 1 and (repo := self._repo()):
            delete_repo(self.storage, self._open(repo), self.ana)
            del self.repos[repo.name]
            self.open_uploads = [one for one in self.open_uploads if one[0] != repo.name]

    def upload_plain(self) -> None:
        if repo := self._repo():
            data = self.random.choice(self.known)
            self._upload(repo, data)

    def _upload(self, repo: Repo, data: bytes) -> None:
        lfs = Lfs(self.hub.db, self.storage.blobs, LIMITS)
        for _ in range(5):
            try:
                with Upload(lfs, self._open(repo), sha(data), len(data), self.ana.user_id) as arriving:
                    arriving.feed(data)
                    arriving.finish()
            except Unavailable:  # its stored copy was just collected
                continue
            repo.told[data] = self.started
            return
        raise AssertionError("an upload never came through")

    def begin_upload(self) -> None:
        if (repo := self._repo()) and len(self.open_uploads) < 3:
            data = self.random.choice(self.known)
            lfs = Lfs(self.hub.db, self.storage.blobs, LIMITS)
            arriving = Upload(lfs, self._open(repo), sha(data), len(data), self.ana.user_id)
            arriving.feed(data[:10])
            self.open_uploads.append((repo.name, data, arriving))

    def end_upload(self) -> None:
        if self.open_uploads:
            name, data, arriving = self.open_uploads.pop(self.random.randrange(len(self.open_uploads)))
            if self.random.random() < 0.3:
                arriving.abort()
                return
            arriving.feed(data[10:])
            try:
                arriving.finish()
            except Unavailable:
                return
            finally:
                arriving.abort()
            self.repos[name].told[data] = self.started

    def send_xorb(self) -> None:
        if len(self.xorbs) < 12 and self.random.random() < 0.6:
            words = [self.random.choice("abcdefgh") for _ in range(self.random.randint(1, 5))]
            self.xorbs.append(make_xorb([word.encode() * 64 + str(len(words)).encode() for word in words]))
        if self.xorbs:
            try:
                send_xorb(self._xet(), self.random.choice(self.xorbs))
            except Unavailable:  # its stored copy was just collected
                assert self._was_interrupted

    def upload_xet(self) -> None:
        if not self.xorbs or not (repo := self._repo()):
            return
        terms: list[Used] = []
        for _ in range(self.random.randint(1, 3)):
            made = self.random.choice(self.xorbs)
            start = self.random.randrange(len(made.chunks))
            terms.append((made, start, self.random.randint(start + 1, len(made.chunks))))
        xet = self._xet()
        for turn in range(6):
            try:
                if turn or self.random.random() < 0.5:  # else the client believes that they are here
                    for made, _, _ in terms:
                        send_xorb(xet, made)
                register(xet, self._open(repo), terms, self.ana.user_id, GRACE_MS)
            except (Invalid, Unavailable):
                continue
            break
        else:
            raise AssertionError("a file never came through")
        data = bytes_of(terms)
        repo.told[data] = self.started
        if data not in self.known:
            self.known.append(data)

    def ask(self) -> None:
        """A client asks whether it must send a file."""
        if repo := self._repo():
            data = self.random.choice(self.known)
            must = repo.must_have(data, now_ms())
            (answer,) = batch_upload(self.hub.db, self._open(repo), [AskedObject(sha(data), len(data))], LIMITS)
            if answer.step is Step.NOTHING:
                repo.told[data] = self.started
            else:
                assert not must, "what is needed is asked for again"

    def commit_file(self) -> None:
        if not (repo := self._repo()):
            return
        ref = self._branch(repo)
        data = self.random.choice([*repo.told, *self.known] if repo.told else self.known)
        if self.random.random() < 0.5:
            self._upload(repo, data)
        path = f"f{self.random.randrange(4)}.bin"
        must = repo.must_have(data, now_ms())
        try:
            made = commit(
                self.storage, self._open(repo), self.ana, ref, CommitRequest("add", (LfsOp(path, sha(data)),))
            )
        except Unprocessable:
            assert not must or self._was_interrupted, "a commit lost what it was told is here"
            return
        self._moved(repo, ref, made.oid, {**self._tip(repo, ref).files, path: data})

    def delete_file(self) -> None:
        if (repo := self._repo()) and (files := self._tip(repo, ref := self._branch(repo)).files):
            path = self.random.choice(sorted(files))
            made = commit(self.storage, self._open(repo), self.ana, ref, CommitRequest("rm", (DeleteFile(path),)))
            self._moved(repo, ref, made.oid, {name: data for name, data in files.items() if name != path})

    def squash(self) -> None:
        if repo := self._repo():
            ref = self._branch(repo)
            oid = super_squash(self.storage, self._open(repo), self.ana, ref.removeprefix("refs/heads/"))
            repo.commits[oid] = Commit((), dict(self._tip(repo, ref).files))
            self._leave(repo, ref)
            repo.refs[ref] = oid

    def new_branch(self) -> None:
        """At any commit that ever was: also one that no ref leads to any more."""
        if repo := self._repo():
            at = self.random.choice(sorted(repo.commits))
            kept = at in repo.history([*repo.refs.values(), *repo.lately(now_ms())])
            name = f"b{next(self.numbers)}"
            try:
                create_branch(self.storage, self._open(repo), self.ana, name, starting_point=Oid(at))
            except NotFound:
                assert not kept, "a commit that can be had back is gone"
                return
            repo.refs[f"refs/heads/{name}"] = at

    def drop_branch(self) -> None:
        if repo := self._repo():
            names = [ref for ref in repo.refs if ref.startswith("refs/heads/b")]
            if names:
                ref = self.random.choice(names)
                delete_branch(self.storage, self._open(repo), self.ana, ref.removeprefix("refs/heads/"))
                self._leave(repo, ref)
                del repo.refs[ref]

    def new_tag(self) -> None:
        if repo := self._repo():
            at, name = self.random.choice(list(repo.refs.values())), f"t{next(self.numbers)}"
            message = self.random.choice([None, "annotated"])
            create_tag(self.storage, self._open(repo), self.ana, name, revision=at, message=message)
            repo.refs[f"refs/tags/{name}"] = at
            repo.tags.add(f"refs/tags/{name}")

    def drop_tag(self) -> None:
        if (repo := self._repo()) and repo.tags:
            ref = self.random.choice(sorted(repo.tags))
            delete_tag(self.storage, self._open(repo), self.ana, ref.removeprefix("refs/tags/"))
            self._leave(repo, ref)
            repo.tags.remove(ref)
            del repo.refs[ref]

    def force(self) -> None:
        """A branch is pushed to a commit that another ref has: its own history may be lost."""
        if repo := self._repo():
            ref, to = self._branch(repo), self.random.choice(list(repo.refs.values()))
            if repo.refs[ref] != to:
                self._update(repo, ref, to)

    def pull_request(self) -> None:
        if not (repo := self._repo()):
            return
        mine = [ref for ref in repo.refs if ref.startswith(("refs/pr/", "refs/convert/"))]
        if mine and self.random.random() < 0.4:
            self._update(repo, self.random.choice(mine), None)
        else:
            name = self.random.choice([f"refs/pr/{next(self.numbers)}", "refs/convert/parquet"])
            to = self.random.choice(list(repo.refs.values()))
            if repo.refs.get(name) != to:
                self._update(repo, name, to)

    @property
    def _was_interrupted(self) -> bool:
        return self.interruptions > self._interruptions_before

    # --- the model's own ----------------------------------------------------------------------------------------------

    def _update(self, repo: Repo, ref: str, to: str | None) -> None:
        old = repo.refs.get(ref)
        update = Update(ref, Oid(old) if old else None, Oid(to) if to else None)
        apply_updates(self.storage, self._open(repo), [update], [], self.ana, "git")
        if old:
            self._leave(repo, ref)
        if to:
            repo.refs[ref] = to
        else:
            del repo.refs[ref]

    def _moved(self, repo: Repo, ref: str, oid: str, files: dict[str, bytes]) -> None:
        repo.commits[oid] = Commit((repo.refs[ref],), files)
        self._leave(repo, ref)
        repo.refs[ref] = oid

    def _leave(self, repo: Repo, ref: str) -> None:
        repo.was_built_twice |= self._was_interrupted
        repo.left.append((self.started - 1, repo.refs[ref]))

    def _repo(self) -> Repo | None:
        return self.repos[self.random.choice(sorted(self.repos))] if self.repos else None

    def _branch(self, repo: Repo) -> str:
        return self.random.choice([ref for ref in sorted(repo.refs) if ref.startswith("refs/heads/")])

    def _tip(self, repo: Repo, ref: str) -> Commit:
        return repo.commits[repo.refs[ref]]

    def _open(self, repo: Repo) -> AdminRepo:
        return open_for_admin(self.storage, repo_id(f"ana/{repo.name}"), self.ana)

    def _xet(self) -> Xet:
        """Sometimes another process, that remembers nothing."""
        return self.storage.xet if self.random.random() < 0.5 else Xet(self.hub.db, self.storage.blobs)

    # --- what must be so ----------------------------------------------------------------------------------------------

    def check_some(self) -> None:
        if repo := self._repo():
            self.check_repo(repo, self._open(repo))

    def check_all(self) -> None:
        for repo in self.repos.values():
            self.check_repo(repo, self._open(repo))

    def check_repo(self, repo: Repo, opened: AdminRepo) -> None:
        """Nothing that a ref reaches is gone."""
        for data in repo.contents(list(repo.refs.values())):
            found = find(self.hub.db, opened, sha(data))
            assert found is not None, f"{repo.name}: the link of {data[:12]!r} is gone"
            there = b"".join(read_object(Xet(self.hub.db, self.storage.blobs), found))
            assert there == data, f"{repo.name}: other bytes"

    def finish(self) -> None:
        for _, _, arriving in self.open_uploads:
            arriving.abort()
        for _ in range(5):
            self.clock.pass_hours(60)
            Worker(self.hub.db, handlers(self.storage)).run_until_empty()
            assert garbage.run(self.storage, self.rules, lambda _gone: None) == []
            self.check_all()
        self.check_nothing_is_left()

    def check_nothing_is_left(self) -> None:
        links: set[tuple[int, str]] = set()
        for repo in self.repos.values():
            opened = self._open(repo)
            links |= {(opened.key, sha(data)) for data in repo.contents(list(repo.refs.values()))}
            bare = bare_repository(self.storage, opened)
            reached = sum(1 for _ in walk.reached_objects(bare, [Oid(one) for one in self._held(opened)]))
            assert repo.was_built_twice or walk.count_objects(bare) == reached, "git objects that nothing leads to"
        with self.hub.db.read() as read:
            assert {tuple(row) for row in read.execute(select(lfs_link.c.repo_id, lfs_link.c.sha256))} == links
            objects = {row.sha256: row for row in read.execute(select(lfs_object))}
            assert set(objects) == {sha256 for _, sha256 in links}
            files = set(read.scalars(select(xet_file.c.hash)))
            assert files == {row.xet_hash for row in objects.values() if row.xet_hash}
            held = {row.hash: row for row in read.execute(select(xet_xorb))}
            assert set(held) == set(read.scalars(select(xet_file_xorb.c.xorb_hash)))
            assert not [one for one in held.values() if one.dead_at is not None]
            packs = set(read.scalars(select(pack.c.uuid)))
            assert read.execute(select(doomed_object)).all() == []
            for key, used in read.execute(select(repo_table.c.id, repo_table.c.used_storage)):
                assert used == sum(row.size for row in objects.values() if (key, row.sha256) in links)
        assert self.keys() == {
            *(key for uuid in packs for key in object_keys(uuid)),
            *(row.key for row in objects.values() if row.key),
            *(row.key for row in held.values()),
        }

    def _held(self, opened: AdminRepo) -> list[str]:
        from zoco.hub.repos import ref_store

        with self.hub.db.read() as read:
            return [row.oid for row in ref_store.all_refs(read, opened.key)]

    def keys(self) -> set[str]:
        return {key for prefix in ("git/", "lfs/", "xorbs/") for key in self.storage.blobs.keys(prefix)}

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        from zoco.adapters.db.tables import metadata

        with self.hub.db.read() as read:
            return {
                table.name: sorted(map(tuple, read.execute(select(table))), key=repr)
                for table in metadata.sorted_tables
            }


def sha(data: bytes) -> Sha256:
    return Sha256(hashlib.sha256(data).hexdigest())
