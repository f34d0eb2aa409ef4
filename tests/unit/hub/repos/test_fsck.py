"""Every kind of stored thing, really damaged: the report names it, where it is missed, and how it is mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from tests.small_hub import SmallHub, hub, repo_id
from tests.unit.hub.repos.garbage_model import sha
from tests.xet_data import bytes_of, register, send_xorb
from tests.xet_files import pack as pack_xorb

from zoco.adapters.blobs.port import BlobStore
from zoco.adapters.db.engine import Write
from zoco.adapters.db.tables import lfs_link, lfs_object, pack, ref, xet_file, xet_file_xorb, xet_xorb
from zoco.adapters.git.cache import GitCache
from zoco.core.access import Actor
from zoco.core.damage import Damage
from zoco.core.errors import RepoNotFound, Unavailable
from zoco.formats.lfs.batch import AskedObject
from zoco.hub.lfs.batch import LfsLimits, Step, batch_upload
from zoco.hub.lfs.content import read_object
from zoco.hub.lfs.objects import find, unlink
from zoco.hub.repos import garbage
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, DeleteFile, FileOp, LfsOp
from zoco.hub.repos.fsck import Report, check, forget_damaged
from zoco.hub.repos.open import open_for_admin
from zoco.hub.repos.refs import create_branch, create_tag
from zoco.hub.repos.storage import object_keys
from zoco.hub.xet.instance import cas_segment
from zoco.hub.xet.xorbs import Xet

__all__ = ["hub"]

PLAIN, OLD, LOOSE = b"plain weights " * 100, b"only in history " * 100, b"never committed " * 100
XORB = pack_xorb([letter.encode() * 1000 for letter in "abcd"])
IN_XET = bytes_of([(XORB, 0, 3), (XORB, 1, 2)])


@pytest.fixture
def ana(hub: SmallHub) -> Actor:
    """With a repository that has a file of each kind: at a ref, in history, and in none."""
    ana = hub.user("ana")
    repo = hub.repo(ana, "ana/iris", {"README.md": "# Iris\n"})
    plain, old, _loose = (hub.lfs_object(ana, repo, data) for data in (PLAIN, OLD, LOOSE))
    send_xorb(hub.storage.xet, XORB)
    in_xet = register(hub.storage.xet, repo, [(XORB, 0, 3), (XORB, 1, 2)], ana.user_id, 0)

    def do(branch: str, *operations: LfsOp | DeleteFile | FileOp) -> None:
        now = open_for_admin(hub.storage, repo_id("ana/iris"), ana)
        commit(hub.storage, now, ana, branch, CommitRequest("change", operations))

    do("main", LfsOp("data/plain.bin", plain.sha256), LfsOp("old.bin", old.sha256))
    do("main", DeleteFile("old.bin"))
    create_branch(hub.storage, repo, ana, "side")
    do("side", LfsOp("x/in xet.bin", in_xet.sha256))
    create_tag(hub.storage, repo, ana, "v1", revision="main", message="first")
    hub.repo(ana, "datasets/ana/empty")
    return ana


def damages(hub: SmallHub, *names: str, fast: bool = False) -> list[Damage]:
    """A new process has a cache of its own making."""
    return report(hub, *names, fast=fast)[1]


def report(hub: SmallHub, *names: str, fast: bool = False) -> tuple[Report, list[Damage]]:
    found: list[Damage] = []
    made = check(hub.storage, [repo_id(name) for name in names], found.append, fast=fast)
    assert made.damages == len(found)
    return made, found


def write(hub: SmallHub, do: Callable[[Write], object]) -> None:
    with hub.db.write() as writing:
        do(writing)


def file_of(hub: SmallHub, key: str) -> Path:
    return hub.storage.blobs._root / key  # type: ignore[attr-defined]


def key_of(hub: SmallHub, data: bytes) -> str:
    with hub.db.read() as read:
        return str(read.execute(select(lfs_object.c.key).where(lfs_object.c.sha256 == sha(data))).scalar_one())


def xorb_key(hub: SmallHub) -> str:
    with hub.db.read() as read:
        return str(read.execute(select(xet_xorb.c.key)).scalar_one())


def flip(file: Path, at: int = -30) -> None:
    """One bit, in the middle of what is stored. The repository's cache may share the file."""
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    rewrite(file, bytes(data))


def rewrite(file: Path, data: bytes) -> None:
    file.chmod(0o600)
    file.write_bytes(data)
    file.chmod(0o444)


