"""A process that dies while it creates or duplicates leaves a whole repository or none, and the next try works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.small_hub import SmallHub, hub_in, repo_id

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import open_sqlite
from zoco.adapters.db.tables import metadata, pack
from zoco.core.errors import RepoNotFound
from zoco.hub.catalog.describe import repo_info
from zoco.hub.repos import sweep
from zoco.hub.repos.create import create_repo
from zoco.hub.repos.duplicate import duplicate_repo
from zoco.hub.repos.open import open_for_contents, open_for_reading
from zoco.jobs import doomed

CHILD = """
import sys
from pathlib import Path
from tests.small_hub import hub_in, repo_id
from zoco.adapters.db.engine import open_sqlite
from zoco.core.access import Actor, Role
from zoco.hub.repos.create import create_repo
from zoco.hub.repos.duplicate import duplicate_repo
from zoco.hub.repos.open import open_for_contents

folder, doing, user_id = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
hub = hub_in(folder, open_sqlite(folder / "zoco.db"))
ana = Actor(user_id, "ana", {"ana": Role.ADMIN})
if doing == "create":
    create_repo(hub.storage, ana, repo_id("ana/new"), license="mit")
else:
    duplicate_repo(hub.storage, open_for_contents(hub.storage, repo_id("ana/old"), ana), ana, repo_id("ana/new"))
print("done")
"""


@pytest.fixture
def folder_hub(tmp_path: Path) -> SmallHub:
    db = open_sqlite(tmp_path / "zoco.db")
    metadata.create_all(db.engine)
    return hub_in(tmp_path, db)


@pytest.mark.parametrize("doing", ["create", "duplicate"])
@pytest.mark.parametrize(
    ("point", "stands"), [("birth_after_store", False), ("birth_before_commit", False), ("birth_after_commit", True)]
)
def test_a_repository_is_whole_or_was_never_there(
    folder_hub: SmallHub, tmp_path: Path, doing: str, point: str, stands: bool
) -> None:
    hub = folder_hub
    ana = hub.user("ana")
    hub.repo(ana, "ana/old", {"README.md": "---\nlicense: mit\n---\n"})
    killed = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), doing, str(ana.user_id)],
        env={**os.environ, "ZOCO_FAILPOINT": point},
        cwd=Path(__file__).parents[4],
        capture_output=True,
        check=False,
    )
    assert (killed.returncode, killed.stdout) == (137, b""), killed.stderr
    if not stands:
        with pytest.raises(RepoNotFound):
            open_for_reading(hub.storage, repo_id("ana/new"), ana)
        strays = doomed.note_strays(hub.db, hub.storage.blobs, sweep.STORED, now_ms(), 0)
        assert len(list(strays)) == 2, "what was stored for nothing is found and will be deleted"
        if doing == "create":
            create_repo(hub.storage, ana, repo_id("ana/new"), license="mit")
        else:
            source = open_for_contents(hub.storage, repo_id("ana/old"), ana)
            duplicate_repo(hub.storage, source, ana, repo_id("ana/new"))
    assert repo_info(hub.catalogue, open_for_reading(hub.storage, repo_id("ana/new"), None), None).license == "mit"
    with hub.db.read() as read:
        assert read.execute(select(func.count()).select_from(pack)).scalar_one() == 2
