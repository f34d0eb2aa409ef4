"""git over HTTP beside plain bare repositories behind `git http-backend`: small push, 2,000 files, clone."""

from __future__ import annotations

import json
import os
import random
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable
from itertools import count
from pathlib import Path

from bench.peers import bare_repository, nginx
from bench.report import Race
from tests.running import Server

BOUND = 1.3
FILES = 2000
_WHO = {f"GIT_{role}_{what}": "bench" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="zoco-bench-") as name:
        folder = Path(name)
        server = Server(folder / "hub", {"log_level": "warning"}, workers=2).start()
        try:
            with nginx(folder / "nginx", folder / "files", folder / "repos") as peer:
                token = server.person("ana").token
                remotes = _remotes(folder, server, token, peer)
                small_pushes(folder, *remotes)
                large_pushes(folder, *remotes)
                clones(folder, *remotes)
        finally:
            server.stop()


Remote = Callable[[str], str]
"""Makes a new empty repository of that name; answers its address."""


def _remotes(folder: Path, server: Server, token: str, peer: str) -> tuple[Remote, Remote]:
    def ours(name: str) -> str:
        request = urllib.request.Request(
            f"{server.url}/api/repos/create",
            json.dumps({"name": name}).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        urllib.request.urlopen(request).close()
        return f"{server.url.replace('http://', f'http://ana:{token}@')}/ana/{name}"

    def theirs(name: str) -> str:
        bare_repository(folder / "repos", name)
        return f"{peer}/git/{name}.git"

    return ours, theirs


def git(folder: Path, *arguments: str) -> None:
    quiet = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", **_WHO}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=quiet)


def small_pushes(folder: Path, ours: Remote, theirs: Remote) -> None:
    ends = []
    for name, remote in (("ours", ours), ("theirs", theirs)):
        work = _repository(folder / f"small-{name}", 1)
        address = remote(f"small-{name}")
        git(work, "push", "-q", "-f", address, "HEAD:main")
        ends.append((work, address, count()))

    def push(end: int) -> None:
        work, address, number = ends[end]
        (work / "f0.txt").write_text(f"{next(number)}\n")
        git(work, "commit", "-qam", "note")
        git(work, "push", "-q", address, "HEAD:main")

    race = Race("push of one small file")
    race.run(21, lambda _: push(0), lambda _: push(1))
    print(race.line(BOUND), flush=True)


def large_pushes(folder: Path, ours: Remote, theirs: Remote) -> None:
    rounds = 7
    works = [_repository(folder / f"many{n}", FILES, seed=n) for n in range(rounds)]
    mine = [ours(f"many{n}") for n in range(rounds)]
    peers = [theirs(f"many{n}") for n in range(rounds)]
    race = Race(f"push of {FILES:,} files")
    race.run(
        rounds,
        lambda n: git(works[n], "push", "-q", "-f", mine[n], "HEAD:main"),
        lambda n: git(works[n], "push", "-q", "-f", peers[n], "HEAD:main"),
    )
    print(race.line(BOUND), flush=True)


def clones(folder: Path, ours: Remote, theirs: Remote) -> None:
    work = _repository(folder / "clone", FILES, seed=99)
    addresses = ours("clone"), theirs("clone")
    for address in addresses:
        git(work, "push", "-q", "-f", address, "HEAD:main")
    number = count()
    race = Race(f"clone of {FILES:,} files")
    race.run(
        11,
        lambda _: git(folder, "clone", "-q", "--bare", addresses[0], f"c{next(number)}"),
        lambda _: git(folder, "clone", "-q", "--bare", addresses[1], f"c{next(number)}"),
    )
    print(race.line(BOUND), flush=True)


def _repository(work: Path, files: int, seed: int = 0) -> Path:
    chance = random.Random(seed)
    work.mkdir()
    git(work, "init", "-q", "-b", "main")
    for n in range(files):
        path = work / f"d{n % 40}" / f"f{n}.txt" if files > 1 else work / f"f{n}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(chance.randbytes(260).hex())
    git(work, "add", ".")
    git(work, "commit", "-qm", f"{files} files")
    return work


if __name__ == "__main__":
    main()