def only(found: list[Damage], kind: str) -> Damage:
    (one,) = [damage for damage in found if damage.kind == kind]
    assert one.cure
    assert one.problem
    return one


@pytest.mark.parametrize("fast", [False, True])
def test_what_is_whole_has_nothing_to_tell(hub: SmallHub, ana: Actor, fast: bool) -> None:
    made, found = report(hub, fast=fast)
    assert found == []
    assert made.tally["repositories"] == 2
    assert made.tally["LFS objects"] == 4
    assert (made.tally["xorbs"], made.tally["Xet files"]) == (1, 1)
    assert made.tally["pointers"] == 3
    assert not list(hub.storage.blobs.scratch.iterdir()), "nothing is left in scratch"
    assert damages(hub, "ana/iris", fast=fast) == []


def test_a_repository_that_is_not_there_is_told(hub: SmallHub, ana: Actor) -> None:
    with pytest.raises(RepoNotFound):
        damages(hub, "ana/nothing")


# --- LFS objects ------------------------------------------------------------------------------------------------------


def test_a_flipped_bit_in_an_lfs_object_is_told_with_its_place(hub: SmallHub, ana: Actor) -> None:
    key = key_of(hub, PLAIN)
    flip(file_of(hub, key))
    (one,) = damages(hub)
    assert (one.kind, one.repo, one.path, one.ref) == ("file", "ana/iris", "data/plain.bin", "refs/heads/main")
    assert "have SHA-256" in one.problem
    assert f"restore {key} from a backup" in one.cure
    assert "upload the file again" in one.cure
    assert damages(hub, fast=True) == [], "no content is read"


def test_a_truncated_and_a_missing_lfs_object_are_told_at_once(hub: SmallHub, ana: Actor) -> None:
    plain, old = file_of(hub, key_of(hub, PLAIN)), file_of(hub, key_of(hub, OLD))
    rewrite(plain, PLAIN[:-1])
    old.unlink()
    for fast in (False, True):
        found = {one.path: one for one in damages(hub, fast=fast)}
        assert f"are {len(PLAIN) - 1}, not {len(PLAIN)}" in found["data/plain.bin"].problem
        assert "not in the store" in found["old.bin"].problem, "what only history needs is missed too"
        assert len(found) == 2


def test_a_damaged_object_that_no_commit_names_is_told_with_who_has_it(hub: SmallHub, ana: Actor) -> None:
    flip(file_of(hub, key_of(hub, LOOSE)))
    (one,) = damages(hub)
    assert (one.kind, one.repo, one.path) == ("lfs object", "ana/iris", "")


def test_a_file_whose_object_is_not_linked_is_told(hub: SmallHub, ana: Actor) -> None:
    repo = open_for_admin(hub.storage, repo_id("ana/iris"), ana)
    unlink(hub.db, repo, [sha(PLAIN)])
    for fast in (False, True):
        (one,) = damages(hub, fast=fast)
        assert (one.path, one.ref) == ("data/plain.bin", "refs/heads/main")
        assert "never uploaded to this repository, or was deleted" in one.problem
        assert "git lfs push --all" in one.cure


def test_a_wrong_size_in_the_database_is_told(hub: SmallHub, ana: Actor) -> None:
    write(hub, lambda w: w.execute(update(lfs_object).where(lfs_object.c.sha256 == sha(PLAIN)).values(size=7)))
    found = only(damages(hub, fast=True), "file")
    assert "not 7" in found.problem


def test_the_damage_of_one_repository_is_not_told_of_another(hub: SmallHub, ana: Actor) -> None:
    flip(file_of(hub, key_of(hub, PLAIN)))
    assert damages(hub, "datasets/ana/empty") == []
    assert len(damages(hub, "ana/iris")) == 1


# --- xorbs and Xet files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["flip", "truncate", "delete", "other", "longer"])
def test_a_damaged_xorb_is_told_with_the_files_that_need_it(hub: SmallHub, ana: Actor, how: str) -> None:
    file = file_of(hub, xorb_key(hub))
    match how:
        case "flip":
            flip(file)
        case "truncate":
            rewrite(file, XORB.body[:-1])
        case "delete":
            file.unlink()
        case "longer":
            rewrite(file, XORB.body + b"x")
        case _:
            rewrite(file, pack_xorb([letter.encode() * 1000 for letter in "abce"]).body)
    for fast in (False, True):
        found = damages(hub, fast=fast)
        if fast and how in ("flip", "other"):
            assert found == []
            continue
        assert only(found, "xorb").what == XORB.hash
        assert XORB.hash in only(found, "xet file").problem
        missed = only(found, "file")
        assert (missed.repo, missed.path, missed.ref) == ("ana/iris", "x/in xet.bin", "refs/heads/side")
        assert len(found) == 3


