"""A revision's history, newest first, and what changed between two revisions."""

from __future__ import annotations

from html import escape
from typing import NotRequired

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.errors import RevisionNotFound
from zoco.core.ids import Oid
from zoco.core.pages import Page
from zoco.core.repos import ContentsRepo
from zoco.hub.repos.diff import unified_text
from zoco.hub.repos.history import CommitInfo, list_commits
from zoco.hub.repos.open import open_for_contents, open_for_reading
from zoco.hub.repos.revisions import resolve_revision
from zoco.surfaces.hub_api.asked import Asked, asked, number, revision_of, texts
from zoco.surfaces.hub_api.calls import API, LIMIT, Call, Query
from zoco.surfaces.hub_api.replies import iso, numbered_page_reply
from zoco.surfaces.streaming import StreamedAnswer
from zoco.surfaces.threads import in_thread, iterate

PAGE_SIZE_MAX = 1000
PAGE_SIZE = 50


class CommitAuthor(TypedDict):
    user: str
    avatar: NotRequired[str]


class FormattedCommit(TypedDict):
    title: str
    message: str


class CommitItem(TypedDict):
    id: str
    title: str
    message: str
    date: str
    authors: list[CommitAuthor]
    formatted: NotRequired[FormattedCommit]


async def list_repo_commits(request: Request) -> Response:
    of = await asked(request)
    number_of_page = number(request, "p", default=0, most=10_000_000)
    limit = number(request, "limit", default=PAGE_SIZE, least=1, most=PAGE_SIZE_MAX)
    page = await in_thread(_commits, of, revision_of(request), number_of_page, limit)
    formatted = "formatted" in texts(request, "expand")
    items = [_item(commit, formatted=formatted) for commit in page.items]
    total = page.total or 0
    more = number_of_page + 1 if (number_of_page + 1) * limit < total else None
    return numbered_page_reply(request, items, more, {"X-Total-Count": str(total)})


async def compare_revisions(request: Request) -> Response:
    """`a..b`: what b has that a has not. A diff shows contents, so a gate stands before it."""
    of = await asked(request)
    repo, base, head = await in_thread(_between, of, str(request.path_params["between"]))
    text = unified_text(of.hub.storage, repo, base, head)
    return StreamedAnswer(iterate(text), headers={"Content-Type": "text/plain; charset=utf-8"})


def _commits(of: Asked, revision: str, page: int, limit: int) -> Page[CommitInfo]:
    repo = open_for_reading(of.hub.storage, of.id, of.actor)
    commit = resolve_revision(of.hub.storage, repo, revision)
    return list_commits(of.hub.storage, repo, commit, page=page, limit=limit)


def _between(of: Asked, between: str) -> tuple[ContentsRepo, Oid, Oid]:
    base, dots, head = between.partition("..")
    repo = open_for_contents(of.hub.storage, of.id, of.actor)
    if not dots:
        raise RevisionNotFound(f"{between[:200]} (write it as base..head)")
    old = resolve_revision(of.hub.storage, repo, base.rstrip("."))
    return repo, old, resolve_revision(of.hub.storage, repo, head.lstrip("."))


def _item(commit: CommitInfo, *, formatted: bool) -> CommitItem:
    item: CommitItem = {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.message,
        "date": iso(commit.at_ms),
        "authors": [{"user": author.user or author.name} for author in commit.authors],
    }
    if formatted:
        item["formatted"] = {"title": escape(commit.title), "message": escape(commit.message)}
    return item


calls = [
    Call(
        "GET",
        f"{API}/commits/{{rev:seg}}",
        list_repo_commits,
        "A revision's history, newest first. X-Total-Count says how many commits there are.",
        query=(
            Query("p", "page, from 0", type="integer"),
            LIMIT,
            Query("expand", "formatted: title and message also as HTML", many=True, choices=("formatted",)),
        ),
        answer=list[CommitItem],
        is_paged=True,
    ),
    Call(
        "GET",
        f"{API}/compare/{{between:rest}}",
        compare_revisions,
        "The difference of two revisions, `base..head`, as a unified diff",
        query=(Query("raw", "accepted; the answer is always raw", type="boolean"),),
        media_type="text/plain",
    ),
]
