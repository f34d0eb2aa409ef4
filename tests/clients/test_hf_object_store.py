"""LFS files in an object store: the Hub answers HEAD itself and sends GET there, to a signed address."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import get_session
from tests.clients.hf_client import api_of
from tests.running import Server
from tests.services import S3Server

pytestmark = [
    pytest.mark.client,
    pytest.mark.s3,
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),  # the client's own, in its LFS upload
]


def test_a_large_file_goes_to_the_store_and_comes_from_it(
    own_server: Callable[..., Server], s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = own_server(
        storage_url=s3_server.fresh_bucket(),
        storage_endpoint=s3_server.endpoint,
        storage_access_key=s3_server.access_key,
        storage_secret_key=s3_server.secret_key,
    ).start()
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    ana = server.person("ana")
    api = api_of(server, ana)
    repo = api.create_repo("ana/weights", private=True).repo_id
    data = random.Random(5).randbytes(3_000_000)
    commit = api.upload_file(path_or_fileobj=data, path_in_repo="model.safetensors", repo_id=repo).oid
    assert Path(api.hf_hub_download(repo, "model.safetensors", cache_dir=tmp_path)).read_bytes() == data

    url = f"{server.url}/{repo}/resolve/main/model.safetensors"
    signed = {"authorization": f"Bearer {ana.token}"}
    sha = hashlib.sha256(data).hexdigest()
    head = get_session().head(url, headers=signed, follow_redirects=False)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(data)))
    redirect = get_session().get(url, headers=signed, follow_redirects=False)
    assert redirect.status_code == 302
    for answer in (head, redirect):
        assert answer.headers["x-repo-commit"] == commit
        assert answer.headers["x-linked-etag"] == f'"{sha}"'
        assert answer.headers["x-linked-size"] == str(len(data))
    there = redirect.headers["location"]
    assert there.startswith(s3_server.endpoint)
    part = get_session().get(there, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, data[10:20])
    assert get_session().get(url, follow_redirects=False).status_code == 401
    assert "Signature" not in server.log.read_text()
