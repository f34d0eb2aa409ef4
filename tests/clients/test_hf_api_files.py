"""huggingface_hub's HfApi: files, commits, branches, tags, downloads and their cache."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    HfFileSystem,
    constants,
    get_hf_file_metadata,
    hf_hub_url,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    BadRequestError,
    EntryNotFoundError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile, RepoFolder
from tests.clients.hf_client import api_of
from tests.running import Person, Server

pytestmark = [
    pytest.mark.client,
    pytest.mark.usefixtures("at_home"),
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),  # the client's own, in its LFS upload
]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def person(server: Server) -> Person:
    return server.person("files-ana")


@pytest.fixture(scope="module")
def stranger(server: Server) -> Person:
    return server.person("files-otto")


@pytest.fixture
def api(server: Server, person: Person) -> HfApi:
    return api_of(server, person)


@pytest.fixture
def repo(api: HfApi, person: Person) -> str:
    return api.create_repo(f"{person.name}/repo-{next(_numbers)}").repo_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Text files, one of them in a folder, one with a name that needs escaping."""
    root = tmp_path / "folder"
    (root / "sub dir").mkdir(parents=True)
    (root / "a.txt").write_text("a\n")
    (root / "sub dir" / "ñ #1%.txt").write_text("eñe\n")
    (root / "config.json").write_text("{}")
    return root


@pytest.fixture
def by_lfs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest client without Xet."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)


def add(path: str, data: bytes = b"data") -> CommitOperationAdd:
    return CommitOperationAdd(path_in_repo=path, path_or_fileobj=data)


def paths(api: HfApi, repo: str, **where: str) -> list[str]:
    return sorted(
        entry.path for entry in api.list_repo_tree(repo, recursive=True, **where) if isinstance(entry, RepoFile)
    )


def test_a_file_goes_up_and_comes_down(api: HfApi, repo: str) -> None:
    info = api.upload_file(path_or_fileobj=b"hello", path_in_repo="dir/hello world.txt", repo_id=repo)
    assert info.commit_url == f"{api.endpoint}/{repo}/commit/{info.oid}"
    local = Path(api.hf_hub_download(repo, "dir/hello world.txt"))
    assert local.read_bytes() == b"hello"
    assert info.oid in local.parts


def test_a_folder_of_text_files_goes_up_and_a_snapshot_is_the_same(api: HfApi, repo: str, folder: Path) -> None:
    api.upload_folder(repo_id=repo, folder_path=folder)
    copy = Path(api.snapshot_download(repo))
    for name in ("a.txt", "sub dir/ñ #1%.txt", "config.json"):
        assert (copy / name).read_bytes() == (folder / name).read_bytes()
    before = api.model_info(repo).sha
    api.upload_folder(repo_id=repo, folder_path=folder)
    assert api.model_info(repo).sha == before, "unchanged files make no commit"


def test_a_commit_adds_deletes_and_copies_at_once(api: HfApi, repo: str) -> None:
    api.create_commit(repo, [add("old/1.txt"), add("old/2.txt"), add("keep.txt", b"keep")], commit_message="first")
    api.create_commit(
        repo,
        [
            add("new.txt"),
            CommitOperationDelete(path_in_repo="old/"),
            CommitOperationCopy(src_path_in_repo="keep.txt", path_in_repo="copy.txt"),
        ],
        commit_message="second",
        commit_description="with a description",
    )
    assert paths(api, repo) == [".gitattributes", "copy.txt", "keep.txt", "new.txt"]
    newest = api.list_repo_commits(repo)[0]
    assert (newest.title, newest.message) == ("second", "with a description")
    assert newest.authors == [repo.split("/")[0]]


def test_deleting_what_is_not_there_says_so(api: HfApi, repo: str) -> None:
    with pytest.raises(EntryNotFoundError, match="A file with this name doesn't exist"):
        api.delete_file("missing.txt", repo)
    api.upload_file(path_or_fileobj=b"1", path_in_repo="dir/1.txt", repo_id=repo)
    api.delete_folder("dir", repo)
    assert paths(api, repo) == [".gitattributes"]


