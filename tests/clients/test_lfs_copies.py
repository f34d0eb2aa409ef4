"""LFS files that go to another repository without their bytes, and LFS files that go for good."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationCopy, HfApi, _commit_api, constants
from huggingface_hub.errors import FileDuplicationError
from tests.clients.git_work import api, create_repo, git_in, url_of
from tests.clients.hf_client import api_of, hf
from tests.clients.test_lfs_wire import sha, upload
from tests.running import Person, Server

from zoco.adapters.db.open import open_database
from zoco.assembly import gc_rules, open_storage, schedule
from zoco.settings import load

pytestmark = [
    pytest.mark.client,
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),  # the client's own, in its LFS upload
]


@pytest.fixture(autouse=True)
def by_lfs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)


@pytest.fixture
def with_xet_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client copies only files that have a Xet hash; it sends the hash along, and reads nothing by it."""
    real = _commit_api._fetch_files_to_copy

    def fetched(**asked: Any) -> Any:
        found = real(**asked)
        for file in found.values():
            if not isinstance(file, bytes):
                file.xet_hash = "ab" * 32
        return found

    monkeypatch.setattr(_commit_api, "_fetch_files_to_copy", fetched)


def copies(source: str, *names: str) -> list[CommitOperationCopy]:
    return [
        CommitOperationCopy(
            src_path_in_repo=name, path_in_repo=f"copy/{name}", src_repo_id=source, src_repo_type="model"
        )
        for name in names
    ]


def make(api: HfApi, name: str, files: dict[str, bytes], *, private: bool = False) -> str:
    repo = api.create_repo(name, private=private).repo_id
    for path, data in files.items():
        api.upload_file(path_or_fileobj=data, path_in_repo=path, repo_id=repo)
    return repo


def test_the_client_copies_files_of_another_repository(
    server: Server, person: Person, with_xet_hashes: None, tmp_path: Path
) -> None:
    api = api_of(server, person)
    files = {"m.bin": b"\0" * 5000, "n.safetensors": b"\1" * 6000, "notes.txt": b"plain"}
    source = make(api, f"{person.name}/source", files, private=True)
    target = make(api, f"{person.name}/target", {})
    api.create_commit(target, copies(source, *files), commit_message="copy")
    for name, data in files.items():
        got = api.hf_hub_download(target, f"copy/{name}", cache_dir=tmp_path)
        assert Path(got).read_bytes() == data
    assert {file.filename for file in api.list_lfs_files(target)} == {"copy/m.bin", "copy/n.safetensors"}
    api.permanently_delete_lfs_files(source, list(api.list_lfs_files(source)))
    got = api.hf_hub_download(target, "copy/m.bin", cache_dir=tmp_path / "again")
    assert Path(got).read_bytes() == files["m.bin"]


def test_the_client_copies_what_rests_in_xet(server: Server, person: Person, tmp_path: Path) -> None:
    """As it comes, with nothing set up."""
    api = api_of(server, person)
    source, target = (make(api, f"{person.name}/{name}", {}, private=True) for name in ("xet-source", "xet-target"))
    data = os.urandom(2_000_000)
    (tmp_path / "m.bin").write_bytes(data)
    hf(server, tmp_path, "upload", source, str(tmp_path / "m.bin"), HF_TOKEN=person.token)
    assert api.get_paths_info(source, "m.bin")[0].xet_hash
    api.create_commit(target, copies(source, "m.bin"), commit_message="copy")
    api.delete_repo(source)
    got = api.hf_hub_download(target, "copy/m.bin", cache_dir=tmp_path)
    assert Path(got).read_bytes() == data


def test_the_client_says_what_could_not_be_copied(
    server: Server, person: Person, with_xet_hashes: None, tmp_path: Path
) -> None:
    """Its pointer stayed when the object was deleted for good."""
    api = api_of(server, person)
    source = make(api, f"{person.name}/source-2", {"m.bin": b"\0" * 5000})
    target = make(api, f"{person.name}/target-2", {})
    api.permanently_delete_lfs_files(source, list(api.list_lfs_files(source)), rewrite_history=False)
    with pytest.raises(FileDuplicationError, match=hashlib.sha256(b"\0" * 5000).hexdigest()):
        api.create_commit(target, copies(source, "m.bin"), commit_message="copy")


def copy(server: Server, who: Person | None, source: str, target: object, *shas: object) -> Any:
    body = {"target": target, "files": [{"sha256": one, "filename": "m.bin", "xetHash": "0" * 64} for one in shas]}
    return api(server, who, "POST", f"/api/models/{source}/lfs-files/duplicate", body)


