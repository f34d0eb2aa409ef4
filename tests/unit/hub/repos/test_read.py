from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.hub.repos.conftest import add_repo, add_user, git_in, import_refs, run_git
from tests.unit.hub.repos.test_commit import make, upload

from zoco.core.access import Actor
from zoco.core.errors import EntryNotFound, Invalid, RevisionNotFound
from zoco.core.ids import Oid
from zoco.core.repos import WritableRepo
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CopyOp, DeleteFile, FileOp, LfsOp
from zoco.hub.repos.entries import Entry
from zoco.hub.repos.read import find_entry, list_tree, open_file, paths_info, tree_size
from zoco.hub.repos.revisions import resolve_revision
from zoco.hub.repos.storage import RepoStorage


def every_page(
    storage: RepoStorage, repo: WritableRepo, tip: Oid, path: str = "", *, recursive: bool, limit: int
) -> list[Entry]:
    found: list[Entry] = []
    cursor = None
    while True:
        page = list_tree(storage, repo, tip, path, recursive=recursive, cursor=cursor, limit=limit)
        assert len(page.items) <= limit
        found += page.items
        if (cursor := page.next_cursor) is None:
            return found


def test_folders_come_first_and_before_their_content(storage: RepoStorage, repo_of_ana: WritableRepo) -> None:
    tip = resolve_revision(storage, repo_of_ana, "main")
    assert [entry.path for entry in list_tree(storage, repo_of_ana, tip).items] == ["a", "README.md"]
    assert [entry.path for entry in list_tree(storage, repo_of_ana, tip, "a/").items] == ["a/b", "a/one.txt"]
    everything = ["a", "a/b", "a/b/three.txt", "a/b/two.txt", "a/one.txt", "README.md"]
    assert [entry.path for entry in list_tree(storage, repo_of_ana, tip, recursive=True).items] == everything
    readme, folder = find_entry(storage, repo_of_ana, tip, "README.md"), find_entry(storage, repo_of_ana, tip, "a")
    assert (readme.kind, readme.size, readme.lfs, readme.name) == ("file", 5, None, "README.md")
    assert (folder.kind, folder.size, folder.is_folder) == ("directory", 0, True)
    assert find_entry(storage, repo_of_ana, tip, "").kind == "directory"


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize("recursive", [False, True])
def test_pages_together_are_the_whole_listing(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor, limit: int, recursive: bool
) -> None:
    files = [FileOp(f"{folder}f{n}", b"") for folder in ("", "a/", "z/y/x/", "z/q/") for n in range(4)]
    commit(storage, repo_of_ana, ana, "main", make(*files))
    tip = resolve_revision(storage, repo_of_ana, "main")
    for path in ("", "z"):
        whole = list_tree(storage, repo_of_ana, tip, path, recursive=recursive).items
        assert tuple(every_page(storage, repo_of_ana, tip, path, recursive=recursive, limit=limit)) == whole
        listed = git_in(storage, repo_of_ana, ana)(
            "ls-tree", *(["-r", "-t"] if recursive else []), "--name-only", f"main:{path}"
        )
        assert sorted(listed.splitlines()) == sorted(e.path.removeprefix(f"{path}/") for e in whole)


