"""@huggingface/hub without Xet: large files in parts, here and straight to S3. It verifies nothing by itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.clients.client_environments import node_with
from tests.clients.git_work import create_repo
from tests.clients.hf_client import run
from tests.clients.lfs_parts import MEBI, PART, is_here
from tests.clients.test_lfs_hub_versions import weights
from tests.clients.test_lfs_straight import settings_for
from tests.running import Server

pytestmark = pytest.mark.client

STORY = """
import { openAsBlob } from "node:fs";
import { uploadFiles } from "@huggingface/hub";

const [hubUrl, accessToken, name, ...paths] = process.argv.slice(2);
const files = [];
for (const path of paths) files.push({ path: path.split("/").pop(), content: await openAsBlob(path) });
await uploadFiles({ hubUrl, accessToken, repo: { type: "model", name }, files, useXet: false });
"""


@pytest.mark.parametrize("store", ["folder", pytest.param("s3", marks=pytest.mark.s3)])
def test_large_and_small_files_go_up(
    store: str, request: pytest.FixtureRequest, own_server: Callable[..., Server], tmp_path: Path
) -> None:
    settings = {"lfs_multipart_size_min_bytes": str(PART)}
    if store == "s3":
        settings = settings_for(request.getfixturevalue("s3_server"))
    server = own_server(**settings).start()
    person = server.person("ana")
    path = create_repo(server, person, "iris")
    files = {"large.bin": weights(PART + MEBI + 3, 5), "middle.bin": weights(9 * MEBI, 6), "small.bin": b"\0" * 1000}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    home = node_with("js", ["@huggingface/hub@2.17.5"])
    script = home / "lfs-story.mjs"
    script.write_text(STORY)
    run(
        ["node", str(script), server.url, person.token, path, *(str(tmp_path / name) for name in files)],
        {"PATH": os.environ["PATH"]},
    )
    assert all(is_here(server, person, path, data) for data in files.values())
    for name, data in files.items():
        got = httpx.get(f"{server.url}/{path}/resolve/main/{name}", follow_redirects=True)
        assert got.content == data


def test_a_page_of_another_origin_may_send(own_server: Callable[..., Server]) -> None:
    """It asks first, and names the header that the client adds to each upload."""
    server = own_server().start()
    asked = {
        "Origin": "https://page.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "x-request-id, content-type",
    }
    answer = httpx.options(f"{server.url}/ana/iris.git/info/lfs/objects/{'0' * 64}", headers=asked)
    assert answer.status_code == 204
    allowed = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert {"x-request-id", "content-type"} <= allowed
    assert "PUT" in answer.headers["access-control-allow-methods"]
