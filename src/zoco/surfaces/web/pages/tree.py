"""The files of a revision: one folder at a time."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from zoco.core.errors import RevisionNotFound
from zoco.core.ids import Oid
from zoco.core.repos import ReadableRepo
from zoco.hub.repos.history import CommitInfo, count_commits, get_commit
from zoco.hub.repos.read import Entry, find_entry, list_tree, tree_size
from zoco.hub.repos.refs import Refs, list_refs
from zoco.hub.repos.revisions import resolve_revision
from zoco.surfaces.web import urls
from zoco.surfaces.web.pages.repo_head import PREFIXES, RepoHead, head_of, opened
from zoco.surfaces.web.render import Page, go_to
from zoco.surfaces.web.serve import shows
from zoco.surfaces.web.snippets import git_clone, hf_download
from zoco.surfaces.web.visit import Visit

ENTRIES_MAX = 500


@dataclass(frozen=True, slots=True)
class RevisionContext:
    """`is_branch`: commits can go there."""

    revision: str
    commit: Oid
    is_branch: bool
    refs: Refs


@dataclass(frozen=True, slots=True)
class Crumb:
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class TreeContext:
    head: RepoHead
    at: RevisionContext
    path: str
    crumbs: tuple[Crumb, ...]
    entries: tuple[Entry, ...]
    next: str | None
    last_commit: CommitInfo
    commits: int
    size_bytes: int
    clone: str
    download: str


def show(visit: Visit, request: Request) -> Page | Response:
    repo = opened(visit, request)
    revision, path = request.path_params["rev"], request.path_params.get("path", "").strip("/")
    try:
        at = revision_context(visit, repo, revision)
    except RevisionNotFound:
        if revision == repo.default_branch:
            return go_to(urls.repo(repo.id), visit)
        raise
    storage = visit.hub.storage
    found = find_entry(storage, repo, at.commit, path) if path else None
    if found and not found.is_folder:
        return go_to(urls.blob(repo.id, revision, path), visit)
    cursor = request.query_params.get("cursor")
    entries = list_tree(storage, repo, at.commit, path, expand=True, cursor=cursor, limit=ENTRIES_MAX)
    context = TreeContext(
        head=head_of(visit, repo, revision=revision),
        at=at,
        path=path,
        crumbs=crumbs_of(path),
        entries=entries.items,
        next=entries.next_cursor,
        last_commit=get_commit(storage, repo, at.commit),
        commits=count_commits(storage, repo, at.commit),
        size_bytes=tree_size(storage, repo, at.commit, path),
        clone=git_clone(repo.id, visit.endpoint),
        download=hf_download(repo.id, visit.endpoint),
    )
    return Page("repos/tree.html", context)


def revision_context(visit: Visit, repo: ReadableRepo, revision: str) -> RevisionContext:
    """Raises RevisionNotFound."""
    commit = resolve_revision(visit.hub.storage, repo, revision)
    refs = list_refs(visit.hub.storage, repo)
    return RevisionContext(revision, commit, any(ref.name == revision for ref in refs.branches), refs)


def crumbs_of(path: str) -> tuple[Crumb, ...]:
    parts = path.split("/") if path else []
    return tuple(Crumb(part, "/".join(parts[: n + 1])) for n, part in enumerate(parts))


routes: list[BaseRoute] = [
    shows(f"{prefix}{tail}", show)
    for _, prefix in PREFIXES
    for tail in ("/tree/{rev:seg}", "/tree/{rev:seg}/{path:rest}")
]
