"""Trees that only git plumbing makes: a few objects that stand for billions of paths, and folders thousands deep."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.hub.repos.conftest import add_repo, import_refs, run_git

from zoco.adapters.git import diff as diff_walk
from zoco.core.access import Actor
from zoco.core.errors import Unprocessable
from zoco.core.repos import WritableRepo
from zoco.hub.repos.diff import FILES_COUNTED_MAX, commit_diff, unified_text
from zoco.hub.repos.lfs_files import list_lfs_files
from zoco.hub.repos.read import find_entry, list_tree, open_file, tree_size
from zoco.hub.repos.revisions import resolve_revision
from zoco.hub.repos.storage import RepoStorage

LEVELS, WIDTH, DEEP = 12, 10, 3000


def repo_with(storage: RepoStorage, ana: Actor, work: Path, tree: str) -> WritableRepo:
    oid = run_git(work, "commit-tree", "-m", "odd", tree).strip()
    run_git(work, "update-ref", "refs/heads/main", oid)
    return import_refs(storage, add_repo(storage, ana), ana, work)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    run_git(tmp_path, "init", "-q", "work")
    return tmp_path / "work"


def many_times(work: Path, leaf: str, kind: str) -> str:
    """A tree of trees of trees…, each holding the one below WIDTH times."""
    mode, at = ("100644", leaf) if kind == "blob" else ("040000", leaf)
    for _ in range(LEVELS):
        lines = "".join(f"{mode} {kind} {at}\tn{number}\n" for number in range(WIDTH))
        at = run_git(work, "mktree", stdin=lines.encode()).strip()
        mode, kind = "040000", "tree"
    return at


def test_a_tree_of_a_trillion_files_is_measured_listed_and_compared_in_bounds(
    storage: RepoStorage, ana: Actor, work: Path
) -> None:
    blob = run_git(work, "hash-object", "-w", "--stdin", stdin=b"12345").strip()
    repo = repo_with(storage, ana, work, many_times(work, blob, "blob"))
    tip = resolve_revision(storage, repo, "main")
    assert tree_size(storage, repo, tip) == 5 * WIDTH**LEVELS
    page = list_tree(storage, repo, tip, recursive=True, expand=True, limit=50)
    assert len(page.items) == 50
    assert len(list_tree(storage, repo, tip, recursive=True, cursor=page.next_cursor).items) == 1000
    assert commit_diff(storage, repo, tip).files_total == FILES_COUNTED_MAX
    with pytest.raises(Unprocessable, match="clone"):
        next(unified_text(storage, repo, None, tip))
    assert list_lfs_files(storage, repo).items == ()


def test_folders_that_hold_no_file_at_all_end_too(
    storage: RepoStorage, ana: Actor, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diff_walk, "STEPS_MAX", 10_000)
    empty = run_git(work, "mktree", stdin=b"").strip()
    repo = repo_with(storage, ana, work, many_times(work, empty, "tree"))
    tip = resolve_revision(storage, repo, "main")
    assert tree_size(storage, repo, tip) == 0
    with pytest.raises(Unprocessable, match="clone"):
        commit_diff(storage, repo, tip)


def test_a_path_thousands_of_folders_deep_is_reached(storage: RepoStorage, ana: Actor, work: Path) -> None:
    path = "/".join(["d"] * DEEP) + "/file"
    script = f"commit refs/heads/main\ncommitter Z <z@e> 1700000000 +0000\ndata 1\nx\nM 644 inline {path}\ndata 1\n1\n"
    run_git(work, "fast-import", "--quiet", stdin=script.encode())
    repo = import_refs(storage, add_repo(storage, ana), ana, work)
    tip = resolve_revision(storage, repo, "main")
    assert open_file(storage, repo, tip, path).data == b"1"
    assert find_entry(storage, repo, tip, path, expand=True).last_commit
    assert tree_size(storage, repo, tip) == 1
    assert [file.path for file in commit_diff(storage, repo, tip).files] == [path]
    found, cursor = 0, None
    while True:
        page = list_tree(storage, repo, tip, recursive=True, cursor=cursor)
        found += len(page.items)
        if (cursor := page.next_cursor) is None:
            break
    assert found == DEEP + 1
