"""A 4 GiB LFS file beside nginx with sendfile, in turns: whole to one client, and in parts to eight at once."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import httpx
from bench.lfs import announced, new_repo, sha256_of
from bench.peers import nginx
from bench.report import Race
from tests.running import Server

SIZE_BYTES = int(os.environ.get("BENCH_BYTES", 4 << 30))
BOUND = 1 / 0.9
ROUNDS = 5
CLIENTS = 8


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="zoco-bench-") as name:
        folder = Path(name)
        file = folder / "files" / "weights.bin"
        file.parent.mkdir()
        make_file(file, SIZE_BYTES)
        server = Server(folder / "hub", {"log_level": "warning"}, workers=2).start()
        try:
            with nginx(folder / "nginx", file.parent, folder / "repos") as peer:
                ours = _uploaded(server, file)
                race = Race(f"download of {SIZE_BYTES / (1 << 30):g} GiB")
                _fetch(ours)  # both files in the page cache
                _fetch(f"{peer}/files/weights.bin")
                race.run(ROUNDS, lambda _: _fetch(ours), lambda _: _fetch(f"{peer}/files/weights.bin"))
                print(race.line(BOUND), flush=True)
                parts = Race(f"by {CLIENTS} clients at once")
                parts.run(ROUNDS, lambda _: _fetch_parts(ours), lambda _: _fetch_parts(f"{peer}/files/weights.bin"))
                print(parts.line(BOUND), flush=True)
        finally:
            server.stop()


def make_file(file: Path, size: int) -> None:
    piece = os.urandom(64 << 20)
    with file.open("wb") as out:
        for at in range(0, size, len(piece)):
            out.write(piece[: size - at])


def _uploaded(server: Server, file: Path) -> str:
    """Address to download it from."""
    person = server.person("ana")
    repo = new_repo(server, person, "speed")
    sha256, size = sha256_of(file), file.stat().st_size
    up = announced(server, person, repo, "upload", sha256, size)
    with file.open("rb") as data:
        httpx.put(up, content=data, headers={"Content-Length": str(size)}, timeout=600).raise_for_status()
    return announced(server, person, repo, "download", sha256, size)


def _fetch(address: str) -> None:
    subprocess.run(["curl", "-fsS", "-o", os.devnull, address], check=True)


def _fetch_parts(address: str) -> None:
    size = SIZE_BYTES // CLIENTS
    clients = [
        subprocess.Popen(["curl", "-fsS", "-o", os.devnull, "-r", f"{start}-{start + size - 1}", address])
        for start in range(0, size * CLIENTS, size)
    ]
    for client in clients:
        assert client.wait() == 0


if __name__ == "__main__":
    main()
