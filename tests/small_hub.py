"""A Hub without its surfaces: storage, people and repositories, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from tests.services import PostgresServer, postgres_server

from zoco.adapters.blobs.folder import FolderBlobStore
from zoco.adapters.db.engine import Database, open_postgresql, open_sqlite
from zoco.adapters.db.tables import metadata
from zoco.adapters.git.cache import GitCache
from zoco.core.access import Access, Actor, Role, Visibility
from zoco.core.ids import RepoId, RepoType, Sha256, name_key
from zoco.core.repos import AdminRepo, WritableRepo
from zoco.formats.lfs.pointer import Pointer
from zoco.hub.accounts.orgs import create_org, set_member
from zoco.hub.accounts.users import create_user
from zoco.hub.cards.subscriber import CardSubscriber
from zoco.hub.catalog.catalogue import Catalogue
from zoco.hub.catalog.current_index import CATALOGUE
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.lfs.upload import Lfs, Upload
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, DeleteFile, FileOp
from zoco.hub.repos.create import create_repo
from zoco.hub.repos.open import open_for_admin
from zoco.hub.repos.storage import Limits, RepoStorage
from zoco.hub.xet.xorbs import Xet

__all__ = ["SmallHub", "hub", "hub_in", "postgres_server", "repo_id"]

LIMITS = Limits(
    regular_file_size_max_bytes=1_000_000,
    commit_size_max_bytes=5_000_000,
    push_size_max_bytes=100_000_000,
    packs_before_consolidation=50,
    gc_grace_ms=1000,
)


def repo_id(path: str) -> RepoId:
    """`ana/iris`, `datasets/ana/flowers`, `spaces/ana/demo`."""
    *prefix, namespace, name = path.split("/")
    type_ = next(one for one in RepoType if one.prefix == "".join(f"{word}/" for word in prefix))
    return RepoId(type_, namespace, name)


@dataclass(frozen=True)
class SmallHub:
    catalogue: Catalogue

    @property
    def storage(self) -> RepoStorage:
        return self.catalogue.storage

    @property
    def db(self) -> Database:
        return self.storage.db

    def user(self, name: str) -> Actor:
        made = create_user(self.db, name)
        return Actor(made.id, name, {name_key(name): Role.ADMIN})

    def org(self, name: str, members: Mapping[str, Role], visibility: Visibility = Visibility.PUBLIC) -> None:
        create_org(self.db, None, name, default_visibility=visibility)
        for member, role in members.items():
            set_member(self.db, None, name, member, role)

    def repo(
        self, owner: Actor, path: str, files: Mapping[str, str] | None = None, *, private: bool = False
    ) -> AdminRepo:
        """With these files in its first commit."""
        id_ = repo_id(path)
        visibility = Visibility.PRIVATE if private else Visibility.PUBLIC
        content = [(name, text.encode()) for name, text in (files or {}).items()]
        sdk = "static" if id_.type is RepoType.SPACE else None
        return create_repo(self.storage, owner, id_, visibility=visibility, sdk=sdk, files=content)

    def lfs_object(self, owner: Actor, repo: WritableRepo, data: bytes) -> Pointer:
        """As after an upload: stored, linked, not yet named by a commit."""
        sha256 = Sha256(hashlib.sha256(data).hexdigest())
        lfs = Lfs(self.db, self.storage.blobs, LfsLimits(10_000_000))
        with Upload(lfs, repo, sha256, len(data), owner.user_id) as upload:
            upload.feed(data)
            upload.finish()
        return Pointer(sha256, len(data))

    def commit(self, owner: Actor, path: str, changes: Mapping[str, str | None]) -> None:
        """None deletes a file."""
        repo = open_for_admin(self.storage, repo_id(path), owner)
        operations = [
            DeleteFile(name) if text is None else FileOp(name, text.encode()) for name, text in changes.items()
        ]
        commit(self.storage, repo, owner, "main", CommitRequest("Change", tuple(operations)))


def with_role(actor: Actor, **roles: Role) -> Actor:
    """The same person, as a member of these namespaces."""
    return Actor(actor.user_id, actor.name, {**actor.roles, **roles}, actor.limit, actor.grants)


def limited(actor: Actor, limit: Access) -> Actor:
    """The same person with a token that may do at most this."""
    return Actor(actor.user_id, actor.name, actor.roles, limit)


@cache
def _one_database(server: PostgresServer) -> str:
    """Made once: a database for every test would cost more than the tests."""
    url = server.fresh_database()
    db = open_postgresql(url)
    metadata.create_all(db.engine)
    db.close()
    return url


def _emptied(db: Database) -> Database:
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    with db.write() as write:
        write.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    return db


def hub_in(folder: Path, db: Database) -> SmallHub:
    """Also for a process that a test kills."""
    blobs = FolderBlobStore(folder / "blobs", folder / "scratch")
    cache = GitCache(folder / "cache", blobs, 10_000_000_000)
    xet = Xet(db, blobs)
    storage = RepoStorage(db, blobs, cache, LIMITS, xet, (CardSubscriber(xet),))
    return SmallHub(Catalogue(storage, folder / CATALOGUE))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallHub]:
    if request.param == "sqlite":
        db = open_sqlite(tmp_path / "zoco.db")
        metadata.create_all(db.engine)
    else:
        db = _emptied(open_postgresql(_one_database(request.getfixturevalue("postgres_server"))))
    yield hub_in(tmp_path, db)
    db.close()
