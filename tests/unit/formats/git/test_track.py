from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoco.formats.git.attributes import Attributes
from zoco.formats.git.paths import problem_with_path
from zoco.formats.git.track import GROUPED_FROM, tracked

RULE = "filter=lfs diff=lfs merge=lfs -text"


def test_what_has_a_rule_needs_none() -> None:
    assert tracked(f"*.bin {RULE}\n", ["a.bin", "x/b.bin"]) is None
    assert tracked("", []) is None


def test_each_file_without_a_rule_gets_one_after_those_there() -> None:
    assert tracked("*.bin -text", ["x/a.bin", "b c"]) == f"*.bin -text\n/x/a.bin {RULE}\n/b[[:space:]]c {RULE}\n"


def test_many_files_of_a_folder_and_ending_share_a_rule() -> None:
    many = [f"img/{number}.png" for number in range(GROUPED_FROM)]
    assert tracked("", [*many, "other/1.png"]) == f"/img/*.png {RULE}\n/other/1.png {RULE}\n"


def test_a_rule_that_is_there_already_is_not_written_again() -> None:
    """Too long a file, or a later rule, may keep it from being heard: adding it once more would not help."""
    text = f"/a {RULE}\n/a -filter\n"
    assert tracked(text, ["a"]) is None


@pytest.mark.parametrize("path", ["#a", "!a", '"a"', "a b", "a*b", "[x]", "q?", "x/#y", "-a", "ñ/日本", "a.b.c", ".x"])
def test_git_itself_understands_the_rule(tmp_path: Path, path: str) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    (tmp_path / ".gitattributes").write_text(tracked("", [path]) or "", encoding="utf-8")
    words = [
        "git",
        "-c",
        "core.quotePath=false",
        "check-attr",
        "-z",
        "filter",
        "--",
        path,
        f"{path}x",
        f"deeper/{path}",
    ]
    said = subprocess.run(words, cwd=tmp_path, check=True, capture_output=True).stdout.decode().split("\0")
    assert said[2::3] == ["lfs", "unspecified", "unspecified"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12), max_size=8))
def test_every_good_path_has_a_rule_afterwards(paths: list[str]) -> None:
    good = [path for path in paths if problem_with_path(path) is None]
    text = tracked("", good) or ""
    rules = Attributes(text)
    assert all(rules.is_lfs(path) for path in good)
    assert tracked(text, good) is None
