from __future__ import annotations

import pytest
from tests.unit.hub.repos.conftest import add_repo, add_user, git_in
from tests.unit.hub.repos.test_commit import files_of, make

from zoco.core.access import Actor
from zoco.core.errors import AlreadyExists, Conflict, Denied, Invalid, RevisionNotFound
from zoco.core.repos import WritableRepo
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import FileOp
from zoco.hub.repos.history import get_commit
from zoco.hub.repos.read import list_tree
from zoco.hub.repos.refs import create_branch, create_tag, delete_branch, delete_tag, list_refs
from zoco.hub.repos.revisions import resolve_revision
from zoco.hub.repos.storage import RepoStorage


def test_a_revision_is_a_branch_a_tag_a_ref_or_an_id(any_storage: RepoStorage) -> None:
    ana = add_user(any_storage.db, "Ana")
    repo = add_repo(any_storage, ana)
    first = commit(any_storage, repo, ana, "main", make(FileOp("a", b"1"))).oid
    second = commit(any_storage, repo, ana, "main", make(FileOp("a", b"2"))).oid
    create_branch(any_storage, repo, ana, "feature/ñ", starting_point=first)
    create_tag(any_storage, repo, ana, "v1", revision=first)
    create_tag(any_storage, repo, ana, "v2", revision="main", message="two")
    for revision, commit_ in [
        ("main", second),
        ("refs/heads/main", second),
        ("HEAD", second),
        ("feature/ñ", first),
        ("v1", first),
        ("refs/tags/v1", first),
        ("v2", second),
        (first, first),
        (first.upper(), first),
        (first[:7], first),
        (second[:12], second),
        (git_in(any_storage, repo, ana)("rev-parse", "v2").strip(), second),
    ]:
        assert resolve_revision(any_storage, repo, revision) == commit_, revision


