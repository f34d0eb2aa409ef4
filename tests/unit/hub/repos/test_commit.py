"""Commits by the API, against a plain dictionary and against real git."""

from __future__ import annotations

import hashlib
import threading
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.hub.repos.conftest import LIMITS, add_repo, add_user, git_in, import_refs, run_git

from zoco.core.access import Actor
from zoco.core.errors import (
    Denied,
    EntryNotFound,
    Invalid,
    NotOffered,
    RevisionNotFound,
    StaleParent,
    TooLarge,
    Unprocessable,
)
from zoco.core.ids import Sha256
from zoco.core.repos import WritableRepo
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.lfs.content import read_object
from zoco.hub.lfs.upload import Lfs, Upload
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import (
    CommitRequest,
    CopyOp,
    DeleteFile,
    DeleteFolder,
    FileOp,
    LfsOp,
    Operation,
)
from zoco.hub.repos.history import count_commits, get_commit
from zoco.hub.repos.prune import prune
from zoco.hub.repos.read import list_tree, open_file
from zoco.hub.repos.refs import create_branch, create_tag
from zoco.hub.repos.restore import restore
from zoco.hub.repos.revisions import as_it_is_now, resolve_revision
from zoco.hub.repos.squash import super_squash
from zoco.hub.repos.storage import RepoStorage, Update, apply_updates


def make(*operations: Operation, parent: str | None = None, summary: str = "change") -> CommitRequest:
    return CommitRequest(summary, operations, parent=parent)


def files_of(storage: RepoStorage, repo: WritableRepo, revision: str = "main") -> dict[str, bytes]:
    tip = resolve_revision(storage, repo, revision)
    found: dict[str, bytes] = {}
    cursor = None
    while True:
        page = list_tree(storage, repo, tip, recursive=True, cursor=cursor, limit=7)
        for entry in page.items:
            if not entry.is_folder:
                found[entry.path] = open_file(storage, repo, tip, entry.path, raw=True).data or b""
        cursor = page.next_cursor
        if cursor is None:
            return found


def upload(storage: RepoStorage, repo: WritableRepo, owner: Actor, data: bytes) -> Sha256:
    sha = Sha256(hashlib.sha256(data).hexdigest())
    with Upload(Lfs(storage.db, storage.blobs, LfsLimits(10**9)), repo, sha, len(data), owner.user_id) as one:
        one.feed(data)
        one.finish()
    return sha


def test_the_first_commit_of_an_empty_repository_makes_its_default_branch(any_storage: RepoStorage) -> None:
    ana = add_user(any_storage.db, "Ana")
    repo = add_repo(any_storage, ana)
    done = commit(any_storage, repo, ana, "main", make(FileOp("a.txt", b"hello"), summary="  first  "))
    assert done.parent is None
    assert files_of(any_storage, repo) == {"a.txt": b"hello"}
    info = get_commit(any_storage, repo, done.oid)
    assert (info.title, info.user, info.author_email) == ("first", "Ana", "Ana@users.noreply.zoco")
    assert git_in(any_storage, repo, ana)("fsck", "--strict", "--no-dangling") == ""


