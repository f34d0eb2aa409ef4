"""What people delete really frees its space, beside a running server; and what they keep stays whole."""

from __future__ import annotations

import json
import os
import shutil
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from tests.clients.hf_client import api_of, hf
from tests.running import Person, Server
from tests.services import PostgresServer, S3Server

from zoco.adapters.blobs.object import ObjectBlobStore

pytestmark = pytest.mark.client

OwnServer = Callable[..., Server]
SIZE = 11_000_000  # by LFS, whatever the limit for regular files


@pytest.fixture
def hub(own_server: OwnServer) -> Server:
    return own_server().start()


@pytest.fixture
def ana(hub: Server) -> Person:
    return hub.person("ana")


def stored(server: Server) -> int:
    """Bytes of all files in the store's folder."""
    store = server.data / "store"
    return sum(file.stat().st_size for file in store.rglob("*") if file.is_file())


def download(server: Server, repo: str, path: str, revision: str = "main") -> bytes:
    with urllib.request.urlopen(f"{server.url}/{repo}/resolve/{revision}/{path}", timeout=60) as answer:
        return bytes(answer.read())


def upload(server: Server, person: Person, home: Path, repo: str, path: str, data: bytes, *, xet: bool) -> None:
    """By `hf upload`, by Xet as it comes or by plain LFS."""
    file = home / f"upload-{path.replace('/', '-')}"
    file.write_bytes(data)
    more = {} if xet else {"HF_HUB_DISABLE_XET": "1"}
    hf(server, home, "upload", repo, str(file), path, HF_TOKEN=person.token, **more)


def gc(server: Server, *words: str) -> dict[str, int]:
    """How many bytes went, by kind."""
    said = json.loads(server.cli("gc", "--json", *words).stdout)
    assert said["skipped"] == []
    totals: dict[str, int] = {}
    for row in said["totals"]:
        totals[row["kind"]] = totals.get(row["kind"], 0) + row["size"]
    return totals


def demand_whole(server: Server) -> None:
    said = json.loads(server.cli("fsck", "--json").stdout)
    assert said["damages"] == []


@pytest.mark.parametrize("xet", [True, False], ids=["xet", "lfs"])
def test_a_deleted_repository_frees_its_space(hub: Server, ana: Person, tmp_path: Path, xet: bool) -> None:
    api = api_of(hub, ana)
    api.create_repo("ana/kept")
    empty = stored(hub)
    kept = os.urandom(SIZE)
    upload(hub, ana, tmp_path, "ana/kept", "kept.bin", kept, xet=xet)
    api.create_repo("ana/gone")
    upload(hub, ana, tmp_path, "ana/gone", "kept.bin", kept, xet=xet)
    upload(hub, ana, tmp_path, "ana/gone", "gone.bin", os.urandom(SIZE), xet=xet)
    assert stored(hub) > empty + 2 * SIZE
    api.delete_repo("ana/gone")
    assert "bytes" not in gc(hub), "within the grace time nothing goes"
    assert stored(hub) > empty + 2 * SIZE
    gc(hub, "--grace-hours", "0")
    assert empty + SIZE <= stored(hub) < empty + SIZE + 500_000
    assert download(hub, "ana/kept", "kept.bin") == kept
    demand_whole(hub)


def test_a_squashed_branch_frees_the_old_versions(hub: Server, ana: Person, tmp_path: Path) -> None:
    api = api_of(hub, ana)
    api.create_repo("ana/model")
    versions = [os.urandom(SIZE) for _ in range(3)]
    for number, data in enumerate(versions):
        upload(hub, ana, tmp_path, "ana/model", "model.bin", data, xet=number != 1)
    api.create_tag("ana/model", tag="second", revision=api.list_repo_commits("ana/model")[1].commit_id)
    api.super_squash_history("ana/model")
    before = stored(hub)
    gc(hub, "--grace-hours", "0")
    assert stored(hub) > before - 200_000, "a tag keeps its version, and what came before it"
    assert download(hub, "ana/model", "model.bin") == versions[2]
    assert download(hub, "ana/model", "model.bin", "second") == versions[1]
    api.delete_tag("ana/model", tag="second")
    gc(hub, "--grace-hours", "0")
    assert stored(hub) < before - 2 * SIZE + 200_000
    assert download(hub, "ana/model", "model.bin") == versions[2]
    demand_whole(hub)


def test_deleted_branches_and_files_deleted_for_good_free_their_space(hub: Server, ana: Person, tmp_path: Path) -> None:
    api = api_of(hub, ana)
    api.create_repo("ana/model")
    api.create_branch("ana/model", branch="try")
    for branch, path in (("try", "tried.bin"), ("main", "leaked.bin"), ("main", "kept.bin")):
        file = tmp_path / path
        file.write_bytes(os.urandom(SIZE))
        hf(hub, tmp_path, "upload", "ana/model", str(file), path, "--revision", branch, HF_TOKEN=ana.token)
    before = stored(hub)
    api.delete_branch("ana/model", branch="try")
    leaked = [one for one in api.list_lfs_files("ana/model") if one.filename == "leaked.bin"]
    api.permanently_delete_lfs_files("ana/model", leaked)
    gc(hub, "--grace-hours", "0")
    assert stored(hub) < before - 2 * SIZE + 200_000
    assert download(hub, "ana/model", "kept.bin") == (tmp_path / "kept.bin").read_bytes()
    demand_whole(hub)


