"""`zoco gc` and `zoco fsck` as a person types them: what is said, and the exit code."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.small_hub import SmallHub

from zoco.assembly import opened
from zoco.cli.main import main
from zoco.hub.catalog.catalogue import Catalogue
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, LfsOp
from zoco.hub.xet.instance import cas_segment
from zoco.settings import load

Zoco = Callable[..., tuple[int, str, str]]

DATA = b"weights " * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a repository that has one large file, and one that nobody committed."""
    settings = replace(load(tmp_path / "data", {}), regular_file_size_max_bytes=1000)
    with opened(settings) as storage:
        hub = SmallHub(Catalogue(storage))
        ana = hub.user("ana")
        repo = hub.repo(ana, "datasets/ana/flowers", {"README.md": "# Flowers\n"})
        pointer = hub.lfs_object(ana, repo, DATA)
        hub.lfs_object(ana, repo, b"lost " * 300)
        commit(storage, repo, ana, "main", CommitRequest("add", (LfsOp("a/flowers.bin", pointer.sha256),)))
    return settings.data


@pytest.fixture
def zoco(folder: Path, capsys: pytest.CaptureFixture[str]) -> Zoco:
    def run(*words: str) -> tuple[int, str, str]:
        try:
            code = main([*words, "--data", str(folder)])
        except SystemExit as ended:  # argparse
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def stored(folder: Path, data: bytes) -> Path:
    (found,) = [file for file in (folder / "store" / "lfs").rglob("*") if file.is_file() and file.read_bytes() == data]
    return found


def damage(folder: Path) -> None:
    file = stored(folder, DATA)
    file.chmod(0o600)
    file.write_bytes(DATA.replace(b"weights", b"weighty", 1))


def test_what_went_is_told_by_kind_with_its_reason(zoco: Zoco, folder: Path) -> None:
    code, out, _ = zoco("gc")
    assert (code, out) == (0, ""), "everything is fresh"
    code, out, _ = zoco("gc", "--grace-hours", "0", "--dry-run")
    assert code == 0
    assert "link  datasets/ana/flowers " in out
    assert "no ref of the repository leads to it" in out
    assert "1.5 kB" in out
    assert len([file for file in (folder / "store" / "lfs").rglob("*") if file.is_file()]) == 2
    code, out, _ = zoco("gc", "--grace-hours", "0")
    assert code == 0
    kinds = [line.split("  ")[0] for line in out.splitlines()]
    assert kinds == ["kind", "link", "lfs object", "bytes"]
    assert stored(folder, DATA)
    assert zoco("gc", "--grace-hours", "0")[1] == ""


def test_as_json_for_programs(zoco: Zoco) -> None:
    dry = json.loads(zoco("gc", "--grace-hours", "0", "--dry-run", "--json")[1])
    assert [item["kind"] for item in dry["items"]] == ["link", "lfs object", "bytes"]
    assert dry["dry_run"] is True
    real = json.loads(zoco("gc", "--grace-hours", "0", "--json")[1])
    assert real["totals"] == dry["totals"]
    assert "items" not in real
    empty = json.loads(zoco("gc", "--dry-run", "--json")[1])
    assert (empty["items"], empty["totals"], empty["skipped"]) == ([], [], [])


@pytest.mark.parametrize("hours", ["-1", "many", "nan"])
def test_a_grace_that_is_none_is_refused(zoco: Zoco, hours: str) -> None:
    assert zoco("gc", f"--grace-hours={hours}")[0] == 2


def test_a_new_generation_is_only_begun_for_real(zoco: Zoco, folder: Path) -> None:
    def segment() -> str:
        with opened(load(folder, {})) as storage:
            return cas_segment(storage.db)

    before = segment()
    assert zoco("gc", "--bump-generation", "--dry-run")[0] == 0
    assert segment() == before
    code, _, err = zoco("gc", "--bump-generation")
    assert code == 0
    assert segment() != before
    assert segment().partition("-")[0] in err


def test_a_repository_that_cannot_be_read_is_skipped_and_told(zoco: Zoco, folder: Path) -> None:
    for file in (folder / "store" / "git").rglob("*.pack"):
        file.unlink()
    shutil.rmtree(folder / "cache")
    for words in (["--dry-run"], []):
        code, _, err = zoco("gc", "--grace-hours", "0", *words)
        assert code == 1
        assert "Skipped datasets/ana/flowers" in err
        assert "zoco fsck --repo datasets/ana/flowers" in err
    assert len([file for file in (folder / "store" / "lfs").rglob("*") if file.is_file()]) == 2


def test_what_is_whole_is_told_in_one_line(zoco: Zoco) -> None:
    for words in ([], ["--fast"], ["--repo", "datasets/ana/flowers"]):
        code, out, err = zoco("fsck", *words)
        assert (code, out) == (0, "")
        assert "2 LFS objects, 1 repositories, 2 packs, 1 pointers: all whole." in err


def test_damage_is_told_with_its_place_and_its_cure(zoco: Zoco, folder: Path) -> None:
    damage(folder)
    code, out, err = zoco("fsck")
    assert code == 1
    sha = hashlib.sha256(DATA).hexdigest()
    first, problem, cure = out.splitlines()
    assert first == f"file {sha} in datasets/ana/flowers a/flowers.bin (refs/heads/main)"
    assert "have SHA-256" in problem
    assert "restore lfs/" in cure
    assert "1 problem." in err
    (told,) = json.loads(zoco("fsck", "--json")[1])["damages"]
    assert (told["what"], told["repo"], told["path"]) == (sha, "datasets/ana/flowers", "a/flowers.bin")
    assert zoco("fsck", "--fast")[0] == 0


def test_damaged_files_are_forgotten_only_when_that_is_meant(zoco: Zoco, folder: Path) -> None:
    damage(folder)
    code, _, err = zoco("fsck", "--forget-damaged")
    assert code == 1
    assert "add --yes if you mean it" in err
    assert "have SHA-256" in zoco("fsck")[1], "nothing was forgotten"
    code, _, err = zoco("fsck", "--forget-damaged", "--yes")
    assert code == 1
    assert "Forgot 1 LFS objects" in err
    assert "never uploaded to this repository, or was deleted" in zoco("fsck")[1]


@pytest.mark.parametrize("name", ["iris", "ana/iris/more", "datasets/ana", "/"])
def test_a_name_that_is_none_is_wrong_use(zoco: Zoco, name: str) -> None:
    assert zoco("fsck", "--repo", name)[0] == 2


def test_a_repository_that_is_not_there_is_told(zoco: Zoco) -> None:
    assert zoco("fsck", "--repo", "ana/flowers")[0] == 1