def test_a_stale_parent_is_412(api: HfApi, repo: str) -> None:
    parent = api.model_info(repo).sha
    api.create_commit(repo, [add("1.txt")], commit_message="1", parent_commit=parent)
    with pytest.raises(HfHubHTTPError) as raised:
        api.create_commit(repo, [add("2.txt")], commit_message="2", parent_commit=parent)
    assert raised.value.response.status_code == 412
    assert "The branch was updated since you opened this page. Please refresh and try again." in str(raised.value)


def test_a_pull_request_is_refused_with_the_cure(api: HfApi, repo: str) -> None:
    with pytest.raises(HfHubHTTPError, match="create a branch") as raised:
        api.create_commit(repo, [add("1.txt")], commit_message="1", create_pr=True)
    assert raised.value.response.status_code == 501


def test_a_commit_to_a_branch_that_is_not_there(api: HfApi, repo: str) -> None:
    with pytest.raises(RevisionNotFoundError):
        api.create_commit(repo, [add("1.txt")], commit_message="1", revision="missing")


def test_a_card_with_broken_metadata_is_refused_and_a_card_without_any_is_warned_of(api: HfApi, repo: str) -> None:
    with pytest.raises((ValueError, BadRequestError)):
        api.upload_file(path_or_fileobj=b"---\nlicense: [\n---\n", path_in_repo="README.md", repo_id=repo)
    with pytest.warns(UserWarning, match="empty or missing yaml metadata in repo card"):
        api.upload_file(path_or_fileobj=b"# Only text\n", path_in_repo="README.md", repo_id=repo)


def test_thousands_of_bytes_of_base64_in_one_commit(api: HfApi, repo: str) -> None:
    """About 100 MB of text in regular files: the body is a stream, and every file arrives."""
    line = random.Random(7).randbytes(4500).hex().encode() + b"\n"
    operations = [add(f"big-{number}.txt", str(number).encode() + line * 990) for number in range(12)]
    api.create_commit(repo, operations, commit_message="huge")
    sizes = {entry.path: entry.size for entry in api.list_repo_tree(repo) if isinstance(entry, RepoFile)}
    assert sum(size for path, size in sizes.items() if path.startswith("big-")) > 100_000_000
    local = Path(api.hf_hub_download(repo, "big-11.txt"))
    assert hashlib.sha256(local.read_bytes()).digest() == hashlib.sha256(b"11" + line * 990).digest()


def test_files_of_lfs_size_go_up_by_lfs_without_xet(api: HfApi, repo: str, by_lfs: None) -> None:
    weights = random.Random(1).randbytes(12_000_000)
    api.create_commit(repo, [add("model.safetensors", weights), add("notes.txt")], commit_message="weights")
    entry = next(iter(api.get_paths_info(repo, "model.safetensors")))
    assert isinstance(entry, RepoFile)
    assert entry.lfs is not None
    assert (entry.lfs.sha256, entry.size) == (hashlib.sha256(weights).hexdigest(), len(weights))
    assert Path(api.hf_hub_download(repo, "model.safetensors")).read_bytes() == weights
    head = get_hf_file_metadata(hf_hub_url(repo, "model.safetensors", endpoint=api.endpoint))
    assert (head.etag, head.size) == (entry.lfs.sha256, len(weights))
    before = api.model_info(repo).sha
    api.upload_file(path_or_fileobj=weights, path_in_repo="model.safetensors", repo_id=repo)
    assert api.model_info(repo).sha == before
    api.create_commit(
        repo,
        [CommitOperationCopy(src_path_in_repo="model.safetensors", path_in_repo="copy.safetensors")],
        commit_message="copy",
    )
    assert Path(api.hf_hub_download(repo, "copy.safetensors")).read_bytes() == weights


