"""Hot calls of the Hub's API beside a bare JSON route of the same worker: requests per second and p99.

HEAD resolve is what every client sends first for every file; the tree is what pages and snapshot_download read. One
worker, so that the numbers are per worker. And the time of a commit of 1,000 files. The client is ours: wrk waits for
the body that an answer to HEAD announces.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.running import Person, Server

SECONDS = int(os.environ.get("BENCH_SECONDS", 3))
ROUNDS = 3
CONNECTIONS = (1, 32)
FILES = 1000
COMMIT_BOUND_S = 1.0


@dataclass(frozen=True)
class Load:
    name: str
    path: str
    method: str = "GET"


@dataclass(frozen=True)
class Result:
    per_second: float
    p99_ms: float


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="zoco-bench-") as name:
        folder = Path(name)
        server = Server(folder / "hub", {"log_level": "warning", "rate_limit_api": "0", "rate_limit_resolvers": "0"})
        server.start()
        try:
            ana = server.person("ana")
            _commits(server, ana)
            _race(server, ana)
        finally:
            server.stop()


def _commits(server: Server, ana: Person) -> None:
    call(server, ana, "POST", "/api/repos/create", json.dumps({"name": "many"}).encode())
    times = []
    for turn in range(5):
        body = commit_of({f"d{n % 20}/f{n:04}.txt": f"{turn} {n}\n" for n in range(FILES)})
        started = time.perf_counter()
        call(server, ana, "POST", "/api/models/ana/many/commit/main", body)
        times.append(time.perf_counter() - started)
    median = statistics.median(times)
    verdict = "ok" if median < COMMIT_BOUND_S else "MISSED"
    print(
        f"commit of {FILES} files           {median * 1000:8.1f} ms [{min(times) * 1000:.1f}–{max(times) * 1000:.1f}]"
        f" (bound {COMMIT_BOUND_S * 1000:.0f} ms, n={len(times)}) {verdict}",
        flush=True,
    )


def _race(server: Server, ana: Person) -> None:
    call(server, ana, "POST", "/api/repos/create", json.dumps({"name": "few"}).encode())
    call(server, ana, "POST", "/api/models/ana/few/commit/main", commit_of({f"f{n}.txt": "x" for n in range(20)}))
    loads = [
        Load("bare JSON (/healthz)", "/healthz"),
        Load("HEAD resolve", "/ana/few/resolve/main/f1.txt", "HEAD"),
        Load("GET resolve, small file", "/ana/few/resolve/main/f1.txt"),
        Load("tree of 21 entries", "/api/models/ana/few/tree/main"),
        Load("tree of 1,000 entries", "/api/models/ana/many/tree/main?recursive=true"),
        Load("info", "/api/models/ana/few"),
        Load("whoami", "/api/whoami-v2"),
    ]
    for connections in CONNECTIONS:
        print(f"\n{connections} connection(s), one worker; medians of {ROUNDS} rounds of {SECONDS} s, taken in turns")
        found: dict[str, list[Result]] = {load.name: [] for load in loads}
        for _ in range(ROUNDS):
            for load in loads:
                found[load.name].append(measure(server, ana, load, connections))
        bare = statistics.median(result.per_second for result in found[loads[0].name])
        for load in loads:
            rate = statistics.median(result.per_second for result in found[load.name])
            p99 = statistics.median(result.p99_ms for result in found[load.name])
            print(
                f"{load.name:<26} {rate:8.0f} requests/s   p99 {p99:7.2f} ms   {rate / bare:5.2f} of bare", flush=True
            )


def measure(server: Server, who: Person, load: Load, connections: int) -> Result:
    """Every connection asks again as soon as it has its answer."""
    asked = (
        f"{load.method} {load.path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Authorization: Bearer {who.token}\r\n\r\n"
    ).encode()
    return asyncio.run(_measured(server.port, asked, load.method == "HEAD", connections))


async def _measured(port: int, asked: bytes, is_head: bool, connections: int) -> Result:
    took: list[float] = []
    until = time.perf_counter() + SECONDS

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        while (started := time.perf_counter()) < until:
            writer.write(asked)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            size = re.search(rb"(?i)content-length: (\d+)", head)
            if size and not is_head:
                await reader.readexactly(int(size[1]))
            took.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    took.sort()
    return Result(len(took) / SECONDS, took[int(len(took) * 0.99)] * 1000)


def commit_of(files: dict[str, str]) -> bytes:
    lines: list[dict[str, object]] = [{"key": "header", "value": {"summary": "change"}}]
    lines += [{"key": "file", "value": {"path": path, "content": text}} for path, text in files.items()]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def call(server: Server, who: Person, method: str, path: str, body: bytes) -> None:
    media_type = "application/x-ndjson" if "/commit/" in path else "application/json"
    headers = {"Authorization": f"Bearer {who.token}", "Content-Type": media_type}
    request = urllib.request.Request(f"{server.url}{path}", body, headers, method=method)
    with urllib.request.urlopen(request, timeout=120) as answer:
        answer.read()


if __name__ == "__main__":
    main()
