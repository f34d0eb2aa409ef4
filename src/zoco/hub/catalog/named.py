"""Which repositories name this one in their cards, of those the caller may read?"""

from __future__ import annotations

from dataclasses import dataclass

from zoco.core.access import Actor
from zoco.core.ids import RepoId, RepoType
from zoco.formats.cards.tags import Tag, TagKind
from zoco.formats.cards.validate import RELATIONS
from zoco.hub.catalog import store
from zoco.hub.catalog.catalogue import Catalogue, View
from zoco.hub.catalog.index.document import Number, link_term, tag_term
from zoco.hub.catalog.index.page import first_by_number
from zoco.hub.catalog.index.typed_index import Selection
from zoco.hub.catalog.select import visible_to


@dataclass(frozen=True, slots=True)
class Naming:
    """Repositories of `type` whose cards name `named` as a `kind`: model, dataset or base_model."""

    type: RepoType
    kind: str
    named: RepoId


def naming(catalogue: Catalogue, actor: Actor | None, wanted: Naming, limit: int) -> tuple[RepoId, ...]:
    """The most downloaded first."""
    with catalogue.view() as view:
        chosen = _chosen(view, actor, wanted.type, link_term(wanted.kind, wanted.named.full_name))
        index = view.types[wanted.type].index
        placed = first_by_number(index, chosen, Number.DOWNLOADS, limit, ascending=False, after=None)
    with catalogue.storage.db.read() as read:
        return tuple(store.ids_of(read, [one.key for one in placed], actor))


def count_naming(catalogue: Catalogue, actor: Actor | None, wanted: Naming) -> int:
    with catalogue.view() as view:
        return len(_chosen(view, actor, wanted.type, link_term(wanted.kind, wanted.named.full_name)))


def count_children(catalogue: Catalogue, actor: Actor | None, model: RepoId) -> dict[str, int]:
    """Models that were made from this one, by how (`RELATIONS`)."""
    with catalogue.view() as view:
        return {relation: len(_chosen(view, actor, RepoType.MODEL, _made(relation, model))) for relation in RELATIONS}


def _made(relation: str, model: RepoId) -> str:
    return tag_term(Tag(TagKind.BASE_MODEL, f"{relation}:{model.full_name}"))


def _chosen(view: View, actor: Actor | None, type: RepoType, term: str) -> Selection:
    index = view.types[type].index
    found = index.find([[term]])
    return found & visible_to(index, type, actor) if len(found) else found
