"""How much memory does a large Xet upload cost the server, and do several clients use more than one core?"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from bench.xet import Bench, bench, cpu_seconds
from tests.running import Server

SIZES_BYTES = (1 << 30, int(os.environ.get("BENCH_BYTES", 10 << 30)))
RSS_BOUND_MB = 400
CLIENTS = 3
CLIENT_BYTES = 1 << 30


def main() -> None:
    with bench() as made:
        for size in SIZES_BYTES:
            memory_of_an_upload(made, size)
        cores_of_several_clients(made)


def memory_of_an_upload(made: Bench, size: int) -> None:
    _fill(made.file, size)
    repo = made.fresh_repo()
    with _Watch(made.server) as watch:
        took = made.upload(repo)
    verdict = "ok" if watch.peak_mb <= RSS_BOUND_MB else "MISSED"
    told = f"largest process {watch.peak_mb:.0f} MB (bound {RSS_BOUND_MB})"
    print(f"Xet upload of {size / (1 << 30):g} GiB in {took:.0f} s: {told} {verdict}", flush=True)


def cores_of_several_clients(made: Bench) -> None:
    def upload(number: int) -> None:
        with tempfile.TemporaryDirectory(dir=made.folder) as name:
            one = Bench(Path(name), made.server, made.person)
            _fill(one.file, CLIENT_BYTES)
            ready.wait()
            one.upload(repos[number])

    repos = [made.fresh_repo() for _ in range(CLIENTS)]
    ready = threading.Barrier(CLIENTS + 1)
    with ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(upload, number) for number in range(CLIENTS)]
        ready.wait()
        before, started = _by_process(made.server), time.perf_counter()
        for one in running:
            one.result()
    took = time.perf_counter() - started
    spent = {pid: seconds - before.get(pid, 0) for pid, seconds in _by_process(made.server).items()}
    busy = sorted((seconds for seconds in spent.values() if seconds > 0.1), reverse=True)
    shares = ", ".join(f"{seconds:.1f}" for seconds in busy)
    print(f"{CLIENTS} clients at once, 1 GiB each: {took:.1f} s; CPU seconds by process {shares}", flush=True)


class _Watch:
    """The largest resident size that any one process of the Hub had meanwhile."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.peak_mb = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        page_mb = os.sysconf("SC_PAGE_SIZE") / (1 << 20)
        while not self._end.wait(0.1):
            for pid in _pids(self._server):
                try:
                    resident = int((Path("/proc") / pid / "statm").read_text().split()[1])
                except OSError:
                    continue
                self.peak_mb = max(self.peak_mb, resident * page_mb)


def _pids(server: Server) -> list[str]:
    found = subprocess.run(["pgrep", "-g", str(server.group)], capture_output=True, text=True, check=True)
    return found.stdout.split()


def _by_process(server: Server) -> dict[str, float]:
    return {pid: cpu_seconds(server, pid) for pid in _pids(server)}


def _fill(file: Path, size: int) -> None:
    """Fresh bytes throughout: nothing that was uploaded before repeats."""
    with file.open("wb") as out:
        for at in range(0, size, 64 << 20):
            out.write(os.urandom(min(64 << 20, size - at)))


if __name__ == "__main__":
    main()
