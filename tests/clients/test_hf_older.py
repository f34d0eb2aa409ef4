"""An older huggingface_hub, as it is still installed in many places."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tests.clients.client_environments import python_with
from tests.clients.hf_client import api_of, environment, run
from tests.running import Server

pytestmark = pytest.mark.client

STORY = """
import hashlib, json, sys
from pathlib import Path
import huggingface_hub
from huggingface_hub import HfApi

repo, token, folder = sys.argv[1:]
api = HfApi(token=token)
assert api.whoami()["name"] == repo.split("/")[0]
url = api.create_repo(repo, private=True, exist_ok=True)
assert url.repo_id == repo, url
api.create_repo(repo, exist_ok=True)
api.upload_folder(repo_id=repo, folder_path=folder)
local = Path(api.snapshot_download(repo))
print(json.dumps({
    "version": huggingface_hub.__version__,
    "private": api.model_info(repo).private,
    "files": {
        str(file.relative_to(local)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(local.rglob("*")) if file.is_file()
    },
}))
"""


def test_version_1_10_uploads_lfs_files_and_downloads_them(server: Server, tmp_path: Path) -> None:
    person = server.person("older-ana")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# Old\n")
    (folder / "model.safetensors").write_bytes(b"\0\1\2" * 4_000_000)
    python = python_with("hub-1.10", ("huggingface_hub==1.10.0",))
    env = environment(server, tmp_path, HF_HUB_DISABLE_XET="1")
    told = run([str(python), "-c", STORY, f"{person.name}/old", person.token, str(folder)], env).stdout
    found = json.loads(told.splitlines()[-1])
    assert found["version"] == "1.10.0"
    assert found["private"] is True
    hashes = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    assert {name: found["files"][name] for name in hashes} == hashes
    entry = api_of(server, person).get_paths_info(f"{person.name}/old", "model.safetensors")[0]
    assert entry.lfs.sha256 == hashes["model.safetensors"]
