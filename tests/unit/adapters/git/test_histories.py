"""Walks over history, against `git log` on random histories with merges, renames, deletions and equal dates."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pygit2
import pytest

from zoco.adapters.git.history import ID_BYTES, all_commits, commits_of_path
from zoco.adapters.git.last_commits import NAMES_LOOKED_UP, last_commits
from zoco.core.ids import Oid

FOLDERS = ["", "d/", "d/e/", "ñ/"]
ENV = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1"}


def git(bare: Path, *words: str, stdin: str | None = None) -> str:
    done = subprocess.run(
        ["git", "-c", "core.quotePath=false", *words],
        cwd=bare,
        input=stdin.encode() if stdin is not None else None,
        capture_output=True,
        check=True,
        env=ENV,
    )
    return done.stdout.decode()


def random_history(bare: Path, seed: int, commits: int, names: int) -> None:
    """By fast-import, with up to three parents for a commit. A merge takes each file from one of its parents."""
    chance = random.Random(seed)
    out: list[str] = []
    trees: list[dict[str, str]] = []
    for mark in range(1, commits + 1):
        parents = []
        if mark > 1:
            parents = [mark - 1] if chance.random() < 0.6 else [chance.randrange(max(1, mark - 6), mark)]
            if chance.random() < 0.35:
                parents += chance.sample(range(max(1, mark - 8), mark), k=min(chance.choice([1, 1, 2]), mark - 1))
            parents = list(dict.fromkeys(parents))
        tree = dict(trees[parents[0] - 1]) if parents else {}
        for parent in parents[1:]:
            tree |= {path: text for path, text in trees[parent - 1].items() if chance.random() < 0.5}
        for _ in range(chance.choice([0, 1, 1, 2])):
            path = chance.choice(FOLDERS) + f"f{chance.randrange(names)}"
            if path in tree and chance.random() < 0.2:
                del tree[path]
            else:
                tree[path] = str(chance.randrange(3))  # the same text comes back: so do the same trees
        trees.append(tree)
        when = 1_700_000_000 + mark // 2  # equal dates
        out.append(f"commit refs/heads/main\nmark :{mark}\ncommitter Zoe <z@example.org> {when} +0000\ndata 1\nx\n")
        if parents:
            out.append(f"from :{parents[0]}\n" + "".join(f"merge :{parent}\n" for parent in parents[1:]))
        out.append("deleteall\n")
        out += [f"M 644 inline {path}\ndata {len(text)}\n{text}\n" for path, text in tree.items()]
    git(bare, "init", "-q", "--bare", ".")
    git(bare, "fast-import", "--quiet", "--force", stdin="".join(out))


def tip_of(bare: Path) -> Oid:
    return Oid(git(bare, "rev-parse", "main").strip())


def entries_of(bare: Path, folder: str) -> list[bytes]:
    listed = git(bare, "ls-tree", "--name-only", "main", *([f"{folder}/"] if folder else []))
    return [line.rpartition("/")[2].encode() for line in listed.splitlines()]


def oids(raw: bytes) -> list[str]:
    return [raw[at : at + ID_BYTES].hex() for at in range(0, len(raw), ID_BYTES)]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("names", [4, 4 * NAMES_LOOKED_UP])
def test_last_commits_are_those_of_git_log(tmp_path: Path, seed: int, names: int) -> None:
    random_history(tmp_path, seed, commits=40, names=names)
    wanted = {folder: entries_of(tmp_path, folder) for folder in ("", "d", "d/e", "ñ") if entries_of(tmp_path, folder)}
    walked = last_commits(pygit2.Repository(str(tmp_path)), tip_of(tmp_path), wanted)
    for folder, entries in wanted.items():
        for name in entries:
            path = f"{folder}/{name.decode()}" if folder else name.decode()
            assert walked.found[folder][name] == git(tmp_path, "log", "-1", "--format=%H", "main", "--", path).strip()


@pytest.mark.parametrize("seed", range(6))
def test_what_was_known_at_an_older_commit_gives_the_same_answer_sooner(tmp_path: Path, seed: int) -> None:
    random_history(tmp_path, seed, commits=60, names=6)
    repository, tip = pygit2.Repository(str(tmp_path)), tip_of(tmp_path)
    wanted = {"": entries_of(tmp_path, "")}
    fresh = last_commits(repository, tip, wanted)
    known = {}
    for older in git(tmp_path, "rev-list", "--max-count=3", "--skip=2", "main").split():
        listed = git(tmp_path, "ls-tree", "--name-only", older).splitlines()
        there = {"": [name.encode() for name in listed]}
        known[Oid(older)] = last_commits(repository, Oid(older), there).found
    again = last_commits(repository, tip, wanted, known)
    assert again.found == fresh.found
    assert again.steps <= fresh.steps


def test_a_bounded_walk_leaves_out_what_is_older(tmp_path: Path) -> None:
    random_history(tmp_path, 3, commits=60, names=6)
    wanted = {"": entries_of(tmp_path, "")}
    repository, tip = pygit2.Repository(str(tmp_path)), tip_of(tmp_path)
    fresh, cut = last_commits(repository, tip, wanted), last_commits(repository, tip, wanted, steps_max=2)
    assert cut.steps == 2
    assert set(cut.found[""].items()) < set(fresh.found[""].items())


@pytest.mark.parametrize("seed", range(8))
def test_histories_of_paths_are_those_of_git_log(tmp_path: Path, seed: int) -> None:
    """As sets: commits of the same second may come in either order."""
    random_history(tmp_path, seed, commits=50, names=4)
    repository, tip = pygit2.Repository(str(tmp_path)), tip_of(tmp_path)
    assert set(oids(all_commits(repository, tip))) == set(git(tmp_path, "rev-list", "main").split())
    for path in ["d", "d/e", "f0", "f1", "d/f2", "d/e/f3", "ñ/f0", "never"]:
        mine = oids(commits_of_path(repository, tip, path))
        assert sorted(mine) == sorted(git(tmp_path, "log", "--format=%H", "main", "--", path).split())


def test_a_linear_history_comes_newest_first(tmp_path: Path) -> None:
    commits = "".join(
        f"commit refs/heads/main\ncommitter Z <z@e> {1_700_000_000 + n} +0000\ndata 1\nx\n"
        f"M 644 inline f{n % 3}\ndata 2\n{n:02}\n"
        for n in range(30)
    )
    git(tmp_path, "init", "-q", "--bare", ".")
    git(tmp_path, "fast-import", "--quiet", stdin=commits)
    repository, tip = pygit2.Repository(str(tmp_path)), tip_of(tmp_path)
    assert oids(all_commits(repository, tip)) == git(tmp_path, "rev-list", "main").split()
    assert oids(commits_of_path(repository, tip, "f1")) == git(tmp_path, "rev-list", "main", "--", "f1").split()


def test_names_that_are_no_utf8_are_walked_byte_for_byte(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", ".")
    script = (
        b"commit refs/heads/main\ncommitter Z <z@e> 1700000000 +0000\ndata 1\nx\n"
        b'M 644 inline "\\377"\ndata 1\n1\nM 644 inline a\ndata 1\n1\n'
        b"commit refs/heads/main\ncommitter Z <z@e> 1700000001 +0000\ndata 1\nx\nM 644 inline a\ndata 1\n2\n"
    )
    subprocess.run(["git", "fast-import", "--quiet"], cwd=tmp_path, input=script, check=True, env=ENV)
    first, tip = (git(tmp_path, "rev-parse", name).strip() for name in ("main~1", "main"))
    walked = last_commits(pygit2.Repository(str(tmp_path)), Oid(tip), {"": [b"\xff", b"a"]})
    assert walked.found[""] == {b"\xff": first, b"a": tip}
