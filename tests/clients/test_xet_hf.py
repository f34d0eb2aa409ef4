"""Large files by Xet with huggingface_hub as it comes: no environment variable, nothing set up."""

from __future__ import annotations

import hashlib
import json
import os
import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.clients.client_environments import python_with
from tests.clients.conftest import Seen
from tests.clients.hf_client import api_of, environment, hf, run
from tests.clients.xet_store import Stored
from tests.running import Person, Server

pytestmark = pytest.mark.client

SIZE = 12_000_000


@pytest.fixture
def repo(server: Server, person: Person) -> str:
    return api_of(server, person).create_repo(f"{person.name}/weights").repo_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A card, weights that compress (floats) and weights that do not."""
    root = tmp_path / "model"
    root.mkdir()
    (root / "README.md").write_text("---\nlicense: mit\n---\n# Weights\n")
    (root / "model.safetensors").write_bytes(safetensors(400_000))
    (root / "noise.bin").write_bytes(os.urandom(SIZE))
    return root


def safetensors(count: int) -> bytes:
    """A file that safetensors reads: one tensor of `count` gaussian numbers."""
    chance = random.Random(count)
    data = struct.pack(f"<{count}f", *(chance.gauss(0, 1) for _ in range(count)))
    header = json.dumps({"w": {"dtype": "F32", "shape": [count], "data_offsets": [0, len(data)]}}).encode()
    return struct.pack("<Q", len(header)) + header + data


def hashes_of(folder: Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file() and ".cache" not in file.parts)
    found = {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    found.pop(".gitattributes", None)
    return found


def test_hf_uploads_and_downloads_a_folder(
    server: Server, person: Person, repo: str, folder: Path, tmp_path: Path
) -> None:
    token = {"HF_TOKEN": person.token}
    hf(server, tmp_path, "upload", repo, str(folder), ".", **token)
    other = tmp_path / "other machine"
    other.mkdir()
    hf(server, other, "download", repo, "--local-dir", str(other / "copy"), **token)
    assert hashes_of(other / "copy") == hashes_of(folder)
    info = api_of(server, person).model_info(repo)
    assert info.safetensors is not None and info.safetensors.parameters == {"F32": 400_000}


def test_files_are_marked_as_resting_in_xet(
    server: Server, person: Person, repo: str, folder: Path, tmp_path: Path
) -> None:
    hf(server, tmp_path, "upload", repo, str(folder), ".", HF_TOKEN=person.token)
    api = api_of(server, person)
    tree = {entry.path: entry for entry in api.list_repo_tree(repo)}
    hashes = {path: entry.xet_hash for path, entry in tree.items() if entry.xet_hash}
    assert set(hashes) == {"model.safetensors", "noise.bin"}
    assert {entry.path: entry.xet_hash for entry in api.get_paths_info(repo, list(hashes))} == hashes
    files = python_files(server, person, folder, tmp_path)
    assert {name: hash for name, (hash, _) in files.items() if name in hashes} == hashes  # as hf-xet itself computes it


def python_files(server: Server, person: Person, folder: Path, home: Path) -> dict[str, tuple[str, int]]:
    story = (
        "import sys, json, hf_xet; print(json.dumps([[i.hash, i.file_size] for i in hf_xet.hash_files(sys.argv[1:])]))"
    )
    names = sorted(file.name for file in folder.iterdir())
    python = python_with("hub-2.4", ("huggingface_hub==2.4.0", "hf-xet==1.8.0"))
    said = run([str(python), "-c", story, *(str(folder / name) for name in names)], environment(server, home)).stdout
    return {name: (hash, size) for name, (hash, size) in zip(names, json.loads(said), strict=True)}


def test_what_was_uploaded_to_one_repository_goes_to_another_without_its_bytes(
    server: Server, person: Person, repo: str, folder: Path, tmp_path: Path
) -> None:
    """The client names xorbs it sent to the first repository: refusing them by repository would break it for good."""
    token = {"HF_TOKEN": person.token}
    hf(server, tmp_path, "upload", repo, str(folder), ".", **token)
    before = Stored.of(server)
    other = f"{person.name}/other"
    hf(server, tmp_path, "upload", other, str(folder), ".", **token)
    assert Stored.of(server).xorbs == before.xorbs
    hf(server, tmp_path, "download", other, "--local-dir", str(tmp_path / "copy"), **token)
    assert hashes_of(tmp_path / "copy") == hashes_of(folder)


def test_a_second_version_from_another_machine_sends_only_what_changed(
    server: Server, person: Person, repo: str, folder: Path, tmp_path: Path
) -> None:
    noise = folder / "noise.bin"
    hf(server, tmp_path, "upload", repo, str(noise), "noise.bin", HF_TOKEN=person.token)
    before = Stored.of(server)
    data = bytearray(noise.read_bytes())
    data[5_000_000:5_001_000] = os.urandom(1000)
    noise.write_bytes(data)
    other = tmp_path / "other machine"
    other.mkdir()
    hf(server, other, "upload", repo, str(noise), "noise.bin", HF_TOKEN=person.token)
    assert Stored.of(server).xorb_bytes - before.xorb_bytes < SIZE // 20
    hf(server, other, "download", repo, "--local-dir", str(other / "copy"), HF_TOKEN=person.token)
    assert (other / "copy" / "noise.bin").read_bytes() == bytes(data)


def test_a_stranger_does_not_learn_what_a_private_repository_holds(
    server: Server, person: Person, stranger: Person, folder: Path, tmp_path: Path, seen: Seen
) -> None:
    """Deduplication must not tell that somebody has a file: the stranger's client sends all of it, and it is stored
    once all the same."""
    noise = folder / "noise.bin"
    hf(server, tmp_path, "upload", f"{person.name}/secret", str(noise), "noise.bin", "--private", HF_TOKEN=person.token)
    before = Stored.of(server)
    other = tmp_path / "other machine"
    other.mkdir()
    hf(server, other, "upload", f"{stranger.name}/mine", str(noise), "noise.bin", HF_TOKEN=stranger.token)
    sent = seen("POST", "/v1/xorbs/")
    assert len(sent) == 2, "both sent it all"
    assert {request.status for request in sent} == {200}
    assert Stored.of(server).xorb_bytes == before.xorb_bytes


def test_files_of_other_ways_are_read_by_xet_clients_and_the_other_way_round(
    server: Server, person: Person, repo: str, folder: Path, tmp_path: Path
) -> None:
    token = {"HF_TOKEN": person.token}
    hf(server, tmp_path, "upload", repo, str(folder / "noise.bin"), "plain.bin", HF_HUB_DISABLE_XET="1", **token)
    hf(server, tmp_path, "upload", repo, str(folder / "model.safetensors"), "xet.safetensors", **token)
    for number, how in enumerate(({}, {"HF_HUB_DISABLE_XET": "1"})):
        machine = tmp_path / f"machine-{number}"
        machine.mkdir()
        hf(server, machine, "download", repo, "--local-dir", str(machine / "copy"), **token, **how)
        assert (machine / "copy" / "plain.bin").read_bytes() == (folder / "noise.bin").read_bytes()
        assert (machine / "copy" / "xet.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()


def test_an_upload_by_xet_of_what_rests_plain_moves_it_there(
    server: Server, person: Person, repo: str, folder: Path, tmp_path: Path
) -> None:
    token, noise = {"HF_TOKEN": person.token}, str(folder / "noise.bin")
    hf(server, tmp_path, "upload", repo, noise, "a.bin", HF_HUB_DISABLE_XET="1", **token)
    api = api_of(server, person)
    assert api.get_paths_info(repo, "a.bin")[0].xet_hash is None
    hf(server, tmp_path, "upload", f"{person.name}/other", noise, "b.bin", **token)
    assert api.get_paths_info(repo, "a.bin")[0].xet_hash
    hf(server, tmp_path, "download", repo, "a.bin", "--local-dir", str(tmp_path / "copy"), **token)
    assert (tmp_path / "copy" / "a.bin").read_bytes() == (folder / "noise.bin").read_bytes()


def test_tokens_that_live_two_seconds_are_enough(
    own_server: Callable[..., Server], folder: Path, tmp_path: Path
) -> None:
    server = own_server(xet_token_lifetime_s="2").start()
    ana = server.person("ana")
    hf(server, tmp_path, "upload", "ana/m", str(folder), ".", HF_TOKEN=ana.token)
    hf(server, tmp_path, "download", "ana/m", "--local-dir", str(tmp_path / "copy"), HF_TOKEN=ana.token)
    assert hashes_of(tmp_path / "copy") == hashes_of(folder)


def test_the_older_calls_serve_as_well(
    server: Server, person: Person, repo: str, folder: Path, tmp_path: Path, seen: Seen
) -> None:
    """As a client asks that knows only the first version of shards and reconstructions, and fetches several ranges
    in one request."""
    old = {"HF_XET_CLIENT_SHARD_API_VERSION": "1", "HF_XET_CLIENT_RECONSTRUCTION_API_VERSION": "1"}
    hf(server, tmp_path, "upload", repo, str(folder), ".", HF_TOKEN=person.token, **old)
    hf(server, tmp_path, "download", repo, "--local-dir", str(tmp_path / "copy"), HF_TOKEN=person.token, **old)
    assert hashes_of(tmp_path / "copy") == hashes_of(folder)
    assert seen("POST", "/v1/shards")
    assert seen("GET", "/v1/reconstructions/")


VERSIONS = {
    "0.36": ("huggingface_hub[hf_xet]==0.36.0",),
    "1.10": ("huggingface_hub==1.10.0",),
    "1.20": ("huggingface_hub==1.20.0",),
}

STORY = """
import json, sys
import huggingface_hub
from huggingface_hub import HfApi
import hf_xet