def test_a_listing_goes_on_in_the_commit_it_began_in(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    old = resolve_revision(storage, repo_of_ana, "main")
    first = list_tree(storage, repo_of_ana, old, recursive=True, limit=2)
    new = commit(storage, repo_of_ana, ana, "main", make(DeleteFile("a"))).oid
    rest = list_tree(storage, repo_of_ana, new, recursive=True, cursor=first.next_cursor)
    assert [entry.path for entry in rest.items] == ["a/b/three.txt", "a/b/two.txt", "a/one.txt", "README.md"]


@pytest.mark.parametrize("cursor", ["x", "!!", "é", "W10", "WyJ4Il0", "e30", "bnVsbA", "A" * 10_000])
def test_cursors_that_are_none_of_ours_are_refused(
    storage: RepoStorage, repo_of_ana: WritableRepo, cursor: str
) -> None:
    with pytest.raises(Invalid, match="first page"):
        list_tree(storage, repo_of_ana, resolve_revision(storage, repo_of_ana, "main"), cursor=cursor)


def test_a_cursor_of_another_repository_leads_nowhere(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    other = add_repo(storage, ana)
    tip = commit(storage, other, ana, "main", make(FileOp("secret/x", b""), FileOp("secret/y", b""))).oid
    theirs = list_tree(storage, other, tip, recursive=True, limit=1).next_cursor
    with pytest.raises(RevisionNotFound):
        list_tree(storage, repo_of_ana, resolve_revision(storage, repo_of_ana, "main"), cursor=theirs)


@pytest.mark.parametrize(
    "path", ["nope", "README.md/x", "a/nope", "..", "a/../a", ".", "/etc/passwd", "a\0b", "a//b", "\ud800", "x" * 9000]
)
def test_what_is_not_there_is_not_found_and_says_in_which_commit(
    storage: RepoStorage, repo_of_ana: WritableRepo, path: str
) -> None:
    tip = resolve_revision(storage, repo_of_ana, "main")
    for look in (find_entry, list_tree, open_file, tree_size):
        with pytest.raises(EntryNotFound) as caught:
            look(storage, repo_of_ana, tip, path)  # type: ignore[operator]
        assert caught.value.commit == tip
    assert paths_info(storage, repo_of_ana, tip, [path]) == []


def test_a_file_is_no_folder_and_a_folder_no_file(storage: RepoStorage, repo_of_ana: WritableRepo) -> None:
    tip = resolve_revision(storage, repo_of_ana, "main")
    with pytest.raises(EntryNotFound, match="Not a folder"):
        list_tree(storage, repo_of_ana, tip, "README.md")
    for path in ("a", "", "a/"):
        with pytest.raises(EntryNotFound):
            open_file(storage, repo_of_ana, tip, path)


def test_paths_come_back_in_the_order_asked_without_those_unknown(
    storage: RepoStorage, repo_of_ana: WritableRepo
) -> None:
    tip = resolve_revision(storage, repo_of_ana, "main")
    asked = ["a/one.txt", "nope", "a/b/", "README.md", "", "a/one.txt"]
    found = paths_info(storage, repo_of_ana, tip, asked, expand=True)
    assert [entry.path for entry in found] == ["a/one.txt", "a/b", "README.md", "a/one.txt"]
    assert {entry.last_commit.title for entry in found if entry.last_commit} == {"begin"}
    many = [*asked, "a\0b", "\ud800"] * 5
    assert [entry.path for entry in paths_info(storage, repo_of_ana, tip, many)] == [e.path for e in found] * 5


def test_an_lfs_file_shows_its_real_size_and_raw_its_pointer(any_storage: RepoStorage) -> None:
    ana = add_user(any_storage.db, "Ana")
    repo = add_repo(any_storage, ana)
    sha = upload(any_storage, repo, ana, b"w" * 5000)
    tip = commit(any_storage, repo, ana, "main", make(LfsOp("x/w.bin", sha), FileOp("x/t.txt", b"123"))).oid
    for _ in range(2):  # the second time the pointer is known
        entry = find_entry(any_storage, repo, tip, "x/w.bin")
        assert entry.size == 5000
        assert entry.lfs
        assert (entry.lfs.sha256, entry.lfs.size, entry.lfs.pointer_size) == (sha, 5000, 129)
    assert tree_size(any_storage, repo, tip, "x") == 5003
    assert tree_size(any_storage, repo, tip, "x/w.bin") == 5000
    raw = open_file(any_storage, repo, tip, "x/w.bin", raw=True)
    assert (raw.size, raw.etag, raw.lfs) == (129, entry.oid, None)
    assert (raw.data or b"").startswith(b"version https://git-lfs")
    facts = open_file(any_storage, repo, tip, "x/t.txt", facts_only=True)
    assert (facts.size, facts.data, facts.content_type) == (3, None, "text/plain; charset=utf-8")
    assert facts.etag == facts.entry.oid


def test_an_object_of_another_repository_is_not_given_out(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor, tmp_path: Path
) -> None:
    """A pointer can be pushed to a repository by old means; its object must have been uploaded here all the same."""
    sha = upload(storage, add_repo(storage, ana), ana, b"secret")
    run_git(tmp_path, "init", "-q", "work")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha}\nsize 6\n"
    (tmp_path / "work" / "w.bin").write_text(pointer)
    run_git(tmp_path / "work", "add", "-A")
    run_git(tmp_path / "work", "commit", "-qm", "steal")
    repo = import_refs(storage, add_repo(storage, ana), ana, tmp_path / "work")
    tip = resolve_revision(storage, repo, "main")
    with pytest.raises(EntryNotFound, match="not in this repository") as caught:
        open_file(storage, repo, tip, "w.bin")
    assert caught.value.commit == tip


def test_links_are_their_text_and_submodules_are_no_files(storage: RepoStorage, ana: Actor, tmp_path: Path) -> None:
    work = tmp_path / "work"
    run_git(tmp_path, "init", "-q", "work")
    (work / "link").symlink_to("/etc/passwd")
    (work / "dirlink").symlink_to("..")
    run_git(work, "add", "-A")
    run_git(work, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    run_git(work, "commit", "-qm", "odd")
    repo = import_refs(storage, add_repo(storage, ana), ana, work)
    tip = resolve_revision(storage, repo, "main")
    kinds = {entry.path: (entry.kind, entry.size) for entry in list_tree(storage, repo, tip).items}
    assert kinds == {"dirlink": ("link", 2), "link": ("link", 11), "module": ("submodule", 0)}
    assert open_file(storage, repo, tip, "link").data == b"/etc/passwd"
    for path in ("module", "dirlink/x", "link/x"):
        with pytest.raises(EntryNotFound):
            open_file(storage, repo, tip, path)
    assert tree_size(storage, repo, tip) == 13


def test_names_of_all_scripts_and_of_none(storage: RepoStorage, ana: Actor, tmp_path: Path) -> None:
    work = tmp_path / "work"
    run_git(tmp_path, "init", "-q", "work")
    for name in (b"\xff.txt", "日本/ñ é.txt".encode(), b"tab\there"):
        path = work.as_posix().encode() + b"/" + name
        Path(path.decode("utf-8", "surrogateescape")).parent.mkdir(exist_ok=True)
        Path(path.decode("utf-8", "surrogateescape")).write_bytes(b"1")
    run_git(work, "add", "-A")
    run_git(work, "commit", "-qm", "names")
    repo = import_refs(storage, add_repo(storage, ana), ana, work)
    tip = resolve_revision(storage, repo, "main")
    found = list_tree(storage, repo, tip, recursive=True, expand=True).items
    assert [entry.path for entry in found] == ["日本", "日本/ñ é.txt", "tab\there", "\ufffd.txt"]
    assert [bool(entry.last_commit) for entry in found] == [True, True, True, False]
    assert open_file(storage, repo, tip, "日本/ñ é.txt").data == b"1"
    with pytest.raises(EntryNotFound):
        open_file(storage, repo, tip, "\ufffd.txt")


def test_expanded_entries_carry_their_last_commit_also_when_remembered(any_storage: RepoStorage) -> None:
    ana = add_user(any_storage.db, "Ana")
    repo = add_repo(any_storage, ana)
    commit(any_storage, repo, ana, "main", make(FileOp("d/a", b"0"), FileOp("b", b"0"), summary="begin"))
    for number in range(70):  # longer than what is worth remembering
        commit(any_storage, repo, ana, "main", make(FileOp("b", b"%d" % number), summary=f"b {number}"))

    def titles(path: str = "") -> dict[str, str]:
        entries = list_tree(any_storage, repo, resolve_revision(any_storage, repo, "main"), path, expand=True).items
        return {entry.path: entry.last_commit.title for entry in entries if entry.last_commit}

    assert titles() == titles() == {"d": "begin", "b": "b 69"}
    commit(any_storage, repo, ana, "main", make(FileOp("d/c", b""), summary="c"))
    assert titles() == {"d": "c", "b": "b 69"}
    assert titles("d") == {"d/a": "begin", "d/c": "c"}
    commit(any_storage, repo, ana, "main", make(CopyOp("e", "d"), DeleteFile("b"), summary="e"))
    assert titles() == {"d": "c", "e": "e"}


def test_a_flat_folder_of_ten_thousand_lists_in_pages(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    commit(storage, repo_of_ana, ana, "main", make(*(FileOp(f"flat/{n:05}", b"x") for n in range(10_000))))
    tip = commit(storage, repo_of_ana, ana, "main", make(FileOp("flat/00007", b"new"), summary="seven")).oid
    found = every_page(storage, repo_of_ana, tip, "flat", recursive=False, limit=1000)
    assert [entry.path for entry in found] == [f"flat/{n:05}" for n in range(10_000)]
    page = list_tree(storage, repo_of_ana, tip, "flat", expand=True, limit=20)
    assert [entry.path for entry in page.items if entry.last_commit and entry.last_commit.title == "seven"] == [
        "flat/00007"
    ]
    assert tree_size(storage, repo_of_ana, tip, "flat") == 10_002