def test_branches_come_and_go(api: HfApi, repo: str) -> None:
    api.create_branch(repo, branch="a/b")
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo, revision="a/b")
    assert paths(api, repo, revision="a/b") == [".gitattributes", "x.txt"]
    assert paths(api, repo) == [".gitattributes"]
    assert Path(api.hf_hub_download(repo, "x.txt", revision="a/b")).read_bytes() == b"x"
    with pytest.raises(HfHubHTTPError, match="Reference refs/heads/a/b already exists") as raised:
        api.create_branch(repo, branch="a/b")
    assert raised.value.response.status_code == 409
    api.create_branch(repo, branch="a/b", exist_ok=True)
    api.create_branch(repo, branch="from-b", revision="a/b")
    assert [branch.name for branch in api.list_repo_refs(repo).branches] == ["main", "a/b", "from-b"]
    api.delete_branch(repo, branch="from-b")
    with pytest.raises(HfHubHTTPError, match="Invalid rev id"):
        api.delete_branch(repo, branch="from-b")
    with pytest.raises(HfHubHTTPError, match="Cannot delete refs/heads/main"):
        api.delete_branch(repo, branch="main")
    with pytest.raises(BadRequestError, match="Invalid reference for a branch"):
        api.create_branch(repo, branch="two..dots")
    with pytest.raises(RevisionNotFoundError):
        api.create_branch(repo, branch="new", revision="missing")


def test_tags_come_and_go(api: HfApi, repo: str) -> None:
    first = api.model_info(repo).sha
    api.create_tag(repo, tag="v1", tag_message="the first")
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo)
    api.create_tag(repo, tag="v2")
    tags = {tag.name: tag for tag in api.list_repo_refs(repo).tags}
    assert set(tags) == {"v1", "v2"}
    assert (tags["v1"].ref, tags["v1"].target_commit) == ("refs/tags/v1", first)
    assert api.model_info(repo, revision="v1").sha == first
    with pytest.raises(HfHubHTTPError) as raised:
        api.create_tag(repo, tag="v1")
    assert raised.value.response.status_code == 409
    api.create_tag(repo, tag="v1", exist_ok=True)
    api.delete_tag(repo, tag="v1")
    with pytest.raises(RevisionNotFoundError):
        api.delete_tag(repo, tag="v1")
    with pytest.raises(RevisionNotFoundError):
        api.create_tag(repo, tag="v3", revision="missing")
    with pytest.raises(HfHubHTTPError):
        api.create_tag(repo, tag="bad~tag")


def test_history_is_squashed_to_one_commit(api: HfApi, repo: str) -> None:
    for number in range(3):
        api.upload_file(path_or_fileobj=b"x", path_in_repo=f"{number}.txt", repo_id=repo)
    assert len(api.list_repo_commits(repo)) == 4
    api.super_squash_history(repo, commit_message="all in one")
    assert [commit.title for commit in api.list_repo_commits(repo)] == ["all in one"]
    assert paths(api, repo) == [".gitattributes", "0.txt", "1.txt", "2.txt"]
    with pytest.raises(RevisionNotFoundError):
        api.super_squash_history(repo, branch="missing")


def test_long_histories_come_in_pages(api: HfApi, repo: str) -> None:
    for number in range(55):
        api.create_commit(repo, [add("n.txt", str(number).encode())], commit_message=f"{number}")
    titles = [commit.title for commit in api.list_repo_commits(repo)]
    assert titles == [*map(str, reversed(range(55))), "initial commit"]
    formatted = api.list_repo_commits(repo, formatted=True)[0]
    assert formatted.formatted_title == "54"


def test_large_trees_come_in_pages(api: HfApi, repo: str) -> None:
    api.create_commit(
        repo, [add(f"d{number % 7}/f{number:04}.txt", b"%d" % number) for number in range(1100)], commit_message="many"
    )
    entries = list(api.list_repo_tree(repo, recursive=True))
    assert len(entries) == 1100 + 7 + 1
    assert len({entry.path for entry in entries}) == len(entries)
    folder = list(api.list_repo_tree(repo, "d3", expand=True))
    assert len(folder) == len([number for number in range(1100) if number % 7 == 3])
    assert all(entry.last_commit and entry.last_commit.title == "many" for entry in folder)


