"""Xet beside plain LFS with the same client, a second version from a new machine, and the bridge beside a plain file.

Random bytes are the worst case: nothing compresses, and the only repetition is the one a second version brings.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.lfs import new_repo
from bench.report import Race
from tests.clients.hf_client import environment, run
from tests.running import Person, Server

SIZE_BYTES = int(os.environ.get("BENCH_BYTES", 1 << 30))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", 3))
UPLOAD_BOUND = 2.5
DOWNLOAD_BOUND = 1.0
SECOND_VERSION_BOUND = 0.03
BRIDGE_BOUND = 2.0
EDIT_BYTES = 64 << 10
HF = Path(__file__).parents[1] / ".venv" / "bin" / "hf"

_numbers = itertools.count(1)


class Bench:
    """A Hub, somebody to use it, and a fresh machine for each run of a client."""

    def __init__(self, folder: Path, server: Server, person: Person) -> None:
        self.folder, self.server, self.person = folder, server, person
        self.file = folder / "weights.bin"

    def fresh_file(self) -> None:
        piece_size = 64 << 20
        with self.file.open("wb") as out:
            for at in range(0, SIZE_BYTES, piece_size):
                out.write(os.urandom(min(piece_size, SIZE_BYTES - at)))

    def fresh_repo(self) -> str:
        return new_repo(self.server, self.person, f"speed-{next(_numbers)}")

    def upload(self, repo: str, **more: str) -> float:
        return self._hf("upload", repo, str(self.file), "weights.bin", **more)

    def download(self, repo: str, **more: str) -> float:
        out = self.folder / "out"
        try:
            return self._hf("download", repo, "weights.bin", "--local-dir", str(out), **more)
        finally:
            shutil.rmtree(out, ignore_errors=True)

    def _hf(self, *arguments: str, **more: str) -> float:
        with tempfile.TemporaryDirectory(dir=self.folder) as home:
            env = environment(self.server, Path(home), HF_TOKEN=self.person.token, **more)
            os.sync()
            started = time.perf_counter()
            run([str(HF), *arguments], env)
            return time.perf_counter() - started

    def stored_bytes(self) -> int:
        return sum(file.stat().st_size for file in (self.server.data / "store").rglob("*") if file.is_file())


def main() -> None:
    with bench() as made:
        race_of_uploads(made)
        race_of_downloads(made)
        second_version(made)
        bridge(made)


@contextmanager
def bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="zoco-bench-") as name:
        server = Server(Path(name) / "hub", {"log_level": "warning"}, workers=2).start()
        try:
            yield Bench(Path(name), server, server.person("ana"))
        finally:
            server.stop()


def race_of_uploads(made: Bench) -> None:
    race = Race(f"Xet upload of {_gib()}, peer: LFS")
    cpu: list[float] = []
    for turn in range(ROUNDS):
        ways: list[tuple[list[float], dict[str, str]]] = [(race.ours, {}), (race.peers, {"HF_HUB_DISABLE_XET": "1"})]
        for times, how in ways if turn % 2 else ways[::-1]:
            made.fresh_file()
            repo = made.fresh_repo()
            before = cpu_seconds(made.server)
            times.append(made.upload(repo, **how))
            if times is race.ours:
                cpu.append((cpu_seconds(made.server) - before) / (SIZE_BYTES / (1 << 30)))
    print(race.line(UPLOAD_BOUND), f"  server CPU {min(cpu):.1f}–{max(cpu):.1f} s/GiB", flush=True)


def race_of_downloads(made: Bench) -> None:
    made.fresh_file()
    ours, peers = made.fresh_repo(), made.fresh_repo()
    made.upload(peers, HF_HUB_DISABLE_XET="1")
    made.fresh_file()
    made.upload(ours)
    race = Race(f"Xet download of {_gib()}, peer: LFS")
    for turn in range(ROUNDS + 1):
        ways: list[tuple[list[float], Callable[[], float]]] = [
            (race.ours, lambda: made.download(ours)),
            (race.peers, lambda: made.download(peers, HF_HUB_DISABLE_XET="1")),
        ]
        for times, work in ways if turn % 2 else ways[::-1]:
            took = work()
            if turn:  # the first warms the page cache up
                times.append(took)
    print(race.line(DOWNLOAD_BOUND), flush=True)


def second_version(made: Bench) -> None:
    """1 % of the bytes change, scattered in pieces of 64 KiB; the client's cache is that of a new machine."""
    made.fresh_file()
    repo = made.fresh_repo()
    made.upload(repo)
    edits = max(1, SIZE_BYTES // 100 // EDIT_BYTES)
    with made.file.open("r+b") as file:
        for at in random.Random(7).sample(range(SIZE_BYTES // EDIT_BYTES), edits):
            file.seek(at * EDIT_BYTES)
            file.write(os.urandom(EDIT_BYTES))
    before = made.stored_bytes()
    took = made.upload(repo)
    share = (made.stored_bytes() - before) / SIZE_BYTES
    verdict = "ok" if share <= SECOND_VERSION_BOUND else "MISSED"
    print(
        f"second version, {edits} edits: {share:.2%} sent (bound {SECOND_VERSION_BOUND:.0%}) in {took:.1f} s {verdict}"
    )


def bridge(made: Bench) -> None:
    """A file in xorbs, put together for curl, beside the same bytes stored plain."""
    made.fresh_file()
    plain, rests_in_xet = made.fresh_repo(), made.fresh_repo()
    made.upload(plain, HF_HUB_DISABLE_XET="1")
    made.fresh_file()
    made.upload(rests_in_xet)
    race = Race(f"curl of {_gib()} in xorbs, peer: plain")
    cpu: dict[str, list[float]] = {plain: [], rests_in_xet: []}
    for turn in range(2 * ROUNDS + 1):
        ways = [(race.ours, rests_in_xet), (race.peers, plain)]
        for times, repo in ways if turn % 2 else ways[::-1]:
            before = cpu_seconds(made.server)
            started = time.perf_counter()
            address = f"{made.server.url}/{repo}/resolve/main/weights.bin"
            subprocess.run(["curl", "-fsSL", "-o", os.devnull, address], check=True)
            took = time.perf_counter() - started
            if turn:
                times.append(took)
                cpu[repo].append((cpu_seconds(made.server) - before) / (SIZE_BYTES / (1 << 30)))
    spent = f"server CPU {min(cpu[rests_in_xet]):.2f} s/GiB, plain {min(cpu[plain]):.2f}"
    print(race.line(BRIDGE_BOUND), f"  {spent}", flush=True)


def cpu_seconds(server: Server, pid: str = "[0-9]*") -> float:
    """Of all processes of the Hub, or of one; those that ended are not counted."""
    ticks = 0
    for stat in Path("/proc").glob(f"{pid}/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == server.group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _gib() -> str:
    return f"{SIZE_BYTES / (1 << 30):g} GiB"


if __name__ == "__main__":
    main()
