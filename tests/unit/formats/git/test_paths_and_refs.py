from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoco.formats.git.paths import problem_with_path
from zoco.formats.git.refs import problem_with_ref


@pytest.mark.parametrize(
    "path",
    ["a", "a/b.txt", ".gitignore", ".gitattributes", "dir/.github/x", "é/日本.txt", "a b", "x" * 255, "git~x", "..."],
)
def test_ordinary_paths_are_fine(path: str) -> None:
    assert problem_with_path(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\\b", "a\0b", "a\nb", "a\x7f", "a\t",
        ".git", ".git/config", "x/.GIT/y", ".git ", ".git.", ".git . .", "git~1", "GIT~1/x", ".g\u200cit", "\ufeff.git",
        ".git::$INDEX_ALLOCATION", ".git:x", "x" * 256, "é" * 128, "a/" * 2048 + "a", "a/" * 200 + "a", "\ud800",
    ],
)  # fmt: skip
def test_paths_that_harm_a_checkout_are_refused_in_words(path: str) -> None:
    problem = problem_with_path(path)
    assert problem
    assert problem.isascii()
    assert problem.isprintable()
    assert len(problem) < 1000


@pytest.mark.parametrize(
    "name", ["refs/heads/main", "refs/heads/a/b", "refs/tags/v1.0", "refs/heads/é", "refs/pr/1", "refs/heads/@"]
)
def test_ordinary_refs_are_fine(name: str) -> None:
    assert problem_with_ref(name) is None


@pytest.mark.parametrize(
    "name",
    ["", "main", "refs/heads", "refs/heads/-x", "refs/heads/HEAD", "refs/heads/" + "x" * 1020, "refs/heads/\ud800"],
)
def test_refs_that_git_or_its_users_choke_on_are_refused(name: str) -> None:
    assert problem_with_ref(name)


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.sampled_from("ab/.@{}~^:?*[\\- \t\x7f\x01"), min_size=1, max_size=8)
    | st.sampled_from(["a.lock", "a.lock/b", "a..b", "@{", "x."])
)
def test_the_ref_rules_are_those_of_git(tail: str) -> None:
    name = f"refs/tags/{tail}"
    by_git = subprocess.run(["git", "check-ref-format", name], check=False).returncode == 0
    assert (problem_with_ref(name) is None) is by_git, name
