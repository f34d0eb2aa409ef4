"""Files that came by Xet, for those who do not speak it, and Xet spoken by others than huggingface_hub."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from pathlib import Path

import httpx
import pytest
from tests.clients.client_environments import node_with
from tests.clients.conftest import Seen
from tests.clients.git_work import git_in, url_of
from tests.clients.hf_client import api_of, hf, run
from tests.clients.xet_store import Stored
from tests.running import Person, Server

pytestmark = pytest.mark.client


@pytest.fixture
def repo(server: Server, person: Person) -> str:
    return api_of(server, person).create_repo(f"{person.name}/weights").repo_id


@pytest.fixture
def weights(server: Server, person: Person, repo: str, tmp_path: Path) -> bytes:
    """Uploaded by Xet as `model.bin`."""
    data = os.urandom(5_000_000) + b"0123456789abcdef" * 100_000 + os.urandom(1_000_001)
    file = tmp_path / "model.bin"
    file.write_bytes(data)
    hf(server, tmp_path, "upload", repo, str(file), "model.bin", HF_TOKEN=person.token)
    return data


def test_git_clones_what_came_by_xet_and_pushes_back(
    server: Server, person: Person, repo: str, weights: bytes, tmp_path: Path
) -> None:
    git = git_in(tmp_path, lfs=True)
    work = git.clone(url_of(server, repo, person), "work")
    assert (work.folder / "model.bin").read_bytes() == weights
    more = os.urandom(2_000_000)
    work.commit({"other.bin": more, "copy.bin": weights})
    work("push")
    other = tmp_path / "other machine"
    other.mkdir()
    hf(server, other, "download", repo, "--local-dir", str(other / "copy"), HF_TOKEN=person.token)
    assert (other / "copy" / "other.bin").read_bytes() == more
    assert (other / "copy" / "copy.bin").read_bytes() == weights


def test_git_lfs_sends_what_xet_stored_without_storing_it_twice(
    server: Server, stranger: Person, weights: bytes, tmp_path: Path
) -> None:
    before = {path for path in server.data.glob("store/lfs/*/*") if path.stat().st_size == len(weights)}
    url = url_of(server, api_of(server, stranger).create_repo(f"{stranger.name}/own").repo_id, stranger)
    work = git_in(tmp_path, lfs=True).clone(url, "work")
    work.commit({"model.bin": weights})
    work("push")
    assert {path for path in server.data.glob("store/lfs/*/*") if path.stat().st_size == len(weights)} == before
    assert (git_in(tmp_path, lfs=True).clone(url, "again").folder / "model.bin").read_bytes() == weights


def test_every_range_is_the_right_bytes(server: Server, repo: str, weights: bytes) -> None:
    address = f"{server.url}/{repo}/resolve/main/model.bin"
    chance, size = random.Random(5), len(weights)
    spans = [(0, 0), (0, size - 1), (size - 1, size - 1), (65_535, 65_536), (4_999_990, 5_000_010)]
    spans += [tuple(sorted(chance.sample(range(size), 2))) for _ in range(25)]  # type: ignore[misc]
    with httpx.Client() as client:
        for first, last in spans:
            answer = client.get(address, headers={"Range": f"bytes={first}-{last}"})
            assert answer.status_code == 206
            assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
            assert answer.content == weights[first : last + 1], (first, last)
        assert client.get(address, headers={"Range": "bytes=-5"}).content == weights[-5:]
        assert client.get(address, headers={"Range": f"bytes={size}-"}).status_code == 416
        assert client.get(address).content == weights
        parts = client.get(address, headers={"Range": "bytes=10-19,5000000-5000009"})
        assert parts.headers["Content-Type"].startswith("multipart/byteranges")
        assert weights[10:20] in parts.content and weights[5_000_000:5_000_010] in parts.content
        etag = client.head(address).headers["ETag"]
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 304


def test_curl_goes_on_where_it_was_cut(server: Server, repo: str, weights: bytes, tmp_path: Path) -> None:
    file = tmp_path / "half.bin"
    file.write_bytes(weights[:2_345_678])
    command = ["curl", "-fsSL", "-C", "-", "-o", str(file), f"{server.url}/{repo}/resolve/main/model.bin"]
    subprocess.run(command, check=True)
    assert file.read_bytes() == weights


def test_several_ranges_of_a_xorb_in_one_request(
    server: Server, person: Person, repo: str, tmp_path: Path, seen: Seen
) -> None:
    """A client set to ask so: the file alternates between two others, so that it lies in pieces of their xorbs."""
    one, two = os.urandom(3_000_000), os.urandom(3_000_000)
    mixed = b"".join(data[at : at + 500_000] for at in range(0, 3_000_000, 500_000) for data in (one, two))
    for name, data in (("one.bin", one), ("two.bin", two), ("mixed.bin", mixed)):
        (tmp_path / name).write_bytes(data)
        hf(server, tmp_path, "upload", repo, str(tmp_path / name), name, HF_TOKEN=person.token)
    for number, how in enumerate(({}, {"HF_XET_CLIENT_ENABLE_MULTIRANGE_FETCHING": "1"})):
        machine = tmp_path / f"machine-{number}"
        machine.mkdir()
        copy = machine / "copy"
        hf(server, machine, "download", repo, "mixed.bin", "--local-dir", str(copy), HF_TOKEN=person.token, **how)
        assert (copy / "mixed.bin").read_bytes() == mixed
    assert seen("GET", "/xet/fetch/")


STORY = """
import { createRepo, uploadFiles, downloadFile, fileDownloadInfo, listFiles } from "@huggingface/hub";
import { readFile } from "node:fs/promises";
import { createHash } from "node:crypto";

