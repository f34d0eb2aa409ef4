"""The head of every page of a repository: whose it is, its tags, likes and tabs; and how a request names it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import Request

from zoco.core.access import Access, Gated
from zoco.core.errors import RevisionNotFound
from zoco.core.ids import Oid, RepoId, RepoType
from zoco.core.repos import ReadableRepo
from zoco.hub.catalog.describe import repo_info
from zoco.hub.catalog.info import RepoInfo
from zoco.hub.catalog.query import Want
from zoco.hub.community.likes import is_liked
from zoco.hub.repos.open import open_for_reading
from zoco.hub.repos.revisions import resolve_revision
from zoco.surfaces.web import urls
from zoco.surfaces.web.names import Tag, domain_of, glyph_kind, tag_of
from zoco.surfaces.web.pages.relations import live_links
from zoco.surfaces.web.visit import Visit

TAGS_SHOWN_MAX = 40
PREFIXES = tuple((type, f"/{type.prefix}" + "{ns:seg}/{name:seg}") for type in RepoType)
"""Route prefixes of the three kinds of repository; models, at the root, come last where it matters."""


@dataclass(frozen=True, slots=True)
class RepoHead:
    """`revision` is what the tabs stay on."""

    id: RepoId
    kind: str
    domain: str
    description: str
    is_private: bool
    gated: Gated
    likes: int
    is_liked: bool
    tags: tuple[Tag, ...]
    default_branch: str
    revision: str
    access: Access
    has_card_problem: bool = False

    @property
    def can_write(self) -> bool:
        return self.access >= Access.WRITE

    @property
    def can_admin(self) -> bool:
        return self.access >= Access.ADMIN

    @property
    def can_read_files(self) -> bool:
        return self.gated is Gated.OPEN or self.can_write


def repo_id_of(request: Request) -> RepoId:
    first = request.scope["path"].split("/", 2)[1]
    type = next((type for type in (RepoType.DATASET, RepoType.SPACE) if first == type.plural), RepoType.MODEL)
    return RepoId(type, request.path_params["ns"], request.path_params["name"])


def opened(visit: Visit, request: Request) -> ReadableRepo:
    """Raises RepoNotFound, Moved, Disabled."""
    return open_for_reading(visit.hub.storage, repo_id_of(request), visit.actor)


def tip_of(visit: Visit, repo: ReadableRepo) -> Oid | None:
    """The commit of the default branch, None while the repository is empty."""
    try:
        return resolve_revision(visit.hub.storage, repo, repo.default_branch)
    except RevisionNotFound:
        return None


def info_of(visit: Visit, repo: ReadableRepo, *want: Want) -> RepoInfo:
    return repo_info(visit.hub.catalogue, repo, visit.actor, want=frozenset(want))


def head_of(visit: Visit, repo: ReadableRepo, *, revision: str | None = None, info: RepoInfo | None = None) -> RepoHead:
    info = info or info_of(visit, repo)
    return RepoHead(
        id=repo.id,
        kind=glyph_kind(repo.id.type),
        domain=domain_of(info.pipeline_tag, info.tags),
        description=info.description,
        is_private=repo.is_private,
        gated=repo.gated,
        likes=repo.likes,
        is_liked=is_liked(visit.hub.db, repo, visit.actor),
        tags=tags_of(visit, repo.id.type, info),
        default_branch=repo.default_branch,
        revision=revision or repo.default_branch,
        access=repo.access,
        has_card_problem=bool(info.card_problem),
    )


def tags_of(visit: Visit, type: RepoType, info: RepoInfo) -> tuple[Tag, ...]:
    """The task first, then the library, then as the card has them."""
    order = ("task", "library", "dataset", "language", "base_model", "license")
    tags = [
        tag
        for name in info.tags[: TAGS_SHOWN_MAX * 2]
        if (tag := tag_of(visit.language, type, name, task=info.pipeline_tag, library=info.library_name))
    ]
    named = [tag for tag in tags if tag.kind in ("dataset", "base_model")]
    live = live_links(visit, [(tag.kind, tag.label) for tag in named]) if named else {}
    tags = [_linked(tag, live.get(f"{tag.kind}:{tag.label}".lower())) for tag in tags]
    tags.sort(key=lambda tag: order.index(tag.kind) if tag.kind in order else 4)
    return tuple(tags[:TAGS_SHOWN_MAX])


def _linked(tag: Tag, id: RepoId | None) -> Tag:
    """What a card names is a link while it is there."""
    return replace(tag, href=urls.repo(id)) if id else tag