def test_the_wire_of_copies(server: Server, person: Person, stranger: Person) -> None:
    source, target = create_repo(server, person, "from"), create_repo(server, person, "to", kind="dataset")
    to = {"type": "dataset", "name": target.removeprefix("datasets/")}
    upload(server, person, source, b"here")
    done = copy(server, person, source, to, sha(b"here"))
    assert (done.status_code, done.json()) == (200, {"success": True, "processed": 1, "succeeded": 1, "failed": []})
    part = copy(server, person, source, to, sha(b"here"), sha(b"nowhere"), "../etc")
    assert part.status_code == 207
    told = part.json()
    assert (told["success"], told["processed"], told["succeeded"]) == (False, 3, 1)
    assert [one["sha256"] for one in told["failed"]] == [sha(b"nowhere"), "../etc"]
    assert all(one["error"] and one["xetHash"] for one in told["failed"])
    assert copy(server, person, source, to).json()["success"] is True
    assert copy(server, person, source, to, *["0" * 64] * 501).status_code == 400
    assert copy(server, person, source, to, 7).status_code == 400
    assert copy(server, person, source, {"type": "kernel", "name": "a/b"}).status_code == 400
    assert copy(server, person, source, {"type": "model", "name": "a"}).status_code == 400
    assert copy(server, person, source, {"type": "model", "name": "nobody/nothing"}).status_code == 404
    moved = {"fromRepo": to["name"], "toRepo": f"{to['name']}-2", "type": "dataset"}
    assert api(server, person, "POST", "/api/repos/move", moved).status_code == 200
    assert copy(server, person, source, to, sha(b"here")).status_code == 200, "under its old name"


def test_a_copy_needs_the_right_to_read_there_and_to_write_here(
    server: Server, person: Person, stranger: Person
) -> None:
    """A hash alone opens nothing: neither what the caller may not read, nor where they may not write."""
    secret = create_repo(server, person, "secret", private=True)
    upload(server, person, secret, b"hidden")
    theirs = {"type": "model", "name": create_repo(server, stranger, "theirs")}
    mine = {"type": "model", "name": create_repo(server, person, "mine")}
    assert copy(server, stranger, secret, theirs, sha(b"hidden")).status_code == 404
    assert copy(server, stranger, theirs["name"], theirs, sha(b"hidden")).json()["succeeded"] == 0
    assert copy(server, person, secret, theirs, sha(b"hidden")).status_code == 403
    assert copy(server, stranger, theirs["name"], mine, sha(b"hidden")).status_code == 403
    assert copy(server, None, mine["name"], theirs, sha(b"hidden")).status_code == 401
    weak = Person(person.name, "", server.token(person.name, "read"))
    assert copy(server, weak, secret, mine, sha(b"hidden")).status_code == 403
    assert copy(server, person, secret, mine, sha(b"hidden")).status_code == 200


# --- for good ---


def stored(server: Server) -> list[int]:
    return sorted(file.stat().st_size for file in (server.data / "store/lfs").rglob("*") if file.is_file())


def sweep(server: Server) -> None:
    """As the jobs process does each hour."""
    settings = load(server.data, server.environment())
    db = open_database(settings)
    tasks = schedule(open_storage(settings, db), gc_rules(settings))
    next(one for one in tasks if one.name == "sweep_objects").run()
    db.close()


def test_what_is_deleted_for_good_frees_its_space(own_server: Callable[..., Server], tmp_path: Path) -> None:
    server = own_server(gc_grace_hours="0").start()
    person = server.person("ana")
    api = api_of(server, person)
    repo = make(api, "ana/iris", {"old.bin": b"\0" * 500_000, "new.bin": b"\1" * 600_000})
    other = make(api, "ana/other", {"same.bin": b"\1" * 600_000})
    url = url_of(server, repo, person)
    git = git_in(tmp_path, lfs=True)
    git.clone(url, "before")("push", "-q", "origin", "HEAD:refs/heads/branch")
    assert api.model_info(repo, expand=["usedStorage"]).used_storage > 1_100_000
    api.permanently_delete_lfs_files(repo, list(api.list_lfs_files(repo)))
    assert api.model_info(repo, expand=["usedStorage"]).used_storage < 10_000
    sweep(server)
    sweep(server)
    assert stored(server) == [600_000], "what another repository has stays"
    assert Path(api.hf_hub_download(other, "same.bin", cache_dir=tmp_path)).read_bytes() == b"\1" * 600_000
    for branch in ("main", "branch"):
        after = git.clone(url, f"after-{branch}", "-b", branch)
        assert {"old.bin", "new.bin"}.isdisjoint(after.value("log", "--all", "--name-only", "--format=").split())
        assert after.is_sound()
    api.delete_repo(other)
    sweep(server)
    sweep(server)
    assert stored(server) == []
