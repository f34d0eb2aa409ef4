"""What becomes of a git push? Its pack is indexed in quarantine and checked, then its refs move or it is told why not.

The body is fed as it comes, so that git indexes while the client still sends. Nothing of it is seen by anybody before
the one transaction of `storage.apply_updates`.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from zoco.adapters.clock import fresh_uuid
from zoco.adapters.failpoints import hit
from zoco.adapters.git.commands import IndexedPack, IndexPack
from zoco.core.access import Actor
from zoco.core.errors import HubError, Invalid, StoreFull, Unprocessable
from zoco.core.repos import WritableRepo
from zoco.formats.git.receive import Command, Outcome, PushParser, remote_message, report_status
from zoco.formats.git.refs import problem_with_ref
from zoco.hub.lfs.objects import missing
from zoco.hub.repos.push_check import Findings, LfsMissing, check_objects
from zoco.hub.repos.storage import (
    PrunedMeanwhile,
    RefsMoved,
    RepoStorage,
    Update,
    apply_updates,
    bare_repository,
    store_pack,
)

OBJECTS_MAX = 5_000_000
"""In one push: git needs some 200 bytes of memory for each while it indexes them."""

READ_ONLY = {
    "refs/pr/": "pull requests cannot be pushed to yet: push a branch",
    "refs/convert/": "this ref is made by the Hub and read-only",
}

_PACK_HEADER_BYTES = 12


class Push:
    """One request. Feed the body, then `finish`; or `abort` when it broke off."""

    def __init__(
        self, storage: RepoStorage, repo: WritableRepo, actor: Actor, lfs_missing: LfsMissing = missing
    ) -> None:
        self._storage = storage
        self._lfs_missing = lfs_missing
        self._repo = repo
        self._actor = actor
        self._parser = PushParser()
        self._incoming = _IncomingPack(storage, repo)

    def feed(self, chunk: bytes) -> None:
        """Raises Invalid when this is no push at all; what is wrong with its pack is told by `finish`."""
        if pack := self._parser.feed(chunk):
            self._incoming.feed(pack)

    def finish(self) -> bytes:
        """The answer's body. It is empty for git's probe, an empty push before a large one."""
        try:
            if not self._parser.has_commands:
                raise Invalid("The push broke off before its commands were complete.")
            if self._parser.is_probe:
                return b""
            try:
                return self._answer()
            except StoreFull as error:
                return _unpacker_error(error, self._parser.commands, self._parser.capabilities)
        finally:
            self.abort()

    def abort(self) -> None:
        """Leaves nothing behind; may be called twice."""
        self._incoming.discard()

    def _answer(self) -> bytes:
        commands, capabilities = self._parser.commands, self._parser.capabilities
        try:
            pack = self._incoming.finish()
        except (Invalid, StoreFull) as error:
            return _unpacker_error(error, commands, capabilities)
        problems = problems_with_commands(commands)
        findings = Findings()
        good = [command for command in commands if command.ref not in problems]
        if good and not ("atomic" in capabilities and problems):
            findings, refused = self._land(good, pack, is_atomic="atomic" in capabilities)
            problems |= refused
        if problems and "atomic" in capabilities:
            problems = {command.ref: "atomic push failure" for command in commands} | problems
        outcomes = [Outcome(command.ref, problems.get(command.ref)) for command in commands]
        return remote_message(findings.explanation, capabilities) + report_status("ok", outcomes, capabilities)

    def _land(
        self, commands: Sequence[Command], pack: IndexedPack | None, *, is_atomic: bool
    ) -> tuple[Findings, dict[str, str]]:
        """Problems by ref: those that are not named have moved."""
        storage, repo = self._storage, self._repo
        objects = self._incoming.objects if pack else None
        findings = check_objects(storage, repo, objects, commands, self._lfs_missing)
        good = [command for command in commands if command.ref not in findings.problems]
        if not good or (is_atomic and findings.problems):
            return findings, dict(findings.problems)
        stored = [store_pack(storage, pack.pack, pack.idx, pack, keep_local=True)] if pack else []
        hit("push_after_store")
        updates = [Update(command.ref, command.old, command.new) for command in good]
        try:
            hit("push_before_commit")
            refused = apply_updates(storage, repo, updates, stored, self._actor, "git", atomic=is_atomic)
        except RefsMoved as error:
            return findings, dict(findings.problems) | dict(error.refused)
        except (PrunedMeanwhile, Unprocessable) as error:
            return findings, dict(findings.problems) | {command.ref: error.message for command in good}
        hit("push_after_commit")
        return findings, dict(findings.problems) | dict(refused)


def problems_with_commands(commands: Sequence[Command]) -> dict[str, str]:
    """By ref: what can be told without looking at any object."""
    problems: dict[str, str] = {}
    seen: set[str] = set()
    for command in commands:
        prefix = next((prefix for prefix in READ_ONLY if command.ref.startswith(prefix)), None)
        if prefix:
            problems[command.ref] = READ_ONLY[prefix]
        elif command.ref in seen:
            problems[command.ref] = "multiple updates for one ref in one push"
        elif command.new and (problem := problem_with_ref(command.ref)):
            problems[command.ref] = f"funny refname: {problem}"
        seen.add(command.ref)
    return problems


def _unpacker_error(error: HubError, commands: Sequence[Command], capabilities: frozenset[str]) -> bytes:
    outcomes = [Outcome(command.ref, "unpacker error") for command in commands]
    said = remote_message(f"error: {error.message}", capabilities)
    return said + report_status(error.message, outcomes, capabilities)


class _IncomingPack:
    """The pack of a push, on its way into a quarantine folder. Git starts when there is something to index."""

    def __init__(self, storage: RepoStorage, repo: WritableRepo) -> None:
        self._storage = storage
        self._repo = repo
        self._folder = storage.blobs.scratch / f"push-{fresh_uuid()}"
        self._head = b""
        self._size = 0
        self._problem: str | None = None
        self._git: IndexPack | None = None
        self._bare: Path | None = None

    @property
    def objects(self) -> Path:
        return self._folder / "objects"

    def feed(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._storage.limits.push_size_max_bytes:
            limit = self._storage.limits.push_size_max_bytes
            self._fail(f"the push is larger than {limit} bytes: push fewer commits at a time, and large files by LFS")
        if self._problem:
            return
        if self._git is None:
            self._head += data
            if len(self._head) < _PACK_HEADER_BYTES or not self._begin():
                return
            data, self._head = self._head, b""
        assert self._git
        assert self._bare
        self._storage.cache.touch(self._bare)
        self._git.feed(data)

    def finish(self) -> IndexedPack | None:
        """None when the push has no objects. Raises Invalid."""
        if self._problem:
            raise Invalid(self._problem)
        if self._git:
            return self._git.finish()
        if self._head and len(self._head) < _PACK_HEADER_BYTES:
            raise Invalid("the pack broke off in its header")
        return None

    def discard(self) -> None:
        if self._git:
            self._git.abort()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _begin(self) -> bool:
        """False when there is nothing to index: an empty pack must not be stored."""
        count = int.from_bytes(self._head[8:12], "big")
        if self._head[:4] != b"PACK":
            self._fail("what follows the commands is no pack")
        elif count > OBJECTS_MAX:
            self._fail(f"the push has {count} objects, more than {OBJECTS_MAX}: push fewer commits at a time")
        elif count:
            if self._storage.blobs.room() == 0:
                self._fail(StoreFull().message)
                return False
            self._bare = bare_repository(self._storage, self._repo)
            self._git = IndexPack(self._bare, self.objects)
        else:
            self._head = self._head[:_PACK_HEADER_BYTES]
        return self._git is not None

    def _fail(self, problem: str) -> None:
        self._problem = self._problem or problem
        if self._git:
            self._git.abort()
            self._git = None
