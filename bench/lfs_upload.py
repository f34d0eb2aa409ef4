"""An LFS upload beside the least it must do: `tee` to disk and `openssl sha256` of the same bytes, in turns.

Our answer says that the file is on the disk, so the peer syncs its file too; how long it takes when it leaves the bytes
in the page cache is told beside it. The file differs in its first bytes each time, so that none is known.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.download import make_file
from bench.lfs import announced, new_repo, sha256_of
from bench.report import Race
from tests.running import Server

SIZE_BYTES = int(os.environ.get("BENCH_BYTES", 2 << 30))
BOUND = 1 / 0.75
ROUNDS = 5


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="zoco-bench-") as name:
        folder = Path(name)
        server = Server(folder / "hub", {"log_level": "warning"}, workers=2).start()
        try:
            person = server.person("ana")
            repo = new_repo(server, person, "speed")
            file, copy = folder / "weights.bin", folder / "copy.bin"
            make_file(file, SIZE_BYTES)
            name = f"LFS upload of {SIZE_BYTES / (1 << 30):g} GiB"
            durable, cached = Race(f"{name}, synced peer"), Race(f"{name}, cached peer")

            def upload() -> None:
                subprocess.run(["curl", "-fsS", "-T", str(file), address], check=True)

            def in_cache() -> None:
                tee = f"tee '{copy}' < '{file}' | openssl sha256"
                subprocess.run(["sh", "-c", tee], check=True, stdout=subprocess.DEVNULL)

            def on_disk() -> None:
                in_cache()
                subprocess.run(["sync", str(copy)], check=True)

            for turn in range(ROUNDS + 1):
                with file.open("r+b") as data:
                    data.write(os.urandom(16))
                address = announced(server, person, repo, "upload", sha256_of(file), SIZE_BYTES)
                ways = (upload, on_disk, in_cache)
                times = {work: _timed(work, copy) for work in (ways if turn % 2 else ways[::-1])}
                if turn:  # the first is for warming up
                    for race, peer in ((durable, on_disk), (cached, in_cache)):
                        race.ours.append(times[upload])
                        race.peers.append(times[peer])
            print(durable.line(BOUND), cached.line(BOUND), sep="\n", flush=True)
        finally:
            server.stop()


def _timed(work: Callable[[], None], copy: Path) -> float:
    copy.unlink(missing_ok=True)
    os.sync()  # what the other one left in the page cache is not this one's to write
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