def test_a_dry_run_tells_what_a_run_then_does_and_changes_nothing(hub: Server, ana: Person, tmp_path: Path) -> None:
    api = api_of(hub, ana)
    for name in ("ana/kept", "ana/gone"):
        api.create_repo(name)
        upload(hub, ana, tmp_path, name, f"{name[4:]}.bin", os.urandom(SIZE), xet=True)
    upload(hub, ana, tmp_path, "ana/gone", "plain.bin", os.urandom(SIZE), xet=False)
    api.delete_repo("ana/gone")
    hub.stop()  # its own jobs would write in between
    before = (stored(hub), (hub.data / "zoco.db").read_bytes())
    dry = json.loads(hub.cli("gc", "--dry-run", "--grace-hours", "0", "--json").stdout)
    assert (stored(hub), (hub.data / "zoco.db").read_bytes()) == before
    assert all(one["why"] for one in dry["items"])
    text = hub.cli("gc", "--dry-run", "--grace-hours", "0").stdout
    assert "lfs object" in text
    assert "no repository has it" in text
    assert stored(hub) == before[0]
    real = json.loads(hub.cli("gc", "--grace-hours", "0", "--json").stdout)
    assert real["totals"] == dry["totals"]
    assert stored(hub) < before[0] - 2 * SIZE + 200_000
    assert hub.cli("gc", "--grace-hours", "0").stdout == ""


def test_uploads_beside_collection_are_whole(hub: Server, ana: Person, tmp_path: Path) -> None:
    """The same files over and over, deleted and sent again, while runs follow one another without any pause."""
    api = api_of(hub, ana)
    api.create_repo("ana/model")
    stop = threading.Event()
    failed: list[str] = []

    def collect() -> None:
        while not stop.is_set():
            done = hub.cli("gc", check=False)
            if done.returncode:
                failed.append(done.stderr)

    beside = threading.Thread(target=collect)
    beside.start()
    data = [os.urandom(SIZE), os.urandom(SIZE)]
    try:
        for turn in range(3):
            for number, one in enumerate(data):
                upload(hub, ana, tmp_path, "ana/model", f"{number}.bin", one, xet=(turn + number) % 2 == 0)
            api.super_squash_history("ana/model")
            api.delete_files("ana/model", delete_patterns=["0.bin"])
    finally:
        stop.set()
        beside.join()
    assert failed == []
    upload(hub, ana, tmp_path, "ana/model", "0.bin", data[0], xet=True)
    for number, one in enumerate(data):
        assert download(hub, "ana/model", f"{number}.bin") == one
    demand_whole(hub)


def test_after_a_restore_from_an_older_backup_the_same_client_uploads_again(
    own_server: OwnServer, tmp_path: Path
) -> None:
    server = own_server().start()
    ana = server.person("ana")
    api = HfApi(endpoint=server.url, token=ana.token)
    api.create_repo("ana/model")
    upload(server, ana, tmp_path, "ana/model", "old.bin", os.urandom(SIZE), xet=True)
    server.stop()
    shutil.copytree(server.data, tmp_path / "backup")
    server.start()
    data = os.urandom(SIZE)
    upload(server, ana, tmp_path, "ana/model", "model.bin", data, xet=True)
    server.stop()
    shutil.rmtree(server.data)
    shutil.copytree(tmp_path / "backup", server.data)
    server.cli("gc", "--bump-generation")
    server.start()
    upload(server, ana, tmp_path, "ana/model", "model.bin", data, xet=True)
    assert download(server, "ana/model", "model.bin") == data
    demand_whole(server)


@pytest.mark.s3
@pytest.mark.postgres
def test_with_postgresql_and_an_object_store_it_is_the_same(
    own_server: OwnServer, postgres_server: PostgresServer, s3_server: S3Server, tmp_path: Path
) -> None:
    """Damage too: an object that the bucket lost is named."""
    url, bucket = postgres_server.fresh_database(), s3_server.fresh_bucket()
    settings = {
        "database_url": url,
        "secret_key": "k" * 64,
        "storage_url": bucket,
        "storage_endpoint": s3_server.endpoint,
        "storage_access_key": s3_server.access_key,
        "storage_secret_key": s3_server.secret_key,
    }
    server = own_server(**settings)
    server.cli("migrate")
    server.start()
    ana = server.person("ana")
    api = HfApi(endpoint=server.url, token=ana.token)
    kept = os.urandom(SIZE)
    for name, xet in (("ana/kept", True), ("ana/gone", True), ("ana/gone", False)):
        api.create_repo(name, exist_ok=True)
        upload(server, ana, tmp_path, name, f"{xet}.bin", kept if name == "ana/kept" else os.urandom(SIZE), xet=xet)
    api.delete_repo("ana/gone")
    blobs = ObjectBlobStore(
        bucket,
        endpoint=s3_server.endpoint,
        access_key=s3_server.access_key,
        secret_key=s3_server.secret_key,
        region=s3_server.region,
        scratch=tmp_path / "scratch",
    )
    keys = {prefix: len(list(blobs.keys(prefix))) for prefix in ("lfs/", "xorbs/")}
    dry = gc(server, "--grace-hours", "0", "--dry-run")
    assert {prefix: len(list(blobs.keys(prefix))) for prefix in keys} == keys
    assert gc(server, "--grace-hours", "0") == dry
    assert dry["bytes"] > 2 * SIZE
    assert list(blobs.keys("lfs/")) == []
    (xorb,) = blobs.keys("xorbs/")
    demand_whole(server)
    blobs.delete(xorb)
    for words in ([], ["--fast"]):
        said = json.loads(server.cli("fsck", "--json", *words, check=False).stdout)
        assert ("ana/kept", "True.bin") in {(one["repo"], one["path"]) for one in said["damages"]}
        assert any(xorb in one["problem"] for one in said["damages"])
