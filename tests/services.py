"""The outside services that some tests need, each started once for a test session: an S3 server and PostgreSQL.

Both listen on loopback ports that were free, keep their data in a temporary folder and are stopped at the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.running import free_port

BUCKET = "tests"
STARTS_WITHIN_S = 90


def wait_for(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Polls, because neither server tells when it is ready."""
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        if is_ready():
            return
        time.sleep(0.1)
    raise RuntimeError(f"the service did not start:\n{log.read_text(errors='replace')[-3000:]}")


@contextlib.contextmanager
def running(words: list[str], log: Path, is_ready: Callable[[], bool], cwd: Path | None = None) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, cwd=cwd)
    try:
        wait_for(is_ready, process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(3)  # all data is temporary: there is nothing to save
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# --- S3 -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class S3Server:
    endpoint: str
    access_key: str
    secret_key: str
    region: str = "us-east-1"

    def fresh_bucket(self) -> str:
        """`s3://bucket/prefix` where nothing is. One bucket for all: SeaweedFS gives each bucket volumes of its own,
        and after some tests there were none left."""
        return f"s3://{BUCKET}/{uuid.uuid4().hex[:12]}/some/prefix"

    def is_writable(self) -> bool:
        """Makes the bucket, and keeps trying until the server takes an object."""
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )
        try:
            with contextlib.suppress(client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
                client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"ready")
        except (BotoCoreError, ClientError):
            return False
        finally:
            client.close()
        return True


@contextlib.contextmanager
def start_s3(folder: Path) -> Iterator[S3Server]:
    weed = Path(sys.executable).with_name("weed")
    keys = S3Server(f"http://127.0.0.1:{free_port()}", "test-access", "test-secret-key")
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": keys.access_key, "secretKey": keys.secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    words = [str(weed), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-s3", "-volume.max=50"]
    words += ["-master.volumeSizeLimitMB=256", "-master.telemetry=false", f"-s3.config={folder / 's3.json'}"]
    # services on fixed ports, for which a second server on this machine would die
    words += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
    words.append(f"-s3.port={keys.endpoint.rsplit(':', 1)[1]}")
    for name in ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc"):
        words.append(f"-{name}={free_port()}")
    for name in ("filer.port", "filer.port.grpc", "s3.port.grpc"):
        words.append(f"-{name}={free_port()}")

    with running(words, folder / "weed.log", keys.is_writable, cwd=folder):
        yield keys


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with start_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


# --- PostgreSQL ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PostgresServer:
    port: int

    def fresh_database(self) -> str:
        """Address of a database that is empty."""
        import psycopg

        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"


def postgres_binaries() -> Path:
    """Debian keeps them out of PATH, in a folder for each version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    if at := shutil.which("postgres"):
        return Path(at).parent
    raise RuntimeError("the tests need PostgreSQL: apt-get install postgresql")


@contextlib.contextmanager
def start_postgres(folder: Path) -> Iterator[PostgresServer]:
    """PostgreSQL refuses to run as root, so root runs it as the user `postgres`, who must be able to reach `folder`."""
    binaries, data = postgres_binaries(), folder / "data"
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
        for parent in folder.parents:
            if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
    initdb = [*as_user, str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    made = subprocess.run([*initdb, "--no-locale", "--no-sync"], capture_output=True, text=True, cwd=folder)
    assert made.returncode == 0, f"initdb: {made.stdout}{made.stderr}"
    server = PostgresServer(free_port())
    words = [*as_user, str(binaries / "postgres"), "-D", str(data), "-p", str(server.port), "-h", "127.0.0.1"]
    words += ["-k", str(folder), "-c", "fsync=off", "-c", "max_connections=200"]

    def is_ready() -> bool:
        probe = subprocess.run(
            [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(server.port)], check=False
        )
        return probe.returncode == 0

    with running(words, folder / "postgres.log", is_ready, cwd=folder):
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Outside pytest's own folder, which each pytest that starts closes to all but its user, so to `postgres` too."""
    with tempfile.TemporaryDirectory(prefix="zoco-postgres-") as folder, start_postgres(Path(folder)) as server:
        yield server