def test_operations_are_taken_in_order_and_the_last_on_a_path_decides(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    commit(
        storage,
        repo_of_ana,
        ana,
        "main",
        make(
            FileOp("x", b"1"),
            FileOp("x", b"2"),
            FileOp("gone", b"?"),
            DeleteFile("gone"),
            DeleteFolder("a/"),
            FileOp("a/b/new", b"n"),
            DeleteFile("README.md"),
            FileOp("README.md/inside", b"a folder now"),
        ),
    )
    assert files_of(storage, repo_of_ana) == {"x": b"2", "a/b/new": b"n", "README.md/inside": b"a folder now"}
    commit(
        storage, repo_of_ana, ana, "main", make(DeleteFolder("a/b"), FileOp("a/b", b"a file now"), FileOp("a/c", b""))
    )
    assert files_of(storage, repo_of_ana)["a/b"] == b"a file now"
    assert git_in(storage, repo_of_ana, ana)("fsck", "--strict", "--no-dangling") == ""


def test_a_delete_takes_a_file_or_a_folder_whatever_it_is_called(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    commit(storage, repo_of_ana, ana, "main", make(DeleteFile("a/b"), DeleteFolder("README.md")))
    assert files_of(storage, repo_of_ana) == {"a/one.txt": b"1\n"}


@pytest.mark.parametrize("path", ["nothing", "a/nothing", "README.md/below", "a/b/two.txt/"])
def test_deleting_what_is_not_there_changes_nothing(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor, path: str
) -> None:
    before = resolve_revision(storage, repo_of_ana, "main")
    operations = [FileOp("new", b""), DeleteFile("a/b/two.txt"), DeleteFile(path)]
    with pytest.raises(EntryNotFound, match="A file with this name doesn't exist"):
        commit(storage, repo_of_ana, ana, "main", make(*operations))
    assert resolve_revision(storage, repo_of_ana, "main") == before


@pytest.mark.parametrize(
    "path",
    ["", "/abs", "a//b", "a/", "../x", "a/../b", "a/./b", "a\\b", ".git/config", "x/.GIT/hooks", "a\0b", "a\nb",
     "n" * 256, "x/" * 2100 + "x", "\ud800", ".g\u200cit/config", "git~1/x"],
)  # fmt: skip
def test_hostile_paths_are_refused(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor, path: str) -> None:
    for operation in (FileOp(path, b""), LfsOp(path, Sha256("0" * 64)), CopyOp("ok", path), CopyOp(path, "README.md")):
        with pytest.raises(Unprocessable):
            commit(storage, repo_of_ana, ana, "main", make(operation))
    if not path.endswith("a/"):
        with pytest.raises(Unprocessable):
            commit(storage, repo_of_ana, ana, "main", make(DeleteFile(path)))


def test_file_and_folder_do_not_share_a_name(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    for operation in (FileOp("a", b""), FileOp("README.md/x", b"")):
        with pytest.raises(Unprocessable, match="first"):
            commit(storage, repo_of_ana, ana, "main", make(operation))


def test_a_commit_that_changes_nothing_is_still_made(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    before = resolve_revision(storage, repo_of_ana, "main")
    done = commit(storage, repo_of_ana, ana, "main", make())
    assert done.parent == before != done.oid
    assert get_commit(storage, repo_of_ana, done.oid).parents == (before,)


def test_the_parent_must_be_the_tip_whole_or_short(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    first = resolve_revision(storage, repo_of_ana, "main")
    second = commit(storage, repo_of_ana, ana, "main", make(FileOp("x", b"1"), parent=first)).oid
    third = commit(storage, repo_of_ana, ana, "main", make(FileOp("x", b"2"), parent=second[:7].upper())).oid
    for parent in (first, second[:8], third[:6], "main", ""):
        with pytest.raises(StaleParent):
            commit(storage, repo_of_ana, ana, "main", make(FileOp("x", b"3"), parent=parent))
    assert resolve_revision(storage, repo_of_ana, "main") == third


def test_commits_go_to_branches_only(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    tip = resolve_revision(storage, repo_of_ana, "main")
    create_tag(storage, repo_of_ana, ana, "v1", revision="main")
    for revision, error in [
        ("v1", Invalid),
        (tip, Invalid),
        (tip[:10], Invalid),
        ("refs/tags/v1", Invalid),
        ("missing", RevisionNotFound),
        ("a..b", RevisionNotFound),
        ("", RevisionNotFound),
        ("refs/heads/missing", RevisionNotFound),
        ("refs/pr/1", NotOffered),
        ("refs/convert/parquet", Denied),
    ]:
        with pytest.raises(error):
            commit(storage, repo_of_ana, ana, revision, make(FileOp("x", b"")))
    commit(storage, repo_of_ana, ana, "refs/heads/main", make(FileOp("x", b"")))
    create_branch(storage, repo_of_ana, ana, "v1")
    commit(storage, repo_of_ana, ana, "v1", make(FileOp("only here", b"")))
    assert "only here" in files_of(storage, repo_of_ana, "v1")
    assert "only here" not in files_of(storage, repo_of_ana, "main")


def test_large_files_are_sent_to_lfs_and_large_commits_refused(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor, tmp_path: Path
) -> None:
    file = tmp_path / "big"
    file.write_bytes(b"x" * (LIMITS.regular_file_size_max_bytes + 1))
    with pytest.raises(TooLarge, match="LFS"):
        commit(storage, repo_of_ana, ana, "main", make(FileOp("big.txt", file)))
    parts = [FileOp(f"{n}.txt", b"x" * LIMITS.regular_file_size_max_bytes) for n in range(21)]
    with pytest.raises(TooLarge, match="several commits"):
        commit(storage, repo_of_ana, ana, "main", make(*parts))
    commit(storage, repo_of_ana, ana, "main", make(*parts[:20]))
    assert file.exists(), "the source stays its owner's"


def test_an_lfs_file_needs_its_object_and_its_true_size(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    other = add_repo(storage, ana)
    sha = upload(storage, other, ana, b"elsewhere")
    with pytest.raises(Unprocessable, match="not uploaded to this repository"):
        commit(storage, repo_of_ana, ana, "main", make(LfsOp("w.bin", sha, 9)))
    upload(storage, repo_of_ana, ana, b"elsewhere")
    with pytest.raises(Unprocessable, match="has 8 bytes, but 9"):
        commit(storage, repo_of_ana, ana, "main", make(LfsOp("w.bin", sha, 8)))
    commit(storage, repo_of_ana, ana, "main", make(LfsOp("w.bin", sha, 9), LfsOp("copy.bin", sha)))
    tip = resolve_revision(storage, repo_of_ana, "main")
    for path in ("w.bin", "copy.bin"):
        file = open_file(storage, repo_of_ana, tip, path)
        assert (file.size, file.etag, file.data) == (9, sha, None)
        assert file.lfs and b"".join(read_object(storage.xet, file.lfs)) == b"elsewhere"


def test_a_pointer_sent_as_text_is_checked_like_a_push(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 5\n".encode()
    with pytest.raises(Unprocessable, match="not uploaded"):
        commit(storage, repo_of_ana, ana, "main", make(FileOp("w.bin", text)))
    with pytest.raises(Unprocessable, match="pointer"):
        commit(storage, repo_of_ana, ana, "main", make(FileOp("w.bin", text.replace(b"size 5", b"size five"))))


def test_lfs_files_that_no_rule_covers_get_one_in_the_same_commit(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor, tmp_path: Path
) -> None:
    sha = upload(storage, repo_of_ana, ana, b"data")
    rules = b"*.bin filter=lfs diff=lfs merge=lfs -text"
    paths = ["w.bin", "odd name[1].dat", "sub/#x.dat"]
    commit(storage, repo_of_ana, ana, "main", make(FileOp(".gitattributes", rules), *(LfsOp(p, sha) for p in paths)))
    text = files_of(storage, repo_of_ana)[".gitattributes"].decode()
    assert len(text.splitlines()) == 3
    run_git(tmp_path, "clone", "-q", git_in(storage, repo_of_ana, ana)("rev-parse", "--absolute-git-dir").strip(), "c")
    for path in paths:
        assert run_git(tmp_path / "c", "check-attr", "filter", "--", path).endswith("filter: lfs\n")
    commit(storage, repo_of_ana, ana, "main", make(LfsOp("sub/#x.dat", sha)))
    assert files_of(storage, repo_of_ana)[".gitattributes"].decode() == text


def test_a_broken_card_is_refused_with_its_line(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    with pytest.raises(Invalid, match="line"):
        commit(storage, repo_of_ana, ana, "main", make(FileOp("README.md", b"---\nlicense: [mit\n---\n# x\n")))
    commit(storage, repo_of_ana, ana, "main", make(FileOp("docs/README.md", b"---\nlicense: [mit\n---\n# x\n")))


def test_copies_take_files_and_folders_from_now_or_from_a_revision(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    old = resolve_revision(storage, repo_of_ana, "main")
    commit(storage, repo_of_ana, ana, "main", make(FileOp("README.md", b"# New\n")))
    commit(
        storage,
        repo_of_ana,
        ana,
        "main",
        make(CopyOp("was.md", "README.md", old), CopyOp("is.md", "README.md"), CopyOp("c", "a/b")),
    )
    files = files_of(storage, repo_of_ana)
    assert (files["was.md"], files["is.md"], files["c/two.txt"]) == (b"# Hi\n", b"# New\n", b"2\n")
    with pytest.raises(EntryNotFound):
        commit(storage, repo_of_ana, ana, "main", make(CopyOp("x", "nothing")))
    with pytest.raises(RevisionNotFound):
        commit(storage, repo_of_ana, ana, "main", make(CopyOp("x", "README.md", "nowhere")))


def test_executables_stay_executable(storage: RepoStorage, ana: Actor, tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "work")
    work = tmp_path / "work"
    (work / "run.sh").write_text("#!/bin/sh\n")
    (work / "run.sh").chmod(0o755)
    run_git(work, "add", "-A")
    run_git(work, "commit", "-qm", "begin")
    repo = import_refs(storage, add_repo(storage, ana), ana, work)
    commit(storage, repo, ana, "main", make(FileOp("run.sh", b"#!/bin/sh\necho hi\n")))
    assert "100755 blob" in git_in(storage, repo, ana)("ls-tree", "main", "run.sh")


NUMBERS = count()
NAMES = st.sampled_from(["a", "b", "ñandú", "日本", "c.txt", "d e", "A"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
CHANGES = st.tuples(st.sampled_from(["put", "delete"]), PATHS, st.binary(max_size=8))


def apply_to_dict(files: dict[str, bytes], kind: str, path: str, data: bytes) -> bool:
    """Whether the change may be made; the model of one commit's one operation."""
    below = [name for name in files if name.startswith(f"{path}/")]
    folders = ["/".join(path.split("/")[:depth]) for depth in range(1, path.count("/") + 1)]
    if kind == "delete":
        if path not in files and not below:
            return False
        for name in [path, *below]:
            files.pop(name, None)
        return True
    if below or any(folder in files for folder in folders):
        return False
    files[path] = data
    return True


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CHANGES, max_size=6), max_size=8))
def test_sequences_of_commits_agree_with_a_dictionary_and_with_git(
    storage: RepoStorage, commits: list[list[tuple[str, str, bytes]]]
) -> None:
    owner = add_user(storage.db, f"u{next(NUMBERS)}")
    repo = add_repo(storage, owner)
    commit(storage, repo, owner, "main", make(FileOp("keep", b"")))
    files = {"keep": b""}
    for changes in commits:
        wanted = dict(files)
        fits = all(apply_to_dict(wanted, *change) for change in changes)
        operations = [FileOp(path, data) if kind == "put" else DeleteFile(path) for kind, path, data in changes]
        try:
            commit(storage, repo, owner, "main", make(*operations))
        except (EntryNotFound, Unprocessable):
            assert not fits
        else:  # what one operation forbids, a later one of the same commit may make good
            files = wanted if fits else files_of(storage, repo)
        assert files_of(storage, repo) == files
    git = git_in(storage, repo, owner)
    assert git("fsck", "--strict", "--no-dangling") == ""
    assert sorted(git("ls-tree", "-r", "-z", "--name-only", "main").split("\0")[:-1]) == sorted(files)
    assert int(git("rev-list", "--count", "main")) == count_commits(
        storage, repo, resolve_revision(storage, repo, "main")
    )


def test_all_of_many_threads_land_on_one_branch(any_storage: RepoStorage) -> None:
    ana = add_user(any_storage.db, "Ana")
    repo = add_repo(any_storage, ana)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(4):
                commit(any_storage, repo, ana, "main", make(FileOp(f"{number}/{turn}", str(turn).encode())))
        except BaseException as error:  # noqa: BLE001 (a thread's failure must reach the test)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(files_of(any_storage, repo)) == 24
    git = git_in(any_storage, repo, ana)
    assert git("rev-list", "--count", "--first-parent", "main").strip() == "24"
    assert git("fsck", "--strict", "--no-dangling") == ""


def test_a_lost_race_is_built_again_on_the_new_tip(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process moves the branch between our build and our transaction, twice; and then with a parent given."""
    others = iter(range(100))

    def meanwhile(name: str) -> None:
        if name == "commit_before_commit" and (number := next(others)) in (0, 2, 4):
            commit(storage, repo_of_ana, ana, "other", make(FileOp(f"other-{number}", b"")))
            _move_main_to_other(storage, repo_of_ana, ana)

    create_branch(storage, repo_of_ana, ana, "other")
    monkeypatch.setattr("zoco.hub.repos.landing.hit", meanwhile)
    commit(storage, repo_of_ana, ana, "main", make(FileOp("mine", b"")))
    assert {"other-0", "other-2", "mine"} <= set(files_of(storage, repo_of_ana))


def _move_main_to_other(storage: RepoStorage, repo: WritableRepo, owner: Actor) -> None:
    """As a force push would."""
    now = as_it_is_now(storage, repo)
    main, other = (resolve_revision(storage, now, name) for name in ("main", "other"))
    apply_updates(storage, now, [Update("refs/heads/main", main, other)], [], owner, "git")


def test_a_thousand_files_share_one_pack_and_few_reads(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    """Also on top of a flat folder of 10,000, which is parsed once and not for every file."""
    commit(storage, repo_of_ana, ana, "main", make(*(FileOp(f"flat/{n:05}", b"%d" % n) for n in range(10_000))))
    commit(storage, repo_of_ana, ana, "main", make(*(FileOp(f"flat/new-{n}", b"%d" % n) for n in range(1000))))
    tip = resolve_revision(storage, repo_of_ana, "main")
    assert git_in(storage, repo_of_ana, ana)("ls-tree", "-r", "--name-only", tip, "flat/").count("\n") == 11_000


def test_a_prune_in_the_middle_makes_the_commit_build_again(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was built on may be gone: seen as a corruption in a design without the prune epoch."""
    super_squash(storage, repo_of_ana, ana, "main")
    pruned: list[int] = []

    def meanwhile(name: str) -> None:
        if name == "commit_before_commit" and not pruned:
            pruned.append(prune(storage, repo_of_ana.key))

    monkeypatch.setattr("zoco.hub.repos.landing.hit", meanwhile)
    commit(storage, repo_of_ana, ana, "main", make(FileOp("after", b"")))
    assert pruned[0] > 0
    assert {"after", "README.md"} < set(files_of(storage, repo_of_ana))
    storage.cache.drop(repo_of_ana.key)
    git = git_in(storage, repo_of_ana, ana)
    assert git("fsck", "--strict", "--no-dangling") == ""
    assert git("rev-list", "--count", "main").strip() == "2"


def test_a_branch_is_not_made_at_a_commit_that_was_pruned(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    old = resolve_revision(storage, repo_of_ana, "main")
    super_squash(storage, repo_of_ana, ana, "main")
    prune(storage, repo_of_ana.key)
    for use in (
        lambda: create_branch(storage, repo_of_ana, ana, "old", starting_point=old),
        lambda: create_tag(storage, repo_of_ana, ana, "old", revision=old),
        lambda: restore(storage, repo_of_ana, ana, "main", old),
        lambda: commit(storage, repo_of_ana, ana, "main", make(CopyOp("x", "README.md", old))),
    ):
        with pytest.raises(RevisionNotFound):
            use()