def test_a_xorb_whose_row_describes_it_wrongly_is_told(hub: SmallHub, ana: Actor) -> None:
    other = pack_xorb([letter.encode() * 1000 for letter in "abce"])
    write(hub, lambda w: w.execute(update(xet_xorb).values(chunks=other.chunks.pack())))
    assert "describes its chunks wrongly" in only(damages(hub), "xorb").problem
    write(hub, lambda w: w.execute(update(xet_xorb).values(chunks=b"nonsense")))
    assert "describes its chunks wrongly" in only(damages(hub), "xorb").problem
    assert only(damages(hub, fast=True), "xet file")


def test_wrong_terms_are_told(hub: SmallHub, ana: Actor) -> None:
    with hub.db.read() as read:
        terms = bytes(read.execute(select(xet_file.c.terms)).scalar_one())
    swapped = terms[44:] + terms[:44]
    write(hub, lambda w: w.execute(update(xet_file).values(terms=swapped)))
    assert "make the file" in only(damages(hub, fast=True), "xet file").problem
    write(hub, lambda w: w.execute(update(xet_file).values(terms=terms[:-1])))
    assert "damaged" in only(damages(hub, fast=True), "xet file").problem
    write(hub, lambda w: w.execute(update(xet_file).values(terms=terms, size=5)))
    assert "not 5" in only(damages(hub, fast=True), "xet file").problem


def test_a_file_with_another_sha256_than_it_should_have_is_told(hub: SmallHub, ana: Actor) -> None:
    write(hub, lambda w: w.execute(update(xet_file).values(sha256="0" * 64)))
    found = damages(hub)
    assert "comes out with SHA-256" in only(found, "xet file").problem
    assert only(found, "file").path == "x/in xet.bin"
    assert "which has SHA-256 0000" in only(damages(hub, fast=True), "file").problem


def test_a_xorb_that_a_file_needs_without_saying_so_is_told(hub: SmallHub, ana: Actor) -> None:
    """It would be collected."""
    write(hub, lambda w: w.execute(delete(xet_file_xorb)))
    assert "may be collected" in only(damages(hub, fast=True), "xet file").problem


# --- packs and history ------------------------------------------------------------------------------------------------


def packs(hub: SmallHub) -> list[tuple[str, str]]:
    with hub.db.read() as read:
        uuids = list(read.scalars(select(pack.c.uuid).order_by(pack.c.created_at, pack.c.uuid)))
    return [object_keys(uuid) for uuid in uuids]


@pytest.mark.parametrize("how", ["flip", "truncate", "delete"])
@pytest.mark.parametrize("part", [0, 1], ids=["pack", "idx"])
def test_a_damaged_pack_is_told_with_the_refs_that_need_it(hub: SmallHub, ana: Actor, how: str, part: int) -> None:
    file = file_of(hub, packs(hub)[0][part])
    match how:
        case "flip":
            flip(file, at=-35 if part == 0 else 1100)
        case "truncate":
            rewrite(file, file.read_bytes()[:-10])
        case _:
            file.unlink()
    found = damages(hub)
    one = only(found, "pack")
    assert packs(hub)[0][part] in one.problem
    assert "from a backup of the store" in one.cure
    broken = {damage.ref for damage in found if damage.kind == "history"}
    assert broken == {"refs/heads/main", "refs/heads/side", "refs/tags/v1"}, "the first commit is in it"


def test_a_missing_or_short_pack_is_told_without_reading(hub: SmallHub, ana: Actor) -> None:
    hub.storage.cache.drop(open_for_admin(hub.storage, repo_id("ana/iris"), ana).key)
    (first, _), (second, _), *_ = packs(hub)
    file_of(hub, first).unlink()
    rewrite(file_of(hub, second), file_of(hub, second).read_bytes()[:-1])
    found = damages(hub, fast=True)
    problems = " ".join(one.problem for one in found if one.kind == "pack")
    assert first in problems
    assert second in problems
    assert any(one.kind == "history" for one in found)


