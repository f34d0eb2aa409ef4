"""LFS uploads straight to an S3 server beside the same uploads through us: the time, and the processor time of the Hub.

Both end when the file counts: verified, and in the database. One file alone takes longer straight: it is read back when
it is there, while what comes through us is hashed and handed on as it comes. What the straight way saves is the Hub's
network (half of it), which is not in these numbers: everything shares one machine.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from bench.download import make_file
from bench.lfs import new_repo, sha256_of
from bench.report import Race
from tests.running import Person, Server
from tests.services import S3Server, start_s3

MEBI = 1 << 20
KINDS = [(8, 16), (64, 4), (512, 1)]
BOUND = 1.75
ROUNDS = 3


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="zoco-bench-") as name:
        folder = Path(name)
        (folder / "s3").mkdir()
        with (
            start_s3(folder / "s3") as store,
            hub(folder / "on", store, "on") as on,
            hub(folder / "off", store, "off") as off,
        ):
            for mebi, files in KINDS:
                compare(folder / "weights.bin", on, off, mebi, files)


@contextlib.contextmanager
def hub(data: Path, store: S3Server, direct: str) -> Iterator[Server]:
    settings = {
        "storage_url": store.fresh_bucket(),
        "storage_endpoint": store.endpoint,
        "storage_access_key": store.access_key,
        "storage_secret_key": store.secret_key,
        "direct_transfers": direct,
        "log_level": "warning",
    }
    server = Server(data, settings, workers=2).start()
    try:
        yield server
    finally:
        server.stop()


def compare(file: Path, on: Server, off: Server, mebi: int, files: int) -> None:
    make_file(file, mebi * MEBI)
    ours, peer = Way(on, f"ana-{mebi}"), Way(off, f"ana-{mebi}")
    for way in (ours, peer):
        way.upload(file, files)
    ours.spent_s = peer.spent_s = 0
    race = Race(f"{files} × {mebi} MiB to S3, straight")
    race.run(ROUNDS, lambda _: ours.upload(file, files), lambda _: peer.upload(file, files))
    print(race.line(BOUND))
    gib = ROUNDS * files * mebi / 1024
    print(
        f"    processor time of the Hub, s/GiB: {ours.spent_s / gib:.1f} straight, {peer.spent_s / gib:.1f} through us"
    )


class Way:
    def __init__(self, server: Server, name: str) -> None:
        self.spent_s = 0.0
        self._server, self._person = server, server.person(name)
        self._repo = new_repo(server, self._person, "speed")

    def upload(self, file: Path, times: int) -> None:
        before = processor_s(self._server)
        for _ in range(times):
            with file.open("r+b") as data:
                data.write(os.urandom(16))
            send(self._server, self._person, self._repo, file)
        self.spent_s += processor_s(self._server) - before


def send(server: Server, person: Person, repo: str, file: Path) -> None:
    named = {"oid": sha256_of(file), "size": file.stat().st_size}
    answer = httpx.post(
        f"{server.url}/{repo}.git/info/lfs/objects/batch",
        json={"operation": "upload", "objects": [named]},
        headers={"Authorization": f"Bearer {person.token}"},
    )
    actions: dict[str, Any] = answer.json()["objects"][0]["actions"]
    subprocess.run(["curl", "-fsS", "-T", str(file), actions["upload"]["href"]], check=True)
    httpx.post(actions["verify"]["href"], json=named, timeout=300, follow_redirects=True).raise_for_status()


def processor_s(server: Server) -> float:
    """Of all its processes so far."""
    process = server._process  # noqa: SLF001 - its group is how they are known
    assert process
    total = 0
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and os.getpgid(int(entry.name)) == process.pid:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