const [hubUrl, accessToken, name, file] = process.argv.slice(2);
const at = { hubUrl, accessToken, repo: { type: "model", name } };
const sha = (data) => createHash("sha256").update(Buffer.from(data)).digest("hex");
await createRepo(at);
const content = new Blob([await readFile(file)]);
await uploadFiles({ ...at, files: [{ path: "model.bin", content }], useXet: true });
const info = await fileDownloadInfo({ ...at, path: "model.bin" });
const byXet = await downloadFile({ ...at, path: "model.bin", xet: true });
const plain = await downloadFile({ ...at, path: "model.bin", xet: false });
const told = { size: info.size, hash: info.xet?.hash };
told.slice = sha(await byXet.slice(1000000, 1000100).arrayBuffer());
told.byXet = sha(await byXet.arrayBuffer());
told.kind = byXet.constructor.name;
told.plain = sha(await plain.arrayBuffer());
for await (const one of listFiles({ ...at })) if (one.path === "model.bin") told.listed = one.xetHash;
console.log(JSON.stringify(told));
"""


def test_the_javascript_client_uploads_and_downloads_by_xet(
    server: Server, person: Person, tmp_path: Path, seen: Seen
) -> None:
    import hashlib

    data = os.urandom(3_000_000) + bytes(2_000_000)
    file = tmp_path / "model.bin"
    file.write_bytes(data)
    home = node_with("js", ["@huggingface/hub@2.17.5"])
    script = home / "xet.mjs"
    script.write_text(STORY)
    command = ["node", str(script), server.url, person.token, f"{person.name}/js", str(file)]
    told = json.loads(run(command, os.environ, cwd=home).stdout.splitlines()[-1])
    whole = hashlib.sha256(data).hexdigest()
    assert told["kind"] == "XetBlob"
    assert (told["size"], told["byXet"], told["plain"]) == (len(data), whole, whole)
    assert told["slice"] == hashlib.sha256(data[1_000_000:1_000_100]).hexdigest()
    assert re.fullmatch("[0-9a-f]{64}", told["hash"])
    assert told["listed"] == told["hash"]
    assert seen("POST", "/shards")
    hf(server, tmp_path, "download", f"{person.name}/js", "--local-dir", str(tmp_path / "copy"), HF_TOKEN=person.token)
    assert (tmp_path / "copy" / "model.bin").read_bytes() == data


def test_a_hub_that_lost_its_data_takes_uploads_from_clients_that_remember_it(tmp_path: Path) -> None:
    """The client's cache says that the store has the xorbs. A new instance has another address in its path."""
    server = Server(tmp_path / "first").start()
    data, file = os.urandom(3_000_000), tmp_path / "model.bin"
    file.write_bytes(data)
    try:
        hf(server, tmp_path, "upload", "ana/m", str(file), "model.bin", HF_TOKEN=server.person("ana").token)
        port = server.port
        server.stop()
        server = Server(tmp_path / "second", port=port).start()
        hf(server, tmp_path, "upload", "ana/m", str(file), "model.bin", HF_TOKEN=server.person("ana").token)
        assert httpx.get(f"{server.url}/ana/m/resolve/main/model.bin").content == data
        assert Stored.of(server).xorb_bytes > len(data) - 1
    finally:
        server.stop()