def test_trees_tell_folders_and_last_commits(api: HfApi, repo: str) -> None:
    api.create_commit(repo, [add("dir/a.txt"), add("b.txt")], commit_message="first")
    api.create_commit(repo, [add("dir/c.txt")], commit_message="second")
    entries = {entry.path: entry for entry in api.list_repo_tree(repo, expand=True)}
    assert isinstance(entries["dir"], RepoFolder)
    assert entries["dir"].last_commit and entries["dir"].last_commit.title == "second"
    assert entries["b.txt"].last_commit and entries["b.txt"].last_commit.title == "first"
    assert [entry.path for entry in api.list_repo_tree(repo, "dir")] == ["dir/a.txt", "dir/c.txt"]
    for missing in ("missing", "b.txt/below"):
        with pytest.raises(RemoteEntryNotFoundError):
            list(api.list_repo_tree(repo, missing))
    with pytest.raises(RevisionNotFoundError):
        list(api.list_repo_tree(repo, revision="missing"))


def test_paths_info_keeps_the_order_and_leaves_out_what_is_missing(api: HfApi, repo: str) -> None:
    api.create_commit(repo, [add("dir/a b.txt"), add("ñ.txt")], commit_message="first")
    found = api.get_paths_info(repo, ["ñ.txt", "missing", "dir", "dir/a b.txt"], expand=True)
    assert [entry.path for entry in found] == ["ñ.txt", "dir", "dir/a b.txt"]
    assert found[0].last_commit and found[0].last_commit.title == "first"
    assert [entry.path for entry in api.get_paths_info(repo, "dir")] == ["dir"]


def test_a_missing_file_is_remembered_as_missing(api: HfApi, repo: str) -> None:
    with pytest.raises(RemoteEntryNotFoundError):
        api.hf_hub_download(repo, "missing.json")
    commit = api.model_info(repo).sha
    gone = (
        Path(constants.HF_HUB_CACHE) / f"models--{repo.replace('/', '--')}" / ".no_exist" / str(commit) / "missing.json"
    )
    assert gone.exists()
    assert try_to_load_from_cache(repo, "missing.json") is not None
    with pytest.raises(RevisionNotFoundError):
        api.hf_hub_download(repo, "missing.json", revision="missing")
    with pytest.raises(RepositoryNotFoundError):
        api.hf_hub_download(f"{repo}-missing", "missing.json")
    assert api.file_exists(repo, ".gitattributes")
    assert not api.file_exists(repo, "missing.json")
    assert not api.file_exists(f"{repo}-missing", "missing.json")
    assert api.revision_exists(repo, "main")
    assert not api.revision_exists(repo, "missing")


def test_a_download_is_not_repeated_when_nothing_changed(api: HfApi, repo: str) -> None:
    api.upload_file(path_or_fileobj=b"one", path_in_repo="f.txt", repo_id=repo)
    first = Path(api.hf_hub_download(repo, "f.txt"))
    blob = first.resolve()
    api.upload_file(path_or_fileobj=b"x", path_in_repo="other.txt", repo_id=repo)
    second = Path(api.hf_hub_download(repo, "f.txt"))
    assert second != first
    assert second.resolve() == blob, "the ETag is the content's"
    api.upload_file(path_or_fileobj=b"two", path_in_repo="f.txt", repo_id=repo)
    assert Path(api.hf_hub_download(repo, "f.txt")).read_bytes() == b"two"


def test_an_interrupted_download_goes_on_where_it_stopped(api: HfApi, repo: str, tmp_path: Path, by_lfs: None) -> None:
    data = random.Random(3).randbytes(3_000_000)
    api.upload_file(path_or_fileobj=data, path_in_repo="w.bin", repo_id=repo)
    sha = hashlib.sha256(data).hexdigest()
    blobs = Path(constants.HF_HUB_CACHE) / f"models--{repo.replace('/', '--')}" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / f"{sha}.incomplete").write_bytes(data[:1_000_000])
    assert Path(api.hf_hub_download(repo, "w.bin")).read_bytes() == data