def test_a_branch_comes_before_a_tag_of_its_name_and_a_full_name_before_both(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    first = resolve_revision(storage, repo_of_ana, "main")
    create_tag(storage, repo_of_ana, ana, "x", revision="main")
    second = commit(storage, repo_of_ana, ana, "main", make(FileOp("a.txt", b""))).oid
    create_branch(storage, repo_of_ana, ana, "x")
    assert resolve_revision(storage, repo_of_ana, "x") == second
    assert resolve_revision(storage, repo_of_ana, "refs/tags/x") == first


def test_what_means_nothing_is_not_found(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    tip = resolve_revision(storage, repo_of_ana, "main")
    tree = git_in(storage, repo_of_ana, ana)("rev-parse", "main^{tree}").strip()
    other = add_repo(storage, ana)
    elsewhere = commit(storage, other, ana, "main", make(FileOp("x", b"another repository"))).oid
    for revision in [
        "", "nope", "Main", "0" * 40, "abcdef0", tip[:6], tree, tree[:10], elsewhere, elsewhere[:8], "main~1", "main^",
        "@", "head", "HEAD~1", "refs/heads", "../main", "ma\0in", "a" * 5000, "\ud800", f"{tip}0", "main:README.md",
    ]:  # fmt: skip
        with pytest.raises(RevisionNotFound):
            resolve_revision(storage, repo_of_ana, revision)
    with pytest.raises(RevisionNotFound):
        resolve_revision(storage, add_repo(storage, ana), "main")


def test_a_commit_that_landed_after_the_repository_was_opened_is_found_and_read(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    """Between opening and reading, another node may move the branch."""
    list_tree(storage, repo_of_ana, resolve_revision(storage, repo_of_ana, "main"))
    commit(storage, repo_of_ana, ana, "main", make(FileOp("late", b"")))
    storage.cache.drop(repo_of_ana.key)
    tip = resolve_revision(storage, repo_of_ana, "main")
    assert "late" in [entry.path for entry in list_tree(storage, repo_of_ana, tip).items]
    assert resolve_revision(storage, repo_of_ana, tip[:9]) == tip


def test_refs_are_listed_by_kind_with_their_commits(any_storage: RepoStorage) -> None:
    ana = add_user(any_storage.db, "Ana")
    repo = add_repo(any_storage, ana)
    tip = commit(any_storage, repo, ana, "main", make(FileOp("a", b"1"))).oid
    create_branch(any_storage, repo, ana, "alpha")
    create_tag(any_storage, repo, ana, "v1", revision="main", message="annotated")
    refs = list_refs(any_storage, repo)
    assert [(branch.name, branch.ref) for branch in refs.branches] == [
        ("main", "refs/heads/main"),
        ("alpha", "refs/heads/alpha"),
    ]
    assert [(tag.name, tag.ref, tag.target) for tag in refs.tags] == [("v1", "refs/tags/v1", tip)]
    assert (refs.converts, refs.pulls) == ((), ())


def test_branches_come_and_go(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    first = resolve_revision(storage, repo_of_ana, "main")
    second = commit(storage, repo_of_ana, ana, "main", make(FileOp("b", b""))).oid
    assert create_branch(storage, repo_of_ana, ana, "x", starting_point=first[:8]) == first
    with pytest.raises(AlreadyExists, match=r"^Reference refs/heads/x already exists$"):
        create_branch(storage, repo_of_ana, ana, "x")
    assert create_branch(storage, repo_of_ana, ana, "x", overwrite=True) == second
    assert create_branch(storage, repo_of_ana, ana, "x", overwrite=True) == second
    delete_branch(storage, repo_of_ana, ana, "x")
    with pytest.raises(RevisionNotFound, match="Invalid rev id"):
        delete_branch(storage, repo_of_ana, ana, "x")
    with pytest.raises(Denied, match="Cannot delete refs/heads/main"):
        delete_branch(storage, repo_of_ana, ana, "main")
    with pytest.raises(RevisionNotFound):
        create_branch(storage, repo_of_ana, ana, "y", starting_point="nowhere")


def test_an_empty_branch_begins_a_history_of_its_own(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor
) -> None:
    tip = create_branch(storage, repo_of_ana, ana, "clean", empty=True)
    assert get_commit(storage, repo_of_ana, tip).parents == ()
    assert files_of(storage, repo_of_ana, "clean") == {}
    commit(storage, repo_of_ana, ana, "clean", make(FileOp("x", b"1")))
    assert files_of(storage, repo_of_ana, "clean") == {"x": b"1"}
    assert git_in(storage, repo_of_ana, ana)("fsck", "--strict", "--no-dangling") == ""


def test_a_branch_cannot_lie_below_another(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    with pytest.raises(Conflict):
        create_branch(storage, repo_of_ana, ana, "main/sub")
    create_branch(storage, repo_of_ana, ana, "team/one")
    with pytest.raises(Conflict):
        create_branch(storage, repo_of_ana, ana, "team")


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "a..b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "a.lock", "/a", "a/", "a//b", ".a", "a/.b",
     "a.", "a@{b", "\x7f", "a\nb", "HEAD", "-a", "refs/heads/x", "refs/pr/1", "n" * 1100, "\ud800"],
)  # fmt: skip
def test_names_that_git_forbids_are_refused(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor, name: str
) -> None:
    with pytest.raises(Invalid, match=r"^Invalid reference for a branch"):
        create_branch(storage, repo_of_ana, ana, name)
    for delete in (delete_branch, delete_tag):
        with pytest.raises(RevisionNotFound):
            delete(storage, repo_of_ana, ana, name)
    if name not in ("HEAD", "-a"):  # as git: only branches must not be called so
        with pytest.raises(Invalid, match=r"^Invalid reference for a tag"):
            create_tag(storage, repo_of_ana, ana, name, revision="main")


def test_tags_are_light_or_annotated(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    tip = resolve_revision(storage, repo_of_ana, "main")
    assert create_tag(storage, repo_of_ana, ana, "light", revision="main") == tip
    assert create_tag(storage, repo_of_ana, ana, "heavy", revision="main", message="why\n\nbecause") == tip
    git = git_in(storage, repo_of_ana, ana)
    assert git("cat-file", "-t", "light").strip() == "commit"
    assert git("cat-file", "-t", "heavy").strip() == "tag"
    assert git("for-each-ref", "--format=%(contents:subject) by %(taggername)", "refs/tags/heavy") == "why by Ana\n"
    with pytest.raises(AlreadyExists, match=r"^Reference refs/tags/light already exists$"):
        create_tag(storage, repo_of_ana, ana, "light", revision="main")
    with pytest.raises(RevisionNotFound):
        create_tag(storage, repo_of_ana, ana, "other", revision="nowhere")
    delete_tag(storage, repo_of_ana, ana, "light")
    with pytest.raises(RevisionNotFound):
        delete_tag(storage, repo_of_ana, ana, "light")
    with pytest.raises(RevisionNotFound):
        delete_tag(storage, repo_of_ana, ana, "main")
    assert git_in(storage, repo_of_ana, ana)("fsck", "--strict", "--no-dangling") == ""
