"""huggingface_hub of three ages without Xet, and its agent for git-lfs: large files in parts, here and in S3."""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.clients.client_environments import python_with
from tests.clients.git_work import create_repo, git_in, url_of
from tests.clients.hf_client import HF, environment, hf, run
from tests.clients.lfs_parts import MEBI, PART, is_here
from tests.clients.test_hf_older import STORY
from tests.clients.test_lfs_straight import settings_for
from tests.running import Server

pytestmark = pytest.mark.client

SIZE = PART + 2 * MEBI + 11
STORES = ["folder", pytest.param("s3", marks=pytest.mark.s3)]


@pytest.fixture(params=STORES)
def server(request: pytest.FixtureRequest, own_server: Callable[..., Server]) -> Server:
    if request.param == "folder":
        return own_server(lfs_multipart_size_min_bytes=str(PART)).start()
    return own_server(**settings_for(request.getfixturevalue("s3_server"))).start()


def weights(size: int, seed: int) -> bytes:
    block = random.Random(seed).randbytes(MEBI)
    return (block * (size // MEBI + 1))[:size]


def python_of(version: str) -> str:
    if version == "2.4":
        return sys.executable
    return str(python_with(f"hub-{version}", (f"huggingface_hub=={version}.0",)))


@pytest.mark.parametrize("version", ["0.36", "1.10", "2.4"])
def test_large_files_go_in_parts_and_small_ones_beside_them(server: Server, tmp_path: Path, version: str) -> None:
    person = server.person("ana")
    folder = tmp_path / "folder"
    folder.mkdir()
    files = {"large.safetensors": weights(SIZE, 1), "middle.bin": weights(10 * MEBI, 2), "small.bin": b"\0" * 1000}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    env = environment(server, tmp_path, HF_HUB_DISABLE_XET="1")
    told = run([python_of(version), "-c", STORY, "ana/iris", person.token, str(folder)], env).stdout
    found = json.loads(told.splitlines()[-1])
    assert found["version"].startswith(version)
    assert {name: found["files"][name] for name in files} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
    log = server.log.read_text()
    assert log.count("method=POST path=/ana/iris.git/info/lfs/uploads/") >= 1
    in_parts = sum("method=PUT" in line and "/info/lfs/uploads/" in line for line in log.splitlines())
    assert in_parts == (0 if "storage_url" in server.settings else 2)


def test_git_lfs_sends_in_parts_with_the_agent_of_huggingface_hub(server: Server, tmp_path: Path) -> None:
    """All files of a batch go to the agent, the small one too."""
    person = server.person("ana")
    path = create_repo(server, person, "iris")
    work = git_in(tmp_path, lfs=True).clone(url_of(server, path, person), "work")
    hf(server, tmp_path, "lfs-enable-largefiles", str(work.folder))
    files: dict[str, str | bytes] = {
        "large.bin": weights(SIZE, 3),
        "small.bin": b"small",
        "middle.bin": weights(SIZE // 7, 4),
    }
    work.commit(files)
    work("push", PATH=f"{HF.parent}:{os.environ['PATH']}", HF_HUB_DISABLE_UPDATE_CHECK="1")
    assert all(is_here(server, person, path, data) for data in files.values() if isinstance(data, bytes))
    assert "/info/lfs/uploads/" in server.log.read_text()
