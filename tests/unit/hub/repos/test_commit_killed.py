"""A process that dies in the middle of a commit leaves the old state or the new one, and the next commit works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.hub.repos.conftest import git_in
from tests.unit.hub.repos.test_commit import files_of, make

from zoco.core.access import Actor
from zoco.core.repos import WritableRepo
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import FileOp
from zoco.hub.repos.storage import RepoStorage

CHILD = """
import sys
from pathlib import Path
from tests.unit.hub.repos.conftest import storage_in
from zoco.adapters.db.engine import open_sqlite
from zoco.core.access import Actor, Role
from zoco.core.ids import RepoId, RepoType
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, FileOp
from zoco.hub.repos.open import open_for_writing

folder, name, user_id = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
storage = storage_in(folder, open_sqlite(folder / "zoco.db"))
ana = Actor(user_id, "Ana", {"ana": Role.ADMIN})
repo = open_for_writing(storage, RepoId(RepoType.MODEL, "Ana", name), ana)
commit(storage, repo, ana, "main", CommitRequest("killed", [FileOp("killed.txt", b"x")]))
print("done")
"""


@pytest.mark.parametrize(
    ("point", "stands"),
    [("commit_after_store", False), ("commit_before_commit", False), ("commit_after_commit", True)],
)
def test_a_killed_commit_is_whole_or_was_never_there(
    storage: RepoStorage, repo_of_ana: WritableRepo, ana: Actor, tmp_path: Path, point: str, stands: bool
) -> None:
    before = files_of(storage, repo_of_ana)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), repo_of_ana.id.name, str(ana.user_id)],
        env={**os.environ, "ZOCO_FAILPOINT": point},
        cwd=Path(__file__).parents[4],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (137, b""), done.stderr
    after = files_of(storage, repo_of_ana)
    assert after == (before | {"killed.txt": b"x"} if stands else before)
    commit(storage, repo_of_ana, ana, "main", make(FileOp("next.txt", b"y")))
    assert files_of(storage, repo_of_ana) == after | {"next.txt": b"y"}
    storage.cache.drop(repo_of_ana.key)
    assert git_in(storage, repo_of_ana, ana)("fsck", "--strict", "--no-dangling") == ""
