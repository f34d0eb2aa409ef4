from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoco.core.ids import RepoType
from zoco.formats.git.attributes import Attributes, Ignore
from zoco.formats.git.default_attributes import default_gitattributes

LFS = "filter=lfs diff=lfs merge=lfs -text"


@pytest.mark.parametrize(
    ("rules", "path", "is_lfs"),
    [
        (f"*.bin {LFS}", "model.bin", True),
        (f"*.bin {LFS}", "deep/down/model.bin", True),
        (f"*.bin {LFS}", "model.bin.txt", False),
        (f"*.bin {LFS}\nsmall.bin -filter", "small.bin", False),
        (f"small.bin -filter\n*.bin {LFS}", "small.bin", True),
        (f"*.bin {LFS}\n*.bin !filter", "a.bin", False),
        (f"*.bin {LFS}\n*.bin text", "a.bin", True),
        (f"/top.bin {LFS}", "sub/top.bin", False),
        (f"saved_model/**/* {LFS}", "saved_model/a", True),
        (f"saved_model/**/* {LFS}", "saved_model/a/b/c", True),
        (f"saved_model/**/* {LFS}", "x/saved_model/a", False),
        (f"data/** {LFS}", "data/a/b", True),
        (f"data/ {LFS}", "data/a", False),
        (f"*tfevents* {LFS}", "runs/events.out.tfevents.12", True),
        (f'"with space.bin" {LFS}', "with space.bin", True),
        (f"[ab]*.bi[!x] {LFS}", "bcd.bin", True),
        (f"[attr]big {LFS}\n*.dat big", "a.dat", True),
        (f"# *.bin {LFS}", "a.bin", False),
        ("*.bin", "a.bin", False),
        (f"\\#odd {LFS}", "#odd", True),
    ],
)
def test_the_last_rule_that_speaks_of_the_filter_wins(rules: str, path: str, is_lfs: bool) -> None:
    assert Attributes(rules).is_lfs(path) is is_lfs


@pytest.mark.parametrize("type", list(RepoType))
def test_weights_go_by_lfs_in_a_new_repository_and_texts_do_not(type: RepoType) -> None:
    attributes = Attributes(default_gitattributes(type))
    for name in "model.safetensors pytorch_model.bin a/b.joblib saved_model/x/y events.tfevents.1 w.gguf".split():
        assert attributes.is_lfs(name)
    for name in ("README.md", "config.json", ".gitattributes", "train.csv"):
        assert not attributes.is_lfs(name)
    assert attributes.is_lfs("cat.jpg") is (type is RepoType.DATASET)


def test_a_hostile_pattern_takes_linear_time() -> None:
    """Translated naively to a regex this pattern never returns."""
    attributes = Attributes("a*" * 500 + f"b {LFS}\n" + "**/" * 300 + f"z {LFS}")
    assert not attributes.is_lfs("a" * 4000)
    assert not attributes.is_lfs("/".join("a" * 200))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ignore")
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


_NAMES = st.sampled_from(["a", "b", "ab", "a.b", "c"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=4).map("/".join)
_GLOBS = st.lists(st.sampled_from("a b * ** ? *.b [ab] a* [!a]".split()), min_size=1, max_size=4).map("/".join)
_WORDS = st.sampled_from([LFS, "-filter", "!filter", "text"])
_RULES = st.lists(
    st.tuples(st.sampled_from(["", "/", "!"]), _GLOBS, st.sampled_from(["", "/"])).map("".join), min_size=1, max_size=4
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=_RULES, paths=st.lists(_PATHS, min_size=1, max_size=20, unique=True))
def test_ignore_agrees_with_git(bare: Path, rules: list[str], paths: list[str]) -> None:
    (bare / ".gitignore").write_text("\n".join(rules) + "\n")
    said = subprocess.run(
        ["git", "-C", bare, "check-ignore", "--no-index", "--stdin"],
        input="\n".join(paths),
        text=True,
        capture_output=True,
    )
    ignore = Ignore("\n".join(rules))
    assert {path for path in paths if ignore.matches(path)} == set(said.stdout.splitlines()), rules


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rules=st.lists(st.tuples(_GLOBS, _WORDS).map(" ".join), min_size=1, max_size=4),
    paths=st.lists(_PATHS, min_size=1, max_size=20, unique=True),
)
def test_attributes_agree_with_git(bare: Path, rules: list[str], paths: list[str]) -> None:
    (bare / ".gitattributes").write_text("\n".join(rules) + "\n")
    said = subprocess.run(
        ["git", "-C", bare, "check-attr", "--stdin", "filter"],
        input="\n".join(paths),
        text=True,
        capture_output=True,
        check=True,
    )
    by_git = {line.split(": ")[0] for line in said.stdout.splitlines() if line.endswith(": lfs")}
    attributes = Attributes("\n".join(rules))
    assert {path for path in paths if attributes.is_lfs(path)} == by_git, rules
