from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.hub.repos.conftest import add_repo, add_user, git_in, import_refs, run_git
from tests.unit.hub.repos.test_commit import files_of, make, upload

from zoco.core.access import Actor
from zoco.core.errors import EntryNotFound, Invalid, RevisionNotFound, StaleParent
from zoco.core.ids import Oid
from zoco.core.repos import WritableRepo
from zoco.hub.repos import diff as diff_room
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, CopyOp, DeleteFile, FileOp, LfsOp
from zoco.hub.repos.diff import commit_diff, compare, unified_text
from zoco.hub.repos.history import count_commits, get_commit, list_commits, split_message
from zoco.hub.repos.history_cache import HistoryCache
from zoco.hub.repos.refs import create_tag
from zoco.hub.repos.restore import restore
from zoco.hub.repos.revisions import resolve_revision
from zoco.hub.repos.squash import super_squash
from zoco.hub.repos.storage import RepoStorage


def test_commits_come_newest_first_in_pages_with_their_number(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    for number in range(6):
        commit(storage, repo_of_ana, ana, "main", make(FileOp(f"{number % 2}", b"%d" % number), summary=f"n {number}"))
    tip = resolve_revision(storage, repo_of_ana, "main")
    pages = [list_commits(storage, repo_of_ana, tip, page=page, limit=3) for page in range(4)]
    assert [page.next_cursor for page in pages] == ["1", "2", None, None]
    assert {page.total for page in pages} == {7}
    oids = git_in(storage, repo_of_ana, ana)("log", "--format=%H", "main").split()
    assert sorted(info.oid for page in pages for info in page.items) == sorted(oids)
    of_path = list_commits(storage, repo_of_ana, tip, path="/0/")
    assert {info.title for info in of_path.items} == {"n 0", "n 2", "n 4"}
    assert (of_path.total, count_commits(storage, repo_of_ana, tip)) == (3, 7)
    for path in ("nowhere", "0\0x", "\ud800", "..", "0/x"):
        with pytest.raises(EntryNotFound):
            list_commits(storage, repo_of_ana, tip, path=path)


def test_a_deleted_file_keeps_its_history(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    tip = commit(storage, repo_of_ana, ana, "main", make(DeleteFile("a/one.txt"), summary="gone")).oid
    titles = {info.title for info in list_commits(storage, repo_of_ana, tip, path="a/one.txt").items}
    assert titles == {"gone", "begin"}


def test_authors_are_matched_to_accounts_by_address(storage: RepoStorage, ana: Actor, tmp_path: Path) -> None:
    add_user(storage.db, "Bo", "bo@example.org")
    work = tmp_path / "work"
    run_git(tmp_path, "init", "-q", "work")
    message = (
        "Title\n\nBody, two\nlines\n\nCo-authored-by: Bo <BO@example.org>\n"
        "co-authored-by: Ana <ana@users.noreply.zoco>\nCo-Authored-By: Zoe again <zoe@example.org>\n"
        "Co-authored-by: Ghost <ghost@users.noreply.zoco>\nCo-authored-by: broken\n"
    )
    run_git(work, "commit", "-q", "--allow-empty", "-m", message, date=1_700_000_000)
    repo = import_refs(storage, add_repo(storage, ana), ana, work)
    info = get_commit(storage, repo, resolve_revision(storage, repo, "main"))
    assert (info.title, info.message.splitlines()[:2], info.at_ms) == (
        "Title",
        ["Body, two", "lines"],
        1_700_000_000_000,
    )
    assert [(author.name, author.user) for author in info.authors] == [
        ("Zoe", None),
        ("Bo", "Bo"),
        ("Ana", "Ana"),
        ("Ghost", None),
    ]
    assert (info.author_name, info.author_email, info.user) == ("Zoe", "zoe@example.org", None)


def test_a_commit_of_another_repository_is_not_found(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    other = add_repo(storage, ana)
    theirs = commit(storage, other, ana, "main", make(FileOp("x", b"secret"))).oid
    for look in (get_commit, list_commits, commit_diff):
        with pytest.raises(RevisionNotFound):
            look(storage, repo_of_ana, theirs)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("message", "split"),
    [
        ("a", ("a", "")),
        ("a\n\nb\nc\n", ("a", "b\nc")),
        ("\n\n a \nb", ("a", "b")),
        ("", ("", "")),
        ("a\r\n\r\nb", ("a", "b")),
    ],
)
def test_messages_have_a_title_and_the_rest(message: str, split: tuple[str, str]) -> None:
    assert split_message(message) == split


def test_the_cache_of_histories_forgets_the_least_used() -> None:
    cache = HistoryCache(size_max_bytes=50)
    walks: list[str] = []

    def ask(name: str) -> bytes:
        def walk() -> bytes:
            walks.append(name)
            return name.encode() * 20

        return cache.get((1, Oid(name), ""), walk)

    for name in "abacab":
        assert ask(name) == name.encode() * 20
    assert walks == ["a", "b", "c", "b"]


def test_a_diff_shows_lines_sizes_and_moves(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    old, new = (upload(storage, repo_of_ana, ana, data) for data in (b"x" * 100, b"x" * 250))
    commit(
        storage,
        repo_of_ana,
        ana,
        "main",
        make(FileOp("t.txt", b"1\n2\n3\n"), FileOp("b.dat", b"\0\1"), LfsOp("w.bin", old)),
    )
    tip = commit(
        storage,
        repo_of_ana,
        ana,
        "main",
        make(
            FileOp("t.txt", b"1\ntwo\n3\n4"),
            FileOp("b.dat", b"\0\2\3"),
            LfsOp("w.bin", new),
            CopyOp("moved.md", "README.md"),
            DeleteFile("README.md"),
            DeleteFile("a/one.txt"),
        ),
    ).oid
    diff = commit_diff(storage, repo_of_ana, tip)
    files = {file.path: file for file in diff.files}
    assert diff.files_total == len(files) == 5  # .gitattributes had its rule before
    text = files["t.txt"]
    assert [(line.kind, line.old_number, line.new_number, line.text) for line in text.hunks[0].lines] == [
        (" ", 1, 1, "1"),
        ("-", 2, None, "2"),
        ("+", None, 2, "two"),
        (" ", 3, 3, "3"),
        ("+", None, 4, "4"),
    ]
    assert (text.additions, text.deletions, diff.additions, diff.deletions) == (2, 1, 2, 2)
    assert (files["b.dat"].is_binary, files["b.dat"].size_old, files["b.dat"].size_new) == (True, 2, 3)
    assert (files["w.bin"].is_lfs, files["w.bin"].size_old, files["w.bin"].size_new) == (True, 100, 250)
    assert files["w.bin"].hunks == ()
    assert (files["moved.md"].status, files["moved.md"].path_old) == ("renamed", "README.md")
    assert (files["a/one.txt"].status, files["a/one.txt"].new_oid) == ("deleted", None)


def test_a_first_commit_is_compared_with_nothing_and_a_merge_with_its_first_parent(
    storage: RepoStorage, ana: Actor, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    run_git(tmp_path, "init", "-q", "work")
    for branch, start, file in [("main", None, "base"), ("side", "main", "side"), ("main", None, "top")]:
        if start:
            run_git(work, "checkout", "-q", "-b", branch, start)
        elif file != "base":
            run_git(work, "checkout", "-q", branch)
        (work / file).write_text(f"{file}\n")
        run_git(work, "add", "-A")
        run_git(work, "commit", "-qm", file)
    run_git(work, "merge", "-q", "--no-ff", "-m", "merge", "side")
    repo = import_refs(storage, add_repo(storage, ana), ana, work)
    merge = resolve_revision(storage, repo, "main")
    assert [file.path for file in commit_diff(storage, repo, merge).files] == ["side"]
    first = Oid(run_git(work, "rev-list", "--max-parents=0", "main").strip())
    assert [(file.path, file.status) for file in commit_diff(storage, repo, first).files] == [("base", "added")]
    assert [file.path for file in compare(storage, repo, None, merge).files] == ["base", "side", "top"]
    text = b"".join(unified_text(storage, repo, first, merge)).decode()
    assert text == run_git(work, "diff", "--no-renames", "--abbrev=7", f"{first}..{merge}")


def test_large_diffs_are_cut_and_say_so(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diff_room, "FILES_MAX", 5)
    monkeypatch.setattr(diff_room, "LINES_OF_FILE_MAX", 10)
    monkeypatch.setattr(diff_room, "FILE_SIZE_MAX_BYTES", 2000)
    files = [FileOp(f"{n}.txt", b"line\n" * 100) for n in range(7)] + [FileOp("0 big.txt", b"x" * 3000)]
    tip = commit(storage, repo_of_ana, ana, "main", make(*files)).oid
    diff = commit_diff(storage, repo_of_ana, tip)
    assert (len(diff.files), diff.files_total) == (5, 8)
    big, small = diff.files[0], diff.files[1]
    assert (big.path, big.is_too_large, big.hunks) == ("0 big.txt", True, ())
    assert (small.is_cut, small.additions, len(small.hunks[0].lines)) == (True, 100, 10)
    assert b"too large to show" in b"".join(unified_text(storage, repo_of_ana, None, tip))


def test_a_squashed_branch_is_one_commit_with_the_same_files(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    commit(storage, repo_of_ana, ana, "main", make(FileOp("x", b"1")))
    before = files_of(storage, repo_of_ana)
    oid = super_squash(storage, repo_of_ana, ana, "main", "all in one")
    assert resolve_revision(storage, repo_of_ana, "main") == oid
    info = get_commit(storage, repo_of_ana, oid)
    assert (info.title, info.parents, files_of(storage, repo_of_ana)) == ("all in one", (), before)
    create_tag(storage, repo_of_ana, ana, "v1", revision="main")
    with pytest.raises(Invalid):
        super_squash(storage, repo_of_ana, ana, "v1")
    with pytest.raises(RevisionNotFound):
        super_squash(storage, repo_of_ana, ana, "nowhere")
    with pytest.raises(RevisionNotFound):
        super_squash(storage, add_repo(storage, ana), ana, "main")


def test_restoring_a_version_is_a_new_commit_with_its_files(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    old, before = resolve_revision(storage, repo_of_ana, "main"), files_of(storage, repo_of_ana)
    tip = commit(storage, repo_of_ana, ana, "main", make(DeleteFile("a"), FileOp("README.md", b"worse"))).oid
    with pytest.raises(StaleParent):
        restore(storage, repo_of_ana, ana, "main", old, parent=old)
    new = restore(storage, repo_of_ana, ana, "main", old[:8], parent=tip)
    info = get_commit(storage, repo_of_ana, new)
    assert (info.parents, info.title) == ((tip,), f"Restore the version of {old[:7]}")
    assert files_of(storage, repo_of_ana) == before
    with pytest.raises(Invalid, match="nothing to restore"):
        restore(storage, repo_of_ana, ana, "main", old)
    with pytest.raises(RevisionNotFound):
        restore(storage, repo_of_ana, ana, "main", "0" * 40)


def test_a_message_keeps_summary_and_description(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    request = CommitRequest("Sum\nmary", [], description="  First line\n\nSecond ")
    info = get_commit(storage, repo_of_ana, commit(storage, repo_of_ana, ana, "main", request).oid)
    assert (info.title, info.message) == ("Sum", "mary\n\nFirst line\n\nSecond")
    with pytest.raises(Invalid, match="summary"):
        commit(storage, repo_of_ana, ana, "main", CommitRequest("  ", []))
