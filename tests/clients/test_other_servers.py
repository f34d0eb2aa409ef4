"""The application is not tied to `zoco serve`: other ASGI servers run it too, and send large files as bytes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi
from tests.clients.git_work import create_repo
from tests.clients.test_lfs_wire import action, batch, sha, upload
from tests.running import Server, free_port

pytestmark = pytest.mark.client

COMMANDS = {
    "uvicorn": ("uvicorn", "--factory", "zoco.app:build"),
    "granian": ("granian", "--interface", "asgi", "--factory", "zoco.app:build"),
}


@pytest.fixture(scope="module", params=COMMANDS)
def elsewhere(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Data made by the commands, served by another server."""
    server = Server(tmp_path_factory.mktemp(request.param) / "data", port=free_port())
    server.cli("migrate")
    command = [sys.executable, "-m", *COMMANDS[request.param], "--port", str(server.port)]
    process = subprocess.Popen(command, env=server.environment() | {"ZOCO_DATA": str(server.data)})
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{server.url}/healthz", timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, f"{request.param} ended"
                time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_create_upload_and_download(elsewhere: Server, tmp_path: Path) -> None:
    ana = elsewhere.person("ana")
    api = HfApi(endpoint=elsewhere.url, token=ana.token)
    api.create_repo("ana/notes")
    body = b"hello " * 100_000
    api.upload_file(path_or_fileobj=body, path_in_repo="a b/ñ.txt", repo_id="ana/notes")
    got = api.hf_hub_download("ana/notes", "a b/ñ.txt", cache_dir=tmp_path / "cache")
    assert Path(got).read_bytes() == body


def test_a_large_file_and_its_parts(elsewhere: Server) -> None:
    otto = elsewhere.person("otto")
    path = create_repo(elsewhere, otto, "large")
    data = os.urandom(20_000_001)
    upload(elsewhere, otto, path, data)
    down = action(batch(elsewhere, otto, path, "download", {"oid": sha(data), "size": len(data)}), "download")
    with httpx.Client(timeout=60) as client:
        for _ in range(2):
            assert client.get(down).content == data
            assert client.get(down, headers={"Range": "bytes=7-9999999"}).content == data[7:10_000_000]
        several = client.get(down, headers={"Range": "bytes=0-4999999,-3"})
    assert len(several.content) == int(several.headers["content-length"])
    assert data[:5_000_000] in several.content
