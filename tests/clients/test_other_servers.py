"""The application is not tied to one web server: uvicorn serves it too."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from tests.running import Server, free_port

pytestmark = pytest.mark.client


@pytest.fixture
def under_uvicorn(tmp_path: Path) -> Iterator[Server]:
    """Data made by the commands, served by uvicorn instead of `zoco serve`."""
    server = Server(tmp_path / "data", port=free_port())
    server.cli("migrate")
    command = [sys.executable, "-m", "uvicorn", "--factory", "zoco.app:build", "--port", str(server.port)]
    process = subprocess.Popen(command, env=server.environment() | {"ZOCO_DATA": str(server.data)})
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{server.url}/healthz", timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, "uvicorn ended"
                time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_create_upload_and_download_under_uvicorn(under_uvicorn: Server, tmp_path: Path) -> None:
    ana = under_uvicorn.person("ana")
    api = HfApi(endpoint=under_uvicorn.url, token=ana.token)
    api.create_repo("ana/notes")
    body = b"hello " * 100_000
    api.upload_file(path_or_fileobj=body, path_in_repo="a b/ñ.txt", repo_id="ana/notes")
    got = api.hf_hub_download("ana/notes", "a b/ñ.txt", cache_dir=tmp_path / "cache")
    assert Path(got).read_bytes() == body
