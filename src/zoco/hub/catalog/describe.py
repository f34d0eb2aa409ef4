"""What does the Hub tell about an opened repository, or about a page of them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zoco.adapters.db.engine import Read
from zoco.core.access import Actor
from zoco.core.errors import HubError, RepoNotFound
from zoco.core.ids import Oid, RepoType
from zoco.core.repos import ReadableRepo
from zoco.hub.cards.card import Card
from zoco.hub.cards.reading import card_at
from zoco.hub.cards.service import cards_of
from zoco.hub.cards.weights import weights_at
from zoco.hub.catalog import store
from zoco.hub.catalog.catalogue import Catalogue
from zoco.hub.catalog.files import siblings_at
from zoco.hub.catalog.info import RepoInfo, SafetensorsTotals, info_from
from zoco.hub.catalog.named import Naming, count_naming, naming
from zoco.hub.catalog.query import Want
from zoco.hub.catalog.store import ListedRow
from zoco.hub.repos.named import resolve_names
from zoco.hub.repos.open import for_facts, open_for_reading
from zoco.hub.repos.read import tree_size
from zoco.hub.repos.revisions import reader_with
from zoco.hub.repos.storage import RepoStorage

LINKED_MAX = 100
"""Names of Spaces, models and datasets that a description lists."""

_FROM_FILES = frozenset({Want.SIBLINGS, Want.SIZES, Want.SAFETENSORS})


def repo_info(
    catalogue: Catalogue,
    repo: ReadableRepo,
    actor: Actor | None,
    commit: Oid | None = None,
    *,
    want: frozenset[Want] = frozenset(),
) -> RepoInfo:
    """As of `commit`, or of the default branch. Raises RepoNotFound when it was deleted meanwhile."""
    storage = catalogue.storage
    with storage.db.read() as read:
        row = store.rows_of(read, [repo.key]).get(repo.key)
        if row is None:
            raise RepoNotFound(repo.id)
        known = cards_of(read, [repo.key]).get(repo.key)
        at = commit or row.head
        card = known[1] if known and known[0] == at else None
    if card is None and at is not None:
        with reader_with(storage, repo, at) as git:
            card = card_at(storage.xet, for_facts(repo), git, at)
    info = info_from(row, card, at)
    info = with_files(storage, repo, info, want)
    return with_relations(catalogue, [(row, info)], actor, want)[0]


def page_of_infos(
    catalogue: Catalogue, rows: Sequence[ListedRow], actor: Actor | None, want: frozenset[Want]
) -> tuple[RepoInfo, ...]:
    """Of rows that a list found readable, as of their default branches."""
    storage = catalogue.storage
    with storage.db.read() as read:
        cards = cards_of(read, [row.key for row in rows])
    infos = [info_from(row, _card(cards.get(row.key)), row.head) for row in rows]
    infos = with_relations(catalogue, list(zip(rows, infos, strict=True)), actor, want)
    if want & _FROM_FILES:
        infos = [_with_listed_files(storage, info, actor, want) for info in infos]
    return tuple(infos)


def with_files(storage: RepoStorage, repo: ReadableRepo, info: RepoInfo, want: frozenset[Want]) -> RepoInfo:
    """With what the wanted files say. Weights that were counted when they came need no file."""
    if info.safetensors is not None:
        want -= {Want.SAFETENSORS}
    if not want & _FROM_FILES:
        return info
    at = info.head
    if at is None:
        return replace(info, siblings=(), main_size=0)
    with reader_with(storage, repo, at) as git:
        if want & {Want.SIBLINGS, Want.SIZES}:
            files = siblings_at(git, at, sizes=Want.SIZES in want)
            info = replace(info, siblings=files)
        if Want.SAFETENSORS in want and info.id.type is RepoType.MODEL:
            counts = weights_at(storage.xet, for_facts(repo), git, at)
            totals = None if counts is None else SafetensorsTotals(counts, sum(counts.values()))
            info = replace(info, safetensors=totals)
    return replace(info, main_size=tree_size(storage, repo, at)) if Want.SIZES in want else info


def with_relations(
    catalogue: Catalogue,
    found: Sequence[tuple[ListedRow, RepoInfo]],
    actor: Actor | None,
    want: frozenset[Want],
) -> list[RepoInfo]:
    """With what other tables say: storage, and repositories that are tied to these."""
    infos = [info for _, info in found]
    if Want.USED_STORAGE in want:
        with catalogue.storage.db.read() as read:
            packs = store.packs_size(read, [row.key for row, _ in found])
        infos = [replace(info, used_storage=row.lfs_size + packs.get(row.key, 0)) for row, info in found]
    if Want.CHILDREN in want:
        infos = [
            replace(info, children_count=count_naming(catalogue, actor, Naming(RepoType.MODEL, "base_model", info.id)))
            for info in infos
        ]
    if Want.LINKED in want:
        infos = [_linked(catalogue, info, actor) for info in infos]
    return infos


def _linked(catalogue: Catalogue, info: RepoInfo, actor: Actor | None) -> RepoInfo:
    """Only names that exist and that the caller may read: a link lives and dies with what it points to."""

    def those_naming(type: RepoType, kind: str) -> tuple[str, ...]:
        found = naming(catalogue, actor, Naming(type, kind, info.id), LINKED_MAX)
        return tuple(id_.full_name for id_ in found)

    def existing(type: RepoType) -> tuple[str, ...]:
        with catalogue.storage.db.read() as read:
            return _existing(read, type, info, actor)

    match info.id.type:
        case RepoType.MODEL:
            return replace(info, spaces=those_naming(RepoType.SPACE, "model"), datasets=existing(RepoType.DATASET))
        case RepoType.DATASET:
            models, spaces = those_naming(RepoType.MODEL, "dataset"), those_naming(RepoType.SPACE, "dataset")
            return replace(info, models=models, spaces=spaces)
        case RepoType.SPACE:
            return replace(info, models=existing(RepoType.MODEL), datasets=existing(RepoType.DATASET))


def _existing(read: Read, type: RepoType, info: RepoInfo, actor: Actor | None) -> tuple[str, ...]:
    names = info.card.get(type.plural)
    words = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    found = resolve_names(read, type, words[:LINKED_MAX], actor)
    return tuple(dict.fromkeys(id_.full_name for id_ in found.values()))


def _card(known: tuple[Oid, Card] | None) -> Card | None:
    return known[1] if known else None


def _with_listed_files(storage: RepoStorage, info: RepoInfo, actor: Actor | None, want: frozenset[Want]) -> RepoInfo:
    try:
        return with_files(storage, open_for_reading(storage, info.id, actor), info, want)
    except HubError:
        return info  # deleted, renamed or closed since the page was read: its row is still true of that moment