repo, token, folder, copy = sys.argv[1:]
api = HfApi(token=token)
api.create_repo(repo)
api.upload_folder(repo_id=repo, folder_path=folder)
api.snapshot_download(repo, local_dir=copy)
print(huggingface_hub.__version__)
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_older_clients_with_their_xet(
    server: Server, person: Person, folder: Path, tmp_path: Path, version: str, seen: Seen
) -> None:
    python = python_with(f"hub-{version}-xet", VERSIONS[version])
    repo = f"{person.name}/old"
    command = [str(python), "-c", STORY, repo, person.token, str(folder), str(tmp_path / "copy")]
    told = run(command, environment(server, tmp_path)).stdout
    assert told.splitlines()[-1].startswith(version)
    assert hashes_of(tmp_path / "copy") == hashes_of(folder)
    assert seen("POST", "/shards"), "it did not go by Xet"


def test_a_large_folder_goes_up_by_the_resumable_way(
    server: Server, person: Person, repo: str, folder: Path, tmp_path: Path
) -> None:
    """`upload_large_folder` ended with version 2, whose `upload_folder` does the same."""
    for number in range(30):
        (folder / f"part-{number}.bin").write_bytes(os.urandom(200_000))
    story = (
        "import sys; from huggingface_hub import HfApi;"
        " HfApi().upload_large_folder(sys.argv[1], sys.argv[2], repo_type='model', num_workers=4)"
    )
    python = python_with("hub-1.20-xet", VERSIONS["1.20"])
    run([str(python), "-c", story, repo, str(folder)], environment(server, tmp_path, HF_TOKEN=person.token))
    local = api_of(server, person).snapshot_download(repo, local_dir=tmp_path / "copy")
    assert hashes_of(Path(local)) == hashes_of(folder)
