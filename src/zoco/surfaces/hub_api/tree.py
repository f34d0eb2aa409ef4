"""What a repository holds at a revision: folders page by page, paths asked for by name, sizes."""

from __future__ import annotations

from typing import Literal, NotRequired

from pydantic import Field, field_validator
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.pages import Page
from zoco.hub.repos.open import open_for_reading
from zoco.hub.repos.read import Entry, list_tree, paths_info, tree_size
from zoco.hub.repos.revisions import resolve_revision
from zoco.surfaces.hub_api.asked import Asked, asked, cursor_of, flag, number, path_of, revision_of
from zoco.surfaces.hub_api.bodies import Body, Text, form_or_json_body
from zoco.surfaces.hub_api.calls import API, CURSOR, LIMIT, Call, Query
from zoco.surfaces.hub_api.replies import iso, json_reply, page_reply
from zoco.surfaces.threads import in_thread

PAGE_SIZE_MAX = 1000
EXPANDED_PAGE_SIZE_MAX = 100
PATHS_MAX = 20_000


class TreeLfs(TypedDict):
    oid: str
    size: int
    pointerSize: int


class TreeCommit(TypedDict):
    id: str
    title: str
    date: str


class FileSecurity(TypedDict):
    """Nothing is scanned here; huggingface_hub reads every one of these keys."""

    status: Literal["unscanned"]
    avScan: None
    pickleImportScan: None
    jFrogScan: None
    protectAiScan: None


class TreeItem(TypedDict):
    type: Literal["file", "directory"]
    oid: str
    size: int
    path: str
    lfs: NotRequired[TreeLfs]
    xetHash: NotRequired[str]
    lastCommit: NotRequired[TreeCommit | None]
    securityFileStatus: NotRequired[FileSecurity]


class TreeSize(TypedDict):
    path: str
    size: int


class PathsBody(Body):
    paths: list[Text] = Field(max_length=PATHS_MAX)
    expand: bool = False

    @field_validator("paths", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


async def list_repo_tree(request: Request) -> Response:
    of = await asked(request)
    expand = flag(request, "expand")
    most = EXPANDED_PAGE_SIZE_MAX if expand else PAGE_SIZE_MAX
    limit = number(request, "limit", default=most, least=1, most=most)
    page = await in_thread(
        _tree,
        of,
        revision_of(request),
        path_of(request),
        flag(request, "recursive"),
        expand,
        cursor_of(request),
        limit,
    )
    return page_reply(request, [tree_item(entry, expand=expand) for entry in page.items], page.next_cursor)


async def list_paths_info(request: Request) -> Response:
    of = await asked(request)
    body = await form_or_json_body(request, PathsBody, many=frozenset({"paths"}))
    entries = await in_thread(_paths, of, revision_of(request), body)
    return json_reply([tree_item(entry, expand=body.expand) for entry in entries])


async def size_of_tree(request: Request) -> Response:
    of = await asked(request)
    path = path_of(request)
    size = await in_thread(_size, of, revision_of(request), path)
    answer: TreeSize = {"path": path, "size": size}
    return json_reply(answer)


def tree_item(entry: Entry, *, expand: bool) -> TreeItem:
    """A symbolic link is listed as the small file it is; a submodule as an empty folder."""
    is_folder = entry.kind in {"directory", "submodule"}
    item: TreeItem = {
        "type": "directory" if is_folder else "file",
        "oid": entry.oid,
        "size": 0 if is_folder else entry.lfs.size if entry.lfs else entry.size,
        "path": entry.path,
    }
    if entry.lfs:
        item["lfs"] = {"oid": entry.lfs.sha256, "size": entry.lfs.size, "pointerSize": entry.lfs.pointer_size}
        if entry.lfs.xet_hash:
            item["xetHash"] = entry.lfs.xet_hash
    if expand:
        item["lastCommit"] = _last_commit(entry)
        if not is_folder:
            item["securityFileStatus"] = {
                "status": "unscanned",
                "avScan": None,
                "pickleImportScan": None,
                "jFrogScan": None,
                "protectAiScan": None,
            }
    return item


def _last_commit(entry: Entry) -> TreeCommit | None:
    if (commit := entry.last_commit) is None:
        return None
    return {"id": commit.oid, "title": commit.title, "date": iso(commit.at_ms)}


def _tree(
    of: Asked, revision: str, path: str, recursive: bool, expand: bool, cursor: str | None, limit: int
) -> Page[Entry]:
    repo = open_for_reading(of.hub.storage, of.id, of.actor)
    commit = resolve_revision(of.hub.storage, repo, revision)
    return list_tree(of.hub.storage, repo, commit, path, recursive=recursive, expand=expand, cursor=cursor, limit=limit)


def _paths(of: Asked, revision: str, body: PathsBody) -> list[Entry]:
    repo = open_for_reading(of.hub.storage, of.id, of.actor)
    commit = resolve_revision(of.hub.storage, repo, revision)
    return paths_info(of.hub.storage, repo, commit, body.paths, expand=body.expand)


def _size(of: Asked, revision: str, path: str) -> int:
    repo = open_for_reading(of.hub.storage, of.id, of.actor)
    commit = resolve_revision(of.hub.storage, repo, revision)
    return tree_size(of.hub.storage, repo, commit, path)


_TREE_QUERY = (
    Query("recursive", "also what lies below", type="boolean"),
    Query("expand", "with the last commit of each entry; pages are smaller then", type="boolean"),
    LIMIT,
    CURSOR,
)

calls = [
    Call(
        "GET",
        f"{API}/tree/{{rev:seg}}/{{path:rest}}",
        list_repo_tree,
        "A folder's entries",
        query=_TREE_QUERY,
        answer=list[TreeItem],
        is_paged=True,
    ),
    Call(
        "GET",
        f"{API}/tree/{{rev:seg}}",
        list_repo_tree,
        "The root folder's entries",
        query=_TREE_QUERY,
        answer=list[TreeItem],
        is_paged=True,
    ),
    Call(
        "POST",
        f"{API}/paths-info/{{rev:seg}}",
        list_paths_info,
        "Files and folders by path; those that are not there are left out",
        body=PathsBody,
        answer=list[TreeItem],
    ),
    Call("GET", f"{API}/treesize/{{rev:seg}}/{{path:rest}}", size_of_tree, "A folder's size", answer=TreeSize),
    Call("GET", f"{API}/treesize/{{rev:seg}}", size_of_tree, "The whole tree's size", answer=TreeSize),
]
