"""One file: read, looked at or listened to, and what to know before using it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from zoco.core.repos import ContentsRepo
from zoco.formats.cards.front_matter import split
from zoco.hub.repos.history import CommitInfo
from zoco.hub.repos.open import open_for_contents
from zoco.hub.repos.read import File, find_entry, open_file
from zoco.surfaces.web import urls
from zoco.surfaces.web.highlight import highlight_lines
from zoco.surfaces.web.markdown import Rendered, render_markdown
from zoco.surfaces.web.names import may_run_code
from zoco.surfaces.web.pages.repo_head import PREFIXES, RepoHead, head_of, opened
from zoco.surfaces.web.pages.tree import Crumb, RevisionContext, crumbs_of, revision_context
from zoco.surfaces.web.render import Page, go_to
from zoco.surfaces.web.sanitise import Place
from zoco.surfaces.web.serve import shows
from zoco.surfaces.web.visit import Visit

SHOWN_MAX_BYTES = 1_000_000
LINES_SHOWN_MAX = 12_000
"""Each line is a row of a table: more would make a page of many megabytes."""

EDITED_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class BlobContext:
    """`view`: text, markdown, image, audio, video, pdf, lfs, binary, large, link."""

    head: RepoHead
    at: RevisionContext
    file: File
    crumbs: tuple[Crumb, ...]
    view: str
    last_commit: CommitInfo | None
    lines: Sequence[Markup] = ()
    preview: Rendered | None = None
    shows_source: bool = False
    may_run_code: bool = False
    can_edit: bool = False


def show(visit: Visit, request: Request) -> Page | Response:
    repo = opened(visit, request)
    revision, path = request.path_params["rev"], request.path_params["path"].strip("/")
    contents = open_for_contents(visit.hub.storage, repo.id, visit.actor)
    at = revision_context(visit, repo, revision)
    found = find_entry(visit.hub.storage, repo, at.commit, path, expand=True)
    if found.is_folder:
        return go_to(urls.tree(repo.id, revision, path), visit)
    file = open_file(visit.hub.storage, contents, at.commit, path)
    shows_source = request.query_params.get("view") == "source"
    return Page("repos/blob.html", _context(visit, contents, at, file, found.last_commit, shows_source=shows_source))


def _context(
    visit: Visit,
    repo: ContentsRepo,
    at: RevisionContext,
    file: File,
    last_commit: CommitInfo | None,
    *,
    shows_source: bool,
) -> BlobContext:
    path, view = file.entry.path, view_of(file)
    text = file.data.decode("utf-8", "replace") if view in {"text", "markdown"} and file.data is not None else None
    preview: Rendered | None = None
    lines: Sequence[Markup] = ()
    if text is not None and view == "markdown" and not shows_source:
        place = Place(repo.id, at.revision, path.rpartition("/")[0], visit.hub.settings.remote_images == "allow")
        preview = render_markdown(split(text).body, place, visit.language.gettext)
    elif text is not None:
        lines = highlight_lines(text, path)
    head = head_of(visit, repo, revision=at.revision)
    return BlobContext(
        head=head,
        at=at,
        file=file,
        crumbs=crumbs_of(path),
        view=view,
        last_commit=last_commit,
        lines=lines,
        preview=preview,
        shows_source=shows_source,
        may_run_code=may_run_code(path),
        can_edit=head.can_write and at.is_branch and can_be_edited(file),
    )


def view_of(file: File) -> str:
    kind = file.content_type.partition(";")[0]
    if file.entry.kind == "link":
        return "text"
    for family in ("image", "audio", "video"):
        if kind.startswith(f"{family}/"):
            return family
    if file.data is None:
        return "lfs"
    if is_binary(file.data):
        return "binary"
    if file.size > SHOWN_MAX_BYTES or file.data.count(b"\n") > LINES_SHOWN_MAX:
        return "large"
    return "markdown" if file.entry.path.lower().endswith((".md", ".markdown")) else "text"


def can_be_edited(file: File) -> bool:
    return (
        file.entry.kind == "file"
        and file.data is not None
        and not is_binary(file.data)
        and file.size <= EDITED_MAX_BYTES
    )


def is_binary(data: bytes) -> bool:
    """As git guesses: a NUL near the beginning. What is not UTF-8 cannot be shown or edited either."""
    if b"\0" in data[:8000]:
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


routes: list[BaseRoute] = [shows(f"{prefix}/blob/{{rev:seg}}/{{path:rest}}", show) for _, prefix in PREFIXES]
