"""Several processes, each with a cache of its own, commit to one branch of one database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.unit.hub.repos.conftest import LIMITS, add_repo, add_user, git_in
from tests.unit.hub.repos.test_commit import files_of

from zoco.adapters.blobs.folder import FolderBlobStore
from zoco.adapters.db.engine import Database
from zoco.adapters.git.cache import GitCache
from zoco.hub.repos.storage import RepoStorage
from zoco.hub.xet.xorbs import Xet

PROCESSES, COMMITS = 3, 6

CHILD = """
import sys
from pathlib import Path
from tests.unit.hub.repos.test_commit_races import node
from zoco.adapters.db.engine import open_postgresql, open_sqlite
from zoco.core.access import Actor, Role
from zoco.core.ids import RepoId, RepoType
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, FileOp
from zoco.hub.repos.open import open_for_writing

address, folder, mine, name, user_id = sys.argv[1:]
db = open_postgresql(address) if address.startswith("postgresql") else open_sqlite(Path(address))
storage = node(db, Path(folder), mine)
ana = Actor(int(user_id), "Ana", {"ana": Role.ADMIN})
repo = open_for_writing(storage, RepoId(RepoType.MODEL, "Ana", name), ana)
sys.stdin.readline()
for number in range(COMMITS):
    commit(storage, repo, ana, "main", CommitRequest(mine, [FileOp(f"{mine}-{number}", b"x")]))
""".replace("COMMITS", str(COMMITS))


def node(db: Database, folder: Path, name: str) -> RepoStorage:
    """The store is shared, the cache is not."""
    blobs = FolderBlobStore(folder / "blobs", folder / "scratch")
    return RepoStorage(db, blobs, GitCache(folder / f"cache-{name}", blobs, 10**10), LIMITS, Xet(db, blobs))


def test_commits_of_several_processes_all_land(any_db: Database, tmp_path: Path) -> None:
    storage = node(any_db, tmp_path, "here")
    ana = add_user(any_db, "Ana")
    repo = add_repo(storage, ana)
    url = any_db.engine.url
    address = (
        str(tmp_path / "zoco.db") if any_db.is_sqlite else url.set(drivername="postgresql").render_as_string(False)
    )
    words = [sys.executable, "-c", CHILD, address, str(tmp_path)]
    children = [
        subprocess.Popen(
            [*words, f"p{number}", repo.id.name, str(ana.user_id)],
            cwd=Path(__file__).parents[4],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]
    for child in children:  # all have opened the repository before the first commits
        assert child.stdin
        child.stdin.write(b"go\n")
        child.stdin.flush()
    problems = [child.communicate()[1].decode() for child in children]
    assert [child.returncode for child in children] == [0] * PROCESSES, problems
    assert len(files_of(storage, repo)) == PROCESSES * COMMITS
    git = git_in(storage, repo, ana)
    assert git("rev-list", "--count", "--first-parent", "main").strip() == str(PROCESSES * COMMITS)
    assert git("fsck", "--strict", "--no-dangling") == ""