def test_metadata_of_a_file(api: HfApi, repo: str) -> None:
    info = api.upload_file(path_or_fileobj=b"hello", path_in_repo="hello.txt", repo_id=repo)
    meta = get_hf_file_metadata(hf_hub_url(repo, "hello.txt", endpoint=api.endpoint))
    assert meta.commit_hash == info.oid
    assert meta.etag == "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"
    assert meta.size == 5


def test_the_file_system_reads_writes_and_lists(server: Server, person: Person, api: HfApi, repo: str) -> None:
    fs = HfFileSystem(endpoint=server.url, token=person.token, skip_instance_cache=True)
    with fs.open(f"{repo}/data/a.txt", "w") as file:
        file.write("line 1\nline 2\n")
    assert fs.read_text(f"{repo}/data/a.txt") == "line 1\nline 2\n"
    assert fs.isdir(f"{repo}/data")
    assert fs.isfile(f"{repo}/data/a.txt")
    assert not fs.exists(f"{repo}/data/b.txt")
    assert [Path(one).name for one in fs.ls(f"{repo}/data", detail=False)] == ["a.txt"]
    assert fs.glob(f"{repo}/**/*.txt") == [f"{repo}/data/a.txt"]
    assert fs.info(f"{repo}/data/a.txt")["size"] == 14
    with fs.open(f"{repo}/data/a.txt", "rb") as file:
        file.seek(7)
        assert file.read(6) == b"line 2"
    api.create_branch(repo, branch="dev/1")
    assert fs.read_text(f"{repo}@dev%2F1/data/a.txt") == "line 1\nline 2\n"
    fs.rm(f"{repo}/data/a.txt")
    fs.invalidate_cache()
    assert not fs.exists(f"{repo}/data/a.txt")


def test_a_private_file_needs_the_token(
    server: Server, api: HfApi, stranger: Person, repo: str, tmp_path: Path
) -> None:
    api.upload_file(path_or_fileobj=b"mine", path_in_repo="mine.txt", repo_id=repo)
    api.update_repo_settings(repo, private=True)
    assert Path(api.hf_hub_download(repo, "mine.txt")).read_bytes() == b"mine"
    for caller in (api_of(server, stranger), api_of(server, None)):
        with pytest.raises(RepositoryNotFoundError):
            caller.hf_hub_download(repo, "mine.txt", cache_dir=tmp_path / "other")


def test_ignored_files_stay_at_home(api: HfApi, repo: str, folder: Path) -> None:
    api.upload_file(path_or_fileobj=b"*.json\n", path_in_repo=".gitignore", repo_id=repo)
    api.upload_folder(repo_id=repo, folder_path=folder)
    assert "config.json" not in paths(api, repo)
    assert "a.txt" in paths(api, repo)


def test_lfs_files_are_listed_and_deleted_for_good(api: HfApi, repo: str, by_lfs: None) -> None:
    api.upload_file(path_or_fileobj=b"\0" * 5000, path_in_repo="old.bin", repo_id=repo)
    api.upload_file(path_or_fileobj=b"\1" * 6000, path_in_repo="new.bin", repo_id=repo)
    files = {file.filename: file for file in api.list_lfs_files(repo)}
    assert {name: file.size for name, file in files.items()} == {"old.bin": 5000, "new.bin": 6000}
    api.permanently_delete_lfs_files(repo, [files["old.bin"]])
    assert [file.filename for file in api.list_lfs_files(repo)] == ["new.bin"]
    assert "old.bin" not in paths(api, repo)


def test_downloads_are_counted_once_for_each_caller(
    own_server: Callable[..., Server], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot of many files is one download, and so is the same again at once. Counts are written when it ends."""
    server = own_server().start()
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    api = api_of(server, server.person("ana"))
    repo = api.create_repo("ana/counted").repo_id
    api.upload_folder(repo_id=repo, folder_path=folder)
    for _ in range(2):
        api.snapshot_download(repo, force_download=True)
    server.stop()
    server.start()
    assert api.model_info(repo).downloads == 1
