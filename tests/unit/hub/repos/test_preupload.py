from __future__ import annotations

import pytest
from tests.unit.hub.repos.conftest import LIMITS, add_repo
from tests.unit.hub.repos.test_commit import make, upload

from zoco.core.access import Actor
from zoco.core.errors import RevisionNotFound, TooLarge, Unprocessable
from zoco.core.repos import WritableRepo
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import FileOp, LfsOp
from zoco.hub.repos.preupload import FILES_MAX, FileProbe, Mode, is_binary, preupload
from zoco.hub.repos.read import find_entry
from zoco.hub.repos.storage import RepoStorage

RULES = b"*.bin filter=lfs diff=lfs merge=lfs -text\n/data/** filter=lfs\n/data/*.txt -filter\n"


def modes(storage: RepoStorage, repo: WritableRepo, *probes: FileProbe, **asked: str) -> dict[str, Mode]:
    return {answer.path: answer.mode for answer in preupload(storage, repo, "main", probes, **asked).files}


def test_rules_size_and_content_decide(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    commit(storage, repo_of_ana, ana, "main", make(FileOp(".gitattributes", RULES)))
    large = LIMITS.regular_file_size_max_bytes + 1
    found = modes(
        storage,
        repo_of_ana,
        FileProbe("x/w.bin", 5, b"text"),
        FileProbe("data/a.csv", 5, b"text"),
        FileProbe("data/a.txt", 5, b"text"),
        FileProbe("a.txt", 5, b"text"),
        FileProbe("large.txt", large, b"text"),
        FileProbe("pic", 5, b"\x89PNG\0"),
        FileProbe("empty.bin", 0),
        FileProbe("cut", 600, "añ".encode()[:-1]),
    )
    assert [path for path, mode in found.items() if mode is Mode.LFS] == ["x/w.bin", "data/a.csv", "large.txt", "pic"]
    assert modes(storage, repo_of_ana, FileProbe("w.bin", 5), git_attributes="*.txt filter=lfs") == {
        "w.bin": Mode.REGULAR
    }


def test_it_says_what_stands_there_now(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    sha = upload(storage, repo_of_ana, ana, b"data")
    tip = commit(storage, repo_of_ana, ana, "main", make(LfsOp("w.bin", sha))).oid
    answer = preupload(
        storage, repo_of_ana, "main", [FileProbe(path, 1) for path in ("README.md", "w.bin", "new", "a")]
    )
    readme = find_entry(storage, repo_of_ana, tip, "README.md").oid
    assert {file.path: file.oid for file in answer.files} == {"README.md": readme, "w.bin": sha, "new": None, "a": None}
    assert answer.commit == tip


def test_ignored_files_are_told(storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor) -> None:
    commit(storage, repo_of_ana, ana, "main", make(FileOp(".gitignore", b"*.log\nbuild/\n!keep.log\n")))
    probes = [FileProbe(path, 1) for path in ("x.log", "keep.log", "build/a/b", "a.txt")]

    def ignored(**asked: str) -> list[str]:
        return [f.path for f in preupload(storage, repo_of_ana, "main", probes, **asked).files if f.should_ignore]

    assert ignored() == ["x.log", "build/a/b"]
    assert ignored(git_ignore="*.txt") == ["a.txt"]


def test_an_empty_repository_answers_for_its_default_branch(storage: RepoStorage, ana: Actor) -> None:
    repo = add_repo(storage, ana)
    answer = preupload(storage, repo, "main", [FileProbe("a.txt", 1)])
    assert (answer.commit, answer.files[0].mode) == (None, Mode.REGULAR)
    with pytest.raises(RevisionNotFound):
        preupload(storage, repo, "other", [FileProbe("a.txt", 1)])


def test_bad_paths_and_too_many_are_refused(storage: RepoStorage, repo_of_ana: WritableRepo) -> None:
    for path in ("../x", "a\\b", ".git/config", ""):
        with pytest.raises(Unprocessable):
            preupload(storage, repo_of_ana, "main", [FileProbe(path, 1)])
    with pytest.raises(TooLarge):
        preupload(storage, repo_of_ana, "main", [FileProbe("a", 1)] * (FILES_MAX + 1))


@pytest.mark.parametrize(
    ("sample", "binary"),
    [(b"", False), (b"text\r\n\t", False), ("日本".encode(), False), ("日本".encode()[:-1], False), (b"a\0b", True),
     (b"\xff\xfe", True), (b"\xc3(", True), ("ñ".encode("latin-1") + b"x", True)],
)  # fmt: skip
def test_binary_is_a_nul_or_no_utf8(sample: bytes, binary: bool) -> None:
    assert is_binary(sample) is binary