def test_a_pack_row_that_is_gone_breaks_only_the_refs_that_need_it(hub: SmallHub, ana: Actor) -> None:
    with hub.db.read() as read:
        uuids = list(read.scalars(select(pack.c.uuid)))
        side = str(read.execute(select(ref.c.oid).where(ref.c.name == "refs/heads/side")).scalar_one())
    holder = next(uuid for uuid in uuids if holds(hub, uuid, side))
    write(hub, lambda w: w.execute(delete(pack).where(pack.c.uuid == holder)))
    found = damages(hub)
    one = only(found, "history")
    assert one.ref == "refs/heads/side"
    assert side in one.problem
    assert "delete refs/heads/side and push it again" in one.cure


def holds(hub: SmallHub, uuid: str, oid: str) -> bool:
    return bytes.fromhex(oid) in file_of(hub, object_keys(uuid)[1]).read_bytes()


def test_a_ref_that_leads_nowhere_is_told(hub: SmallHub, ana: Actor) -> None:
    write(hub, lambda w: w.execute(update(ref).where(ref.c.name == "refs/heads/side").values(oid="1" * 40)))
    assert only(damages(hub), "history").ref == "refs/heads/side"


def test_a_ref_whose_commit_the_database_has_wrong_is_told(hub: SmallHub, ana: Actor) -> None:
    write(hub, lambda w: w.execute(update(ref).where(ref.c.name == "refs/tags/v1").values(peeled="1" * 40)))
    one = only(damages(hub), "ref")
    assert one.ref == "refs/tags/v1"


# --- mending ----------------------------------------------------------------------------------------------------------


def test_what_was_damaged_can_be_uploaded_again_after_it_is_forgotten(hub: SmallHub, ana: Actor) -> None:
    repo = open_for_admin(hub.storage, repo_id("ana/iris"), ana)
    flip(file_of(hub, key_of(hub, PLAIN)))
    flip(file_of(hub, xorb_key(hub)))
    asked = [AskedObject(sha(data), len(data)) for data in (PLAIN, IN_XET)]
    steps = [answer.step for answer in batch_upload(hub.db, repo, asked, LfsLimits(10**9))]
    assert steps == [Step.NOTHING, Step.NOTHING], "a client that asks is told that they are here"
    segment = cas_segment(hub.db)
    made, _ = report(hub)
    assert forget_damaged(hub.storage, made) == 2
    assert cas_segment(hub.db) != segment, "Xet clients forget what they sent"
    steps = [answer.step for answer in batch_upload(hub.db, repo, asked, LfsLimits(10**9))]
    assert steps == [Step.UPLOAD, Step.UPLOAD]
    hub.lfs_object(ana, repo, PLAIN)
    xet = Xet(hub.db, hub.storage.blobs)
    send_xorb(xet, XORB)
    register(xet, repo, [(XORB, 0, 3), (XORB, 1, 2)], ana.user_id, 0)
    assert damages(hub) == []
    for data in (PLAIN, IN_XET):
        found = find(hub.db, repo, sha(data))
        assert found
        assert b"".join(read_object(xet, found)) == data
    with hub.db.read() as read:
        assert len(read.execute(select(lfs_link)).all()) == 4


def test_nothing_is_forgotten_when_only_git_is_damaged(hub: SmallHub, ana: Actor) -> None:
    file_of(hub, packs(hub)[0][0]).unlink()
    made, _ = report(hub)
    assert made.damages
    assert not made.can_forget


class Away:
    """A store that answers nothing, from the moment on that it goes."""

    def __init__(self, real: BlobStore) -> None:
        self._real, self.is_away = real, False

    def __getattr__(self, name: str) -> object:
        if self.is_away and name in ("size", "read", "fetch", "keys"):
            raise Unavailable("The object store does not answer. Try again in a moment.")
        return getattr(self._real, name)


def test_a_store_that_is_away_is_not_a_store_that_lost_everything(hub: SmallHub, ana: Actor) -> None:
    away = Away(hub.storage.blobs)
    storage = replace(hub.storage, blobs=away, xet=Xet(hub.db, away))  # type: ignore[arg-type]
    away.is_away = True
    found: list[Damage] = []
    with pytest.raises(Unavailable):
        check(storage, [], found.append, fast=False)
    assert found == []
    with hub.db.write() as writing:
        writing.execute(update(lfs_link).values(created_at=1, touched_at=1))
    hub.storage.cache.drop(open_for_admin(hub.storage, repo_id("ana/iris"), ana).key)
    storage = replace(storage, cache=GitCache(hub.storage.blobs.scratch / "empty", away, 10**9))  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        garbage.run(storage, garbage.Rules(0, 0, LfsLimits(10**9)), lambda _gone: None)
