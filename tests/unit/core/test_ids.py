"""Names that may be taken, and names that may not."""

from __future__ import annotations

import pytest

from zoco.core.ids import problem_with_namespace, problem_with_repo_name


@pytest.mark.parametrize("name", ["iris", "_iris", "gpt-2.5_x", "1", "a" * 96, "Iris.GIThub"])
def test_good_names(name: str) -> None:
    assert problem_with_repo_name(name) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "needed"),
        ("a" * 97, "96"),
        ("año", "letters"),
        ("a/b", "letters"),
        ("a\n", "letters"),
        ("a--b", "--"),
        ("a..b", ".."),
        ("-a", "begin"),
        ("a.", "end"),
        (".git", "begin"),
        ("x.GIT", ".git"),
        ("x.ipynb", "ipynb"),
        ("Resolve", "reserved"),
    ],
)
def test_bad_names_say_why(name: str, why: str) -> None:
    assert why in (problem_with_repo_name(name) or "")


@pytest.mark.parametrize("name", ["api", "Models", "healthz", "new-space", "robots.txt"])
def test_the_hubs_own_words_are_nobodys_name(name: str) -> None:
    assert "reserved" in (problem_with_namespace(name) or "")
