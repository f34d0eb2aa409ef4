"""A repository's front page: its card, and beside it what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from zoco.core.access import Gated
from zoco.core.errors import EntryNotFound, NotAuthenticated
from zoco.core.ids import Oid
from zoco.core.repos import ReadableRepo
from zoco.formats.cards.front_matter import Problem, split
from zoco.formats.cards.languages import is_language
from zoco.hub.catalog.query import Want
from zoco.hub.community.likes import is_liked, like, unlike
from zoco.hub.repos.downloads import last_days
from zoco.hub.repos.history import CommitInfo
from zoco.hub.repos.open import open_for_contents
from zoco.hub.repos.read import find_entry, open_file
from zoco.surfaces.web import urls
from zoco.surfaces.web.forms import Form
from zoco.surfaces.web.markdown import Rendered, render_markdown
from zoco.surfaces.web.pages.relations import Relations, relations_of
from zoco.surfaces.web.pages.repo_head import PREFIXES, RepoHead, head_of, info_of, opened, tip_of
from zoco.surfaces.web.render import Page, go_to
from zoco.surfaces.web.said import sentence_by_sentence
from zoco.surfaces.web.sanitise import Place
from zoco.surfaces.web.serve import acts, shows
from zoco.surfaces.web.snippets import Snippet, git_clone, hf_download, snippets_for
from zoco.surfaces.web.sparkline import sparkline
from zoco.surfaces.web.visit import Visit

README = "README.md"
INDEX_FROM = 3
"""So many headings make an index worth showing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the metadata, and its cure, in the visitor's language."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class CardContext:
    """`card` is None where there is no README, or a gate stands before it."""

    head: RepoHead
    card: Rendered | None
    problem: Fault | None
    can_be_repaired: bool
    tip: Oid
    language: str | None
    last_commit: CommitInfo | None
    is_gated: bool
    downloads: int
    course: Markup
    size_bytes: int | None
    license: str | None
    relations: Relations
    parameters: int
    snippets: tuple[Snippet, ...]
    created_at_ms: int
    updated_at_ms: int


@dataclass(frozen=True, slots=True)
class EmptyContext:
    head: RepoHead
    git_url: str
    clone: str
    download: str


def show(visit: Visit, request: Request) -> Page:
    repo = opened(visit, request)
    tip = tip_of(visit, repo)
    if tip is None:
        endpoint = visit.endpoint
        context = EmptyContext(
            head_of(visit, repo),
            f"{endpoint}/{repo.id.path}",
            git_clone(repo.id, endpoint),
            hf_download(repo.id, endpoint),
        )
        return Page("repos/empty.html", context)
    return Page("repos/card.html", card_context(visit, repo, tip))


def card_context(visit: Visit, repo: ReadableRepo, tip: Oid) -> CardContext:
    info = info_of(visit, repo, Want.SIBLINGS, Want.USED_STORAGE)
    head = head_of(visit, repo, info=info)
    text = _readme(visit, repo, tip) if head.can_read_files else None
    card, problem, last_commit, can_be_repaired = None, None, None, False
    if text is not None:
        front = split(text)
        place = Place(repo.id, repo.default_branch, "", visit.hub.settings.remote_images == "allow")
        card, problem = render_markdown(front.body, place, visit.language.gettext), front.problem or front.garbled
        can_be_repaired = front.repaired is not None
        last_commit = find_entry(visit.hub.storage, repo, tip, README, expand=True).last_commit
    return CardContext(
        head=head,
        card=card,
        problem=_fault(visit, problem) if problem else None,
        can_be_repaired=can_be_repaired,
        tip=tip,
        language=language_of(info.card),
        last_commit=last_commit,
        is_gated=repo.gated is not Gated.OPEN,
        downloads=info.downloads,
        course=sparkline(last_days(visit.hub.db, [info.key]).get(info.key, ())),
        size_bytes=info.used_storage,
        license=info.license,
        relations=relations_of(visit, info),
        parameters=info.safetensors.total if info.safetensors else 0,
        snippets=snippets_for(info, visit.endpoint),
        created_at_ms=info.created_at_ms,
        updated_at_ms=info.updated_at_ms,
    )


def _fault(visit: Visit, problem: Problem) -> Fault:
    said = f"{problem.message}. {problem.hint}" if problem.hint else problem.message
    return Fault(problem.line, sentence_by_sentence(visit.language, said))


def toggle_like(visit: Visit, request: Request, _form: Form) -> Page | Response:
    repo = opened(visit, request)
    if visit.actor is None:
        raise NotAuthenticated("Log in to like a repository.")
    change = unlike if is_liked(visit.hub.db, repo, visit.actor) else like
    change(visit.hub.db, repo, visit.actor)
    return go_to(urls.repo(repo.id), visit)


def language_of(card: Mapping[str, Any]) -> str | None:  # Any: YAML
    """The language a card is written in, where it names exactly one: screen readers then pronounce it."""
    named = card.get("language")
    words = named if isinstance(named, list) else [named]
    return words[0] if len(words) == 1 and isinstance(words[0], str) and is_language(words[0]) else None


def _readme(visit: Visit, repo: ReadableRepo, tip: Oid) -> str | None:
    contents = open_for_contents(visit.hub.storage, repo.id, visit.actor)
    try:
        file = open_file(visit.hub.storage, contents, tip, README)
    except EntryNotFound:
        return None
    return file.data.decode("utf-8", "replace") if file.data is not None else None


routes: list[BaseRoute] = [
    route for _, prefix in PREFIXES for route in (shows(prefix, show), acts(f"{prefix}/like", toggle_like))
]
