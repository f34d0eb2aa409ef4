"""Two nodes with caches of their own, one PostgreSQL and one S3 server: what one takes the other has."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.git_node import Node, clone, commit_files, fsck, git, make_node, out, serve
from tests.services import PostgresServer, S3Server

from zoco.adapters.blobs.object import ObjectBlobStore
from zoco.adapters.db.engine import open_postgresql
from zoco.hub.repos.consolidate import consolidate
from zoco.hub.repos.prune import prune

pytestmark = [pytest.mark.postgres, pytest.mark.s3]


@pytest.fixture
def nodes(postgres_server: PostgresServer, s3_server: S3Server, tmp_path: Path) -> Iterator[list[Node]]:
    database, bucket = postgres_server.fresh_database(), s3_server.fresh_bucket()
    with ExitStack() as stack:
        made = []
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            blobs = ObjectBlobStore(
                bucket,
                endpoint=s3_server.endpoint,
                access_key=s3_server.access_key,
                secret_key=s3_server.secret_key,
                region=s3_server.region,
                scratch=folder / "scratch",
            )
            db = open_postgresql(database)
            stack.callback(db.close)
            made.append(stack.enter_context(serve(make_node(folder, db, blobs, packs_before_consolidation=5))))
        made[0].add_repo("iris")
        yield made


def test_what_one_takes_the_other_serves_at_once(nodes: list[Node], tmp_path: Path) -> None:
    one, two = (f"{node.url}/iris.git" for node in nodes)
    work = clone(one, tmp_path / "work")
    for n in range(3):
        tip = commit_files(work, {f"f{n}": str(n)})
        git(work, "push", "-q", one, "HEAD:main")
        assert out(clone(two, tmp_path / f"copy{n}"), "rev-parse", "HEAD") == tip
    git(work, "push", "-q", two, "HEAD:refs/heads/other", ":refs/heads/none")
    assert f"{tip}\trefs/heads/other" in out(work, "ls-remote", one)
    assert [list(node.storage.blobs.scratch.iterdir()) for node in nodes] == [[], []]


def test_of_pushes_to_both_at_once_one_wins(nodes: list[Node], tmp_path: Path) -> None:
    urls = [f"{node.url}/iris.git" for node in nodes]
    first = clone(urls[0], tmp_path / "c0")
    commit_files(first, {"start": "1"})
    git(first, "push", "-q", "origin", "HEAD:main")
    copies = [first, *(clone(urls[n % 2], tmp_path / f"c{n}") for n in range(1, 4))]
    for _ in range(3):
        for n, copy in enumerate(copies):
            git(copy, "fetch", "-q", "origin")
            git(copy, "reset", "-q", "--hard", "origin/main")
            commit_files(copy, {f"f{n}": out(copy, "rev-parse", "HEAD")})
        codes: list[int] = []

        def run(copy: Path, codes: list[int] = codes) -> None:
            codes.append(git(copy, "push", "origin", "HEAD:main", check=False).returncode)

        threads = [threading.Thread(target=run, args=(copy,)) for copy in copies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(codes) == [0, 1, 1, 1]
    for n, url in enumerate(urls):
        end = clone(url, tmp_path / f"end{n}")
        assert not fsck(end)
        assert out(end, "rev-list", "--count", "HEAD") == "4"


def test_joining_and_pruning_on_one_node_are_seen_on_the_other(nodes: list[Node], tmp_path: Path) -> None:
    one, two = (f"{node.url}/iris.git" for node in nodes)
    work = clone(one, tmp_path / "work")
    for n in range(8):
        commit_files(work, {"f": str(n)})
        git(work, "push", "-q", one, f"HEAD:refs/heads/b{n}", "HEAD:main")
    early = clone(two, tmp_path / "early")
    key = nodes[0].open("iris").key
    assert consolidate(nodes[0].storage, key)
    commit_files(early, {"g": "1"})
    git(early, "push", "-q", two, "HEAD:main")
    git(work, "fetch", "-q", one, "main")
    orphan = git(work, "commit-tree", "HEAD^{tree}", "-m", "orphan").stdout.strip()
    git(work, "push", "-q", one, f"{orphan}:refs/heads/gone")
    git(work, "push", "-q", two, ":gone")
    assert prune(nodes[1].storage, key) == 1
    for n, url in enumerate((one, two)):
        copy = clone(url, tmp_path / f"copy{n}")
        assert not fsck(copy)
        assert out(copy, "rev-list", "--count", "HEAD") == "9"
