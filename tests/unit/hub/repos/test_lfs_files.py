from __future__ import annotations

import pytest
from tests.unit.hub.repos.conftest import add_repo, git_in
from tests.unit.hub.repos.test_commit import files_of, make, upload

from zoco.core.access import Actor
from zoco.core.errors import EntryNotFound, NotFound
from zoco.core.ids import Sha256
from zoco.core.repos import AdminRepo, WritableRepo
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import DeleteFile, FileOp, LfsOp
from zoco.hub.repos.history import list_commits
from zoco.hub.repos.lfs_files import delete_lfs_files, list_lfs_files
from zoco.hub.repos.open import open_for_admin
from zoco.hub.repos.read import open_file
from zoco.hub.repos.refs import create_branch, create_tag
from zoco.hub.repos.revisions import resolve_revision
from zoco.hub.repos.storage import RepoStorage


@pytest.fixture
def shas(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> dict[str, Sha256]:
    """`now` stands on main, `old` only in its history, `branch` on a branch, `loose` nowhere."""
    found = {name: upload(storage, repo_of_ana, ana, name.encode()) for name in ("now", "old", "branch", "loose")}
    commit(storage, repo_of_ana, ana, "main", make(LfsOp("old.bin", found["old"]), LfsOp("x/now.bin", found["now"])))
    commit(storage, repo_of_ana, ana, "main", make(DeleteFile("old.bin")))
    create_tag(storage, repo_of_ana, ana, "v1", revision="main", message="first")
    create_branch(storage, repo_of_ana, ana, "work")
    commit(storage, repo_of_ana, ana, "work", make(LfsOp("branch.bin", found["branch"])))
    return found


@pytest.fixture
def mine(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> AdminRepo:
    return open_for_admin(storage, repo_of_ana.id, ana)


def test_every_object_is_listed_once_with_a_place_where_it_stands_or_stood(
    storage: RepoStorage, mine: AdminRepo, shas: dict[str, Sha256]
) -> None:
    files = []
    cursor = None
    while True:
        page = list_lfs_files(storage, mine, cursor=cursor, limit=1)
        files += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert {(file.sha256, file.path) for file in files} == {
        (shas["now"], "x/now.bin"),
        (shas["old"], "old.bin"),
        (shas["branch"], "branch.bin"),
        (shas["loose"], shas["loose"]),
    }
    assert all(file.pusher and file.pusher.name == "Ana" for file in files)
    assert {file.ref for file in files if file.path == "branch.bin"} == {"refs/heads/work"}


def test_deleting_with_history_takes_the_file_out_of_every_commit_of_every_ref(
    storage: RepoStorage, mine: AdminRepo, shas: dict[str, Sha256], ana: Actor
) -> None:
    before = [info.title for info in list_commits(storage, mine, resolve_revision(storage, mine, "main")).items]
    delete_lfs_files(storage, mine, ana, [shas["old"], shas["now"]], rewrite_history=True)
    git = git_in(storage, mine, ana)
    assert "oid sha256:" not in "".join(
        git("cat-file", "-p", f"{line.split()[0]}:{path}")
        for line in git("for-each-ref", "--format=%(objectname)", "refs/heads/main", "refs/tags").splitlines()
        for path in git("ls-tree", "-r", "--name-only", line.split()[0]).splitlines()
    )
    names = git("log", "--format=", "--name-only", "--all").split()
    assert "old.bin" not in names
    assert "branch.bin" in names
    assert git("cat-file", "-t", "v1").strip() == "tag"
    assert git("fsck", "--strict", "--no-dangling") == ""
    after = [info.title for info in list_commits(storage, mine, resolve_revision(storage, mine, "main")).items]
    assert after == before
    assert {file.sha256 for file in list_lfs_files(storage, mine).items} == {shas["branch"], shas["loose"]}


def test_deleting_without_history_leaves_the_pointer_and_says_what_is_missing(
    storage: RepoStorage, mine: AdminRepo, shas: dict[str, Sha256], ana: Actor
) -> None:
    tip = resolve_revision(storage, mine, "main")
    delete_lfs_files(storage, mine, ana, [shas["now"]], rewrite_history=False)
    assert resolve_revision(storage, mine, "main") == tip
    assert b"oid sha256:" in files_of(storage, mine)["x/now.bin"]
    with pytest.raises(EntryNotFound, match="deleted"):
        open_file(storage, mine, tip, "x/now.bin")


def test_what_is_not_here_cannot_be_deleted(
    storage: RepoStorage, mine: AdminRepo, shas: dict[str, Sha256], ana: Actor
) -> None:
    other = open_for_admin(storage, add_repo(storage, ana).id, ana)
    commit(storage, other, ana, "main", make(FileOp("x", b"")))
    with pytest.raises(NotFound):
        delete_lfs_files(storage, other, ana, [shas["now"]], rewrite_history=True)
    assert shas["now"] in {file.sha256 for file in list_lfs_files(storage, mine).items}


def test_an_empty_repository_lists_nothing(storage: RepoStorage, ana: Actor) -> None:
    assert list_lfs_files(storage, add_repo(storage, ana)).items == ()
