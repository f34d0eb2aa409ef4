"""The history of a revision or of one path, day by day; one commit with what it changed; back to an older version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from zoco.core.errors import Invalid, NotAuthenticated
from zoco.hub.repos.diff import Diff, commit_diff
from zoco.hub.repos.history import CommitInfo, get_commit, list_commits
from zoco.hub.repos.open import open_for_contents, open_for_writing
from zoco.hub.repos.restore import restore
from zoco.hub.repos.revisions import resolve_revision
from zoco.surfaces.web import urls
from zoco.surfaces.web.forms import Form
from zoco.surfaces.web.pages.repo_head import PREFIXES, RepoHead, head_of, opened, tip_of
from zoco.surfaces.web.pages.tree import Crumb, RevisionContext, crumbs_of, revision_context
from zoco.surfaces.web.render import Page, go_to
from zoco.surfaces.web.serve import acts, shows
from zoco.surfaces.web.visit import Visit

PER_PAGE = 50
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Day:
    at_ms: int
    commits: tuple[CommitInfo, ...]


@dataclass(frozen=True, slots=True)
class CommitsContext:
    head: RepoHead
    at: RevisionContext
    path: str
    crumbs: tuple[Crumb, ...]
    days: tuple[Day, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class CommitContext:
    """`diff` is None behind a gate; `can_restore`: another version than the default branch's, by who may write."""

    head: RepoHead
    commit: CommitInfo
    diff: Diff | None
    can_restore: bool


def show_commits(visit: Visit, request: Request) -> Page:
    repo = opened(visit, request)
    revision, path = request.path_params["rev"], request.path_params.get("path", "").strip("/")
    at, number = revision_context(visit, repo, revision), page_number(request)
    found = list_commits(visit.hub.storage, repo, at.commit, path=path or None, page=number, limit=PER_PAGE)
    total = found.total or 0
    context = CommitsContext(
        head=head_of(visit, repo, revision=revision),
        at=at,
        path=path,
        crumbs=crumbs_of(path),
        days=days_of(found.items),
        total=total,
        page=number,
        pages=-(-total // PER_PAGE),
    )
    return Page("repos/commits.html", context)


def show_commit(visit: Visit, request: Request) -> Page:
    repo = opened(visit, request)
    oid = resolve_revision(visit.hub.storage, repo, request.path_params["rev"])
    head, tip = head_of(visit, repo), tip_of(visit, repo)
    commit = get_commit(visit.hub.storage, repo, oid)
    diff = None
    if head.can_read_files:
        diff = commit_diff(visit.hub.storage, open_for_contents(visit.hub.storage, repo.id, visit.actor), oid)
    return Page("repos/commit.html", CommitContext(head, commit, diff, can_restore=head.can_write and oid != tip))


def restore_version(visit: Visit, request: Request, _form: Form) -> Page | Response:
    repo = opened(visit, request)
    if visit.actor is None:
        raise NotAuthenticated("Log in to change this repository.")
    writable = open_for_writing(visit.hub.storage, repo.id, visit.actor)
    try:
        restore(visit.hub.storage, writable, visit.actor, repo.default_branch, request.path_params["rev"])
    except Invalid:
        return go_to(urls.commits(repo.id, repo.default_branch), visit, said="unchanged")
    return go_to(urls.tree(repo.id, repo.default_branch), visit, said="restored")


def days_of(commits: Iterable[CommitInfo]) -> tuple[Day, ...]:
    """In UTC, as all times on the pages."""
    return tuple(
        Day(day * DAY_MS, tuple(of_day)) for day, of_day in groupby(commits, key=lambda commit: commit.at_ms // DAY_MS)
    )


def page_number(request: Request) -> int:
    """`p` counts from 0; nonsense is the first page."""
    text = request.query_params.get("p", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


routes: list[BaseRoute] = [
    route
    for _, prefix in PREFIXES
    for route in (
        shows(prefix + "/commits/{rev:seg}", show_commits),
        shows(prefix + "/commits/{rev:seg}/{path:rest}", show_commits),
        shows(prefix + "/commit/{rev:seg}", show_commit),
        acts(prefix + "/restore/{rev:seg}", restore_version),
    )
]
