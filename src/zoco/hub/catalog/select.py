"""Which repositories does a query mean, among those its caller may read?"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace

from pyroaring import BitMap

from zoco.core.access import Access, Actor
from zoco.core.ids import RepoType, name_key
from zoco.formats.cards.local_apps import LOCAL_APPS
from zoco.formats.cards.tags import Tag, TagKind, tags_meant
from zoco.hub.catalog.catalogue import View
from zoco.hub.catalog.index.document import GATED, PUBLIC, author_term, link_term, private_term, tag_term
from zoco.hub.catalog.index.sizes import sized_between
from zoco.hub.catalog.index.text import TextSearch, text_of
from zoco.hub.catalog.index.typed_index import Selection, TypedIndex
from zoco.hub.catalog.query import Query

NOTHING = Selection(BitMap(), BitMap())


def select(index: TypedIndex, texts: TextSearch, type: RepoType, query: Query, actor: Actor | None) -> Selection:
    """`query.type` is this type, or any."""
    if query.needs_inference:
        return NOTHING
    found = visible_to(index, type, actor)
    groups = list(_groups(query, type))
    if groups:
        found = index.find(groups) & found
    if query.gated is not None:
        gated = index.find([[GATED]])
        found = found & gated if query.gated else found - gated
    if query.parameters_min is not None or query.parameters_max is not None:
        found = found & sized_between(index, query.parameters_min, query.parameters_max)
    text = text_of(query.search)
    return found & texts.found(text) if text and found else found


def selected(view: View, type: RepoType, query: Query, actor: Actor | None) -> Selection:
    """As `select`, worked out once for the list, its counts and its pages."""
    indexed = view.types[type]
    question = ("selected", type, what(query), who(actor))
    return view.answer(question, lambda: select(indexed.index, indexed.texts, type, query, actor))


def what(query: Query) -> Query:
    """The part of a query that decides which repositories it finds."""
    return replace(query, sort=None, ascending=False, limit=0, cursor=None, skip=0, want=frozenset())


def who(actor: Actor | None) -> Hashable:
    """The part of an actor that decides what they see."""
    if actor is None:
        return None
    grants = actor.grants
    rights = (grants.everywhere, tuple(grants.namespaces.items()), tuple(grants.repos.items())) if grants else None
    return (tuple(sorted(actor.roles)), actor.limit, rights)


def visible_to(index: TypedIndex, type: RepoType, actor: Actor | None) -> Selection:
    """The index's twin of `core.access.access_to(…) >= READ`; a test holds them together."""
    terms = [PUBLIC]
    named: list[int | None] = []
    if actor is not None and actor.limit >= Access.READ:
        grants = actor.grants
        everywhere = grants is None or grants.everywhere >= Access.READ
        spaces = grants.namespaces if grants else {}
        mine = (space for space in actor.roles if everywhere or spaces.get(space, Access.NONE) >= Access.READ)
        terms.extend(private_term(space) for space in mine)
        for full, access in (grants.repos if grants and not everywhere else {}).items():
            type_, space, repo_name = full.split("/", 2)
            if access >= Access.READ and type_ == type.value and space in actor.roles:
                named.append(index.doc_named(f"{space}/{repo_name}"))
    found = index.find([terms])
    if not named:
        return found
    also = index.only(doc for doc in named if doc is not None)
    return Selection(found.base | also.base, found.delta | also.delta)


def _groups(query: Query, type: RepoType) -> Iterator[list[str]]:
    """All must hold; of each, one term is enough."""
    if query.author is not None:
        yield [author_term(name_key(query.author))]
    if query.pipeline_tag is not None:
        yield [tag_term(Tag(TagKind.TASK, query.pipeline_tag))]
    yield from ([tag_term(tag)] for tag in query.tags)
    for word in filter(None, map(str.strip, query.filters)):
        yield _terms(tags_meant(word, type))
    for word in query.other:
        yield _terms(tags_meant(word, type))
    for app in query.apps:
        for group in LOCAL_APPS[app]:
            yield _terms(tag for word in group for tag in tags_meant(word, type))
    yield from ([link_term("model", name)] for name in query.linked_models)
    yield from ([link_term("dataset", name)] for name in query.linked_datasets)


def _terms(tags: Iterable[Tag]) -> list[str]:
    return list(dict.fromkeys(tag_term(tag) for tag in tags))
