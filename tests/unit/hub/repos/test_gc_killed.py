"""Collection that dies at any point has taken nothing that is needed, and the next run ends what it began."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.running import kills
from tests.small_hub import SmallHub, hub, repo_id
from tests.unit.hub.repos.garbage_model import sha
from tests.xet_data import Used, bytes_of, register, send_xorb
from tests.xet_files import pack

from zoco.core.access import Actor
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.lfs.content import read_object
from zoco.hub.lfs.objects import find
from zoco.hub.repos import garbage
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, DeleteFile, FileOp, LfsOp
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.fsck import check
from zoco.hub.repos.garbage import Rules, Skipped
from zoco.hub.repos.open import open_for_admin
from zoco.hub.repos.squash import super_squash
from zoco.hub.xet.xorbs import Xet

__all__ = ["hub"]

NOW = Rules(0, 0, LfsLimits(10**9))

CHILD = """
import sys
from pathlib import Path
from tests.small_hub import hub_in
from tests.unit.hub.repos.test_gc_killed import NOW
from zoco.adapters.db.engine import open_postgresql, open_sqlite
from zoco.hub.repos import garbage

address, folder = sys.argv[1:]
db = open_postgresql(address) if address.startswith("postgresql") else open_sqlite(Path(address))
print("begun", flush=True)
garbage.run(hub_in(Path(folder), db).storage, NOW, lambda gone: None)
print("done", flush=True)
"""

POINTS = [
    "gc_after_store", "gc_before_commit", "gc_after_commit", "gc_after_objects", "gc_after_files", "gc_after_mark",
    "gc_after_xorbs", "gc_after_delete",
]  # fmt: skip

KEPT_XORB = pack([letter.encode() * 500 for letter in "abcd"])


def make_garbage(hub: SmallHub, ana: Actor, turn: int) -> dict[str, bytes]:
    """Of every kind, in a repository with files that must stay. These files."""
    repo = hub.repo(ana, f"ana/kept{turn}", {"README.md": "# Kept\n"})
    lost_xorb = pack([f"{letter}{turn}".encode() * 300 for letter in "wxyz"])
    for made in (KEPT_XORB, lost_xorb):
        send_xorb(hub.storage.xet, made)

    def put(path: str, data: bytes) -> None:
        pointer = hub.lfs_object(ana, repo, data)
        commit(hub.storage, repo, ana, "main", CommitRequest("add", (LfsOp(path, pointer.sha256),)))

    def put_xet(path: str, terms: list[Used]) -> bytes:
        pointer = register(hub.storage.xet, repo, terms, None, 0)
        commit(hub.storage, repo, ana, "main", CommitRequest("add", (LfsOp(path, pointer.sha256),)))
        return bytes_of(terms)

    put("lost.bin", f"lost {turn}".encode() * 50)
    put_xet("lost.xet", [(lost_xorb, 0, 4)])
    commit(hub.storage, repo, ana, "main", CommitRequest("rm", (DeleteFile("lost.bin"), DeleteFile("lost.xet"))))
    kept = {"kept.bin": f"kept {turn}".encode() * 50, "note.txt": b""}
    put("kept.bin", kept["kept.bin"])
    kept["kept.xet"] = put_xet("kept.xet", [(KEPT_XORB, turn % 3, 4), (KEPT_XORB, 0, 1)])
    commit(hub.storage, repo, ana, "main", CommitRequest("add", (FileOp("note.txt", b""),)))
    hub.lfs_object(ana, repo, f"never committed {turn}".encode())
    super_squash(hub.storage, open_for_admin(hub.storage, repo.id, ana), ana, "main")
    gone = hub.repo(ana, f"ana/gone{turn}", {"README.md": "# Gone\n"})
    hub.lfs_object(ana, gone, f"gone {turn}".encode() * 50)
    delete_repo(hub.storage, gone, ana)
    return kept


def address_of(hub: SmallHub, folder: Path) -> str:
    url = hub.db.engine.url
    if hub.db.is_sqlite:
        return str(folder / "zoco.db")
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def demand_whole(hub: SmallHub, ana: Actor, kept: dict[int, dict[str, bytes]]) -> None:
    for turn, files in kept.items():
        repo = open_for_admin(hub.storage, repo_id(f"ana/kept{turn}"), ana)
        for data in filter(None, files.values()):
            found = find(hub.db, repo, sha(data))
            assert found, f"{data[:20]!r} is gone"
            assert b"".join(read_object(Xet(hub.db, hub.storage.blobs), found)) == data
    damages: list[object] = []
    check(hub.storage, [], damages.append, fast=False)
    assert damages == []


@pytest.mark.parametrize("point", POINTS)
def test_a_run_that_was_killed_is_ended_by_the_next(hub: SmallHub, tmp_path: Path, point: str) -> None:
    ana = hub.user("ana")
    kept = {turn: make_garbage(hub, ana, turn) for turn in range(2)}
    command = [sys.executable, "-c", CHILD, address_of(hub, tmp_path), str(tmp_path)]
    done = subprocess.run(
        command,
        env={**os.environ, "ZOCO_FAILPOINT": point},
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (137, "begun\n"), done.stderr
    demand_whole(hub, ana, kept)
    assert garbage.run(hub.storage, NOW, lambda _gone: None) == []
    demand_whole(hub, ana, kept)
    keys = set(hub.storage.blobs.keys("xorbs/")) | set(hub.storage.blobs.keys("lfs/"))
    assert len(keys) == 1 + 2, "the xorb that both need, and a file of each"


def test_runs_that_are_killed_at_any_moment_take_nothing_that_is_needed(hub: SmallHub, tmp_path: Path) -> None:
    ana = hub.user("ana")
    chance = random.Random(7)
    command = [sys.executable, "-c", CHILD, address_of(hub, tmp_path), str(tmp_path)]
    kept: dict[int, dict[str, bytes]] = {}
    for turn in range(kills(5)):
        kept[turn] = make_garbage(hub, ana, turn)
        with subprocess.Popen(command, cwd=Path(__file__).parents[4], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout
            assert child.stdout.readline() == "begun\n"
            time.sleep(chance.random() * 0.8)
            child.kill()
        demand_whole(hub, ana, kept)
    garbage.run(hub.storage, NOW, lambda _gone: None)
    demand_whole(hub, ana, kept)
    assert len(list(hub.storage.blobs.keys("xorbs/"))) == 1
    assert len(list(hub.storage.blobs.keys("lfs/"))) == len(kept)


def test_runs_at_once_do_not_hold_each_other_up(hub: SmallHub) -> None:
    """The worker's, and those that people start beside it."""
    ana = hub.user("ana")
    kept = {turn: make_garbage(hub, ana, turn) for turn in range(4)}
    start = threading.Barrier(3)

    def run(_number: int) -> list[Skipped]:
        start.wait(30)
        return [one for _ in range(3) for one in garbage.run(hub.storage, NOW, lambda _gone: None)]

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(run, range(3))) == [[], [], []]
    demand_whole(hub, ana, kept)
    assert len(list(hub.storage.blobs.keys("xorbs/"))) == 1
    assert len(list(hub.storage.blobs.keys("lfs/"))) == len(kept)
