"""Repositories and stores for the tests of LFS objects: every test runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import insert
from tests.services import postgres_server

from zoco.adapters.blobs.folder import FolderBlobStore
from zoco.adapters.db.engine import Database, open_postgresql, open_sqlite
from zoco.adapters.db.tables import metadata, namespace, repo
from zoco.core.access import Access, Gated, Visibility
from zoco.core.ids import RepoId, RepoType
from zoco.core.repos import ContentsRepo, ReadableRepo, Repo, WritableRepo
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.lfs.upload import Lfs

__all__ = ["postgres_server"]

SIZE_MAX = 10_000_000

NewRepo = Callable[[], WritableRepo]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        opened = open_sqlite(tmp_path / "zoco.db")
    else:
        opened = open_postgresql(request.getfixturevalue("postgres_server").fresh_database())
    metadata.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def lfs(db: Database, tmp_path: Path) -> Lfs:
    return Lfs(db, FolderBlobStore(tmp_path / "blobs", tmp_path / "scratch"), LfsLimits(SIZE_MAX))


@pytest.fixture
def new_repo(db: Database) -> NewRepo:
    numbers = count(1)

    def make() -> WritableRepo:
        number = next(numbers)
        with db.write() as write:
            space = write.execute(
                insert(namespace).values(
                    public_id=f"{number:024}", name=f"ns{number}", name_key=f"ns{number}", kind="user", created_at=1
                )
            ).inserted_primary_key
            assert space
            row = write.execute(
                insert(repo).values(
                    public_id=f"{number:024}",
                    type="model",
                    namespace_id=space[0],
                    name="r",
                    name_key="r",
                    visibility="private",
                    created_at=1,
                    updated_at=1,
                )
            ).inserted_primary_key
            assert row
        return WritableRepo(ContentsRepo(ReadableRepo(_repo(row[0], space[0], number))))

    return make


def _repo(key: int, namespace_key: int, number: int) -> Repo:
    return Repo(
        key=key,
        public_id=f"{number:024}",
        id=RepoId(RepoType.MODEL, f"ns{number}", "r"),
        visibility=Visibility.PRIVATE,
        gated=Gated.OPEN,
        disabled=False,
        default_branch="main",
        version=1,
        prune_epoch=0,
        namespace_key=namespace_key,
        creator_id=None,
        created_at_ms=1,
        updated_at_ms=1,
        likes=0,
        downloads=0,
        access=Access.WRITE,
    )
