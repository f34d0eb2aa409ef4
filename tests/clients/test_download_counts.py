"""What real clients do, and how many downloads the Hub makes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from tests.clients.git_work import git_in, url_of
from tests.clients.hf_client import api_of
from tests.running import Server

pytestmark = pytest.mark.client


def test_a_snapshot_and_a_clone_are_one_download_each(own_server: Callable[..., Server], tmp_path: Path) -> None:
    server = own_server().start()
    ana, otto = server.person("ana"), server.person("otto")
    mine, theirs, nobodys = api_of(server, ana), api_of(server, otto), api_of(server, None)
    repo = mine.create_repo("iris").repo_id
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        mine.upload_file(path_or_fileobj=b"{}", path_in_repo=name, repo_id=repo)
    mine.create_repo("llamas", repo_type="dataset")
    for name in ("train.csv", "test.csv"):
        mine.upload_file(path_or_fileobj=b"a\n1\n", path_in_repo=name, repo_id="ana/llamas", repo_type="dataset")

    for number, who in enumerate((theirs, nobodys, theirs)):
        who.snapshot_download(repo, cache_dir=tmp_path / str(number))
    nobodys.hf_hub_download(repo, "tokenizer.json", cache_dir=tmp_path / "one", token=False)
    git = git_in(tmp_path)
    work = git.clone(url_of(server, repo), "iris")
    git.clone(url_of(server, repo), "again")
    work("pull")
    nobodys.snapshot_download("ana/llamas", repo_type="dataset", cache_dir=tmp_path / "data")

    server.stop()
    server.start()
    assert downloads(mine, repo, "model") == 3, "otto's, nobody's by Python, nobody's by git"
    assert downloads(mine, "ana/llamas", "dataset") == 1


def downloads(api: HfApi, repo: str, kind: str) -> int | None:
    return api.repo_info(repo, repo_type=kind).downloads
