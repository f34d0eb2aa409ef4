"""Xet over two servers that share one PostgreSQL and one object store: what goes to one comes from the other."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.clients.git_work import git_in, url_of
from tests.clients.hf_client import api_of, hf
from tests.running import Server
from tests.services import PostgresServer, S3Server

from zoco.adapters.db.engine import open_postgresql
from zoco.adapters.db.tables import xet_xorb

pytestmark = [pytest.mark.client, pytest.mark.postgres, pytest.mark.s3]

SIZE = 9_000_000


@dataclass(frozen=True)
class Nodes:
    one: Server
    two: Server
    database_url: str

    def xorb_bytes(self) -> int:
        """What clients have sent."""
        db = open_postgresql(self.database_url)
        try:
            with db.read() as read:
                return int(read.execute(select(func.coalesce(func.sum(xet_xorb.c.size), 0))).scalar_one())
        finally:
            db.close()


@pytest.fixture(params=["on", "off"])
def nodes(
    request: pytest.FixtureRequest,
    own_server: Callable[..., Server],
    postgres_server: PostgresServer,
    s3_server: S3Server,
) -> Nodes:
    """Xorbs go straight to the object store, and through the servers."""
    url = postgres_server.fresh_database()
    shared = {
        "database_url": url,
        "storage_url": s3_server.fresh_bucket(),
        "storage_endpoint": s3_server.endpoint,
        "storage_access_key": s3_server.access_key,
        "storage_secret_key": s3_server.secret_key,
        "secret_key": "one secret that both nodes share",
        "direct_transfers": request.param,
    }
    one, two = own_server(name="one", **shared), own_server(name="two", **shared)
    one.data.mkdir(parents=True)
    one.cli("migrate")
    return Nodes(one.start(), two.start(), url)


def machine(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def test_what_goes_to_one_comes_from_the_other(nodes: Nodes, tmp_path: Path) -> None:
    ana = nodes.one.person("ana")
    token = {"HF_TOKEN": ana.token}
    first = machine(tmp_path, "first")
    file = first / "model.bin"
    data = bytearray(os.urandom(SIZE))
    file.write_bytes(data)
    hf(nodes.one, first, "upload", "ana/m", str(file), file.name, "--private", **token)
    sent = nodes.xorb_bytes()
    assert sent > SIZE - 1

    second = machine(tmp_path, "second")
    hf(nodes.two, second, "download", "ana/m", file.name, "--local-dir", str(second / "copy"), **token)
    assert (second / "copy" / file.name).read_bytes() == data
    assert nodes.two.requests("GET", "/v2/reconstructions/")

    address = f"{nodes.two.url}/ana/m/resolve/main/model.bin"
    curl = ["curl", "-fsSL", "-H", f"Authorization: Bearer {ana.token}"]
    assert subprocess.run([*curl, address], check=True, capture_output=True).stdout == data
    part = subprocess.run([*curl, "-r", "4000000-4999999", address], check=True, capture_output=True).stdout
    assert part == data[4_000_000:5_000_000]

    work = git_in(tmp_path, lfs=True).clone(url_of(nodes.two, "ana/m", ana), "work")
    assert (work.folder / file.name).read_bytes() == data

    third = machine(tmp_path, "third")  # whose client remembers nothing
    data[5_000_000:5_001_000] = os.urandom(1000)
    changed = third / "model.bin"
    changed.write_bytes(data)
    hf(nodes.two, third, "upload", "ana/m", str(changed), file.name, **token)
    assert nodes.xorb_bytes() - sent < SIZE // 20
    hf(nodes.one, second, "download", "ana/m", file.name, "--local-dir", str(second / "new"), **token)
    assert (second / "new" / file.name).read_bytes() == data
    hashes = {api_of(node, ana).get_paths_info("ana/m", file.name)[0].xet_hash for node in (nodes.one, nodes.two)}
    assert len(hashes) == 1 and None not in hashes


@pytest.mark.parametrize("nodes", ["on"], indirect=True)
def test_one_serves_on_when_the_other_dies(nodes: Nodes, tmp_path: Path) -> None:
    ana = nodes.one.person("ana")
    token = {"HF_TOKEN": ana.token}
    home = machine(tmp_path, "home")
    file = home / "model.bin"
    file.write_bytes(os.urandom(2_000_000))
    hf(nodes.one, home, "upload", "ana/m", str(file), file.name, **token)
    nodes.one.kill()
    other = machine(tmp_path, "other")
    hf(nodes.two, other, "download", "ana/m", file.name, "--local-dir", str(other / "copy"), **token)
    assert (other / "copy" / file.name).read_bytes() == file.read_bytes()
    hf(nodes.two, home, "upload", "ana/again", str(file), file.name, **token)
    nodes.one.start()
    hf(nodes.one, other, "download", "ana/again", file.name, "--local-dir", str(other / "again"), **token)
    assert (other / "again" / file.name).read_bytes() == file.read_bytes()
