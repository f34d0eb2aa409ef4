"""A storage, an owner and repositories for the tests of this room: on SQLite, and on PostgreSQL where a test asks.

`storage` is SQLite. A test that takes `any_storage` runs on both databases.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import insert
from tests.services import postgres_server

from zoco.adapters.blobs.folder import FolderBlobStore
from zoco.adapters.clock import fresh_public_id
from zoco.adapters.db.engine import Database, open_postgresql, open_sqlite
from zoco.adapters.db.tables import metadata, namespace, repo, user
from zoco.adapters.git.cache import GitCache
from zoco.core.access import Actor, Role
from zoco.core.ids import Oid, RepoId, RepoType
from zoco.core.repos import WritableRepo
from zoco.formats.git.pack import WrittenPack
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, FileOp
from zoco.hub.repos.open import open_for_writing
from zoco.hub.repos.storage import Limits, RepoStorage, Update, apply_updates, bare_repository, store_pack
from zoco.hub.xet.xorbs import Xet

__all__ = ["postgres_server"]

LIMITS = Limits(
    regular_file_size_max_bytes=1_000_000,
    commit_size_max_bytes=20_000_000,
    push_size_max_bytes=100_000_000,
    packs_before_consolidation=50,
    gc_grace_ms=0,
)

NewRepo = Callable[[], WritableRepo]
Git = Callable[..., str]


def storage_in(folder: Path, db: Database) -> RepoStorage:
    blobs = FolderBlobStore(folder / "blobs", folder / "scratch")
    return RepoStorage(db, blobs, GitCache(folder / "cache", blobs, 10_000_000_000), LIMITS, Xet(db, blobs))


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    opened = open_sqlite(tmp_path / "zoco.db")
    metadata.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_db(request: pytest.FixtureRequest) -> Iterator[Database]:
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    opened = open_postgresql(request.getfixturevalue("postgres_server").fresh_database())
    metadata.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def storage(sqlite: Database, tmp_path: Path) -> RepoStorage:
    return storage_in(tmp_path, sqlite)


@pytest.fixture
def any_storage(any_db: Database, tmp_path: Path) -> RepoStorage:
    return storage_in(tmp_path, any_db)


def add_user(db: Database, name: str, email: str | None = None) -> Actor:
    with db.write() as write:
        row = write.execute(
            insert(namespace).values(
                public_id=fresh_public_id(), name=name, name_key=name.lower(), kind="user", created_at=1
            )
        ).inserted_primary_key
        assert row
        write.execute(insert(user).values(id=row[0], full_name=name, email=email, email_key=email))
    return Actor(row[0], name, {name.lower(): Role.ADMIN})


_numbers = count(1)


def add_repo(storage: RepoStorage, owner: Actor) -> WritableRepo:
    """A repository without commits."""
    number = next(_numbers)
    with storage.db.write() as write:
        write.execute(
            insert(repo).values(
                public_id=f"{number:024}",
                type="model",
                namespace_id=owner.user_id,
                name=f"r{number}",
                name_key=f"r{number}",
                visibility="private",
                creator_id=owner.user_id,
                created_at=1,
                updated_at=1,
            )
        )
    return open_for_writing(storage, RepoId(RepoType.MODEL, owner.name, f"r{number}"), owner)


@pytest.fixture
def ana(storage: RepoStorage) -> Actor:
    return add_user(storage.db, "Ana", "ana@example.org")


@pytest.fixture
def repo_of_ana(storage: RepoStorage, ana: Actor) -> WritableRepo:
    """It holds `README.md`, `a/one.txt`, `a/b/two.txt` and `a/b/three.txt` in one commit on main."""
    mine = add_repo(storage, ana)
    files = {"README.md": b"# Hi\n", "a/one.txt": b"1\n", "a/b/two.txt": b"2\n", "a/b/three.txt": b"3\n"}
    commit(storage, mine, ana, "main", CommitRequest("begin", [FileOp(path, data) for path, data in files.items()]))
    return open_for_writing(storage, mine.id, ana)


def git_in(storage: RepoStorage, mine: WritableRepo, owner: Actor) -> Git:
    """Real git in the repository as it is now."""
    now = open_for_writing(storage, mine.id, owner)
    return partial(run_git, bare_repository(storage, now))


def run_git(folder: Path, *words: str, stdin: bytes | None = None, date: int | None = None) -> str:
    """Real git, with nobody's configuration."""
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Zoe",
        "GIT_AUTHOR_EMAIL": "zoe@example.org",
        "GIT_COMMITTER_NAME": "Zoe",
        "GIT_COMMITTER_EMAIL": "zoe@example.org",
    }
    if date is not None:
        env |= {"GIT_AUTHOR_DATE": f"{date} +0000", "GIT_COMMITTER_DATE": f"{date} +0000"}
    words = ("git", "-c", "safe.directory=*", "-c", "core.quotePath=false", "-c", "init.defaultBranch=main", *words)
    done = subprocess.run(words, cwd=folder, input=stdin, capture_output=True, check=False, env=env)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "surrogateescape")


def import_refs(storage: RepoStorage, mine: WritableRepo, owner: Actor, source: Path) -> WritableRepo:
    """All refs of a repository that real git made, with their objects; as a push would bring them."""
    folder = storage.blobs.scratch / f"import-{next(_numbers)}"
    folder.mkdir(parents=True)
    checksum = run_git(source, "pack-objects", "--all", "--quiet", str(folder / "pack")).strip()
    pack, idx = folder / f"pack-{checksum}.pack", folder / f"pack-{checksum}.idx"
    objects = int.from_bytes(pack.read_bytes()[8:12], "big")
    stored = store_pack(storage, pack, idx, WrittenPack(checksum, pack.stat().st_size, objects))
    listed = run_git(source, "for-each-ref", "--format=%(objectname) %(refname)").splitlines()
    updates = [Update(name, None, Oid(oid)) for oid, _, name in (line.partition(" ") for line in listed)]
    apply_updates(storage, mine, updates, [stored], owner, "git")
    return open_for_writing(storage, mine.id, owner)
