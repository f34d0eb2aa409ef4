"""The same questions as the index answers, answered by looking at every document: slow, and easy to believe."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable

from zoco.core.access import Actor, RepoFacts, Visibility, access_to
from zoco.core.ids import RepoType
from zoco.formats.cards.tags import Tag, TagKind, tags_meant
from zoco.hub.catalog.index.document import SIZE_BOUNDS, Document, Number, trending_number
from zoco.hub.catalog.index.text import text_of, tier_of
from zoco.hub.catalog.query import Query, Sort

OWNERS = ("ana", "Eva", "lab-1", "lab-2", "u_x", "b.c")
WORDS = ("bert", "roberta", "base", "es", "spanish", "large", "gpt2", "tiny", "v1", "v10", "clip", "a")
VALUES = {
    TagKind.TASK: ("text-classification", "token-classification", "text-generation"),
    TagKind.LIBRARY: ("transformers", "sklearn", "spacy", "Diffusers"),
    TagKind.LANGUAGE: ("es", "en", "da", "qu"),
    TagKind.LICENSE: ("mit", "apache-2.0", "other"),
    TagKind.DATASET: ("ana/llamas", "Eva/Llamas", "glue"),
    TagKind.OTHER: ("da", "bert", "Bert", "es-tag", "a:b"),
    TagKind.BASE_MODEL: ("ana/bert", "finetune:ana/bert"),
}
SIZES = (0, 0, 1, 10**8, 10**8 + 1, 5 * 10**8, 3 * 10**9, 8 * 10**10)


def random_document(rng: random.Random, key: int, type: RepoType = RepoType.MODEL) -> Document:
    name = rng.choice("-_.").join(rng.choices(WORDS, k=rng.randint(1, 3))) + (f"-{key}" if rng.random() < 0.7 else "")
    tags = [Tag(kind, rng.choice(values)) for kind, values in VALUES.items() for _ in range(rng.choice((0, 1, 1, 2)))]
    downloads, likes = rng.choice((0, 1, 7, rng.randint(0, 99))), rng.randint(0, 4)
    score = rng.choice((0, 0, 0, 1, 5))
    numbers = (
        *(trending_number(score, downloads), downloads, likes),
        *(rng.randint(1, 9), rng.randint(1, 9), rng.choice(SIZES)),
    )
    return Document(
        key=key,
        type=type,
        namespace=rng.choice(OWNERS),
        name=name,
        is_public=rng.random() < 0.7,
        is_gated=rng.random() < 0.2,
        tags=tuple(dict.fromkeys(tags)),
        links=tuple(f"model:{name}" for name in rng.sample(("ana/bert", "eva/x", "gpt2"), rng.randint(0, 2))),
        numbers=numbers,
    )


def matching(documents: Iterable[Document], query: Query, actor: Actor | None) -> list[Document]:
    return [one for one in documents if _matches(one, query, actor)]


def _matches(one: Document, query: Query, actor: Actor | None) -> bool:
    visibility = Visibility.PUBLIC if one.is_public else Visibility.PRIVATE
    tags = {(tag.kind, tag.value.lower()) for tag in one.tags}
    parameters = one.numbers[Number.PARAMETERS]
    text = text_of(query.search)

    def has(tag: Tag) -> bool:
        return (tag.kind, tag.value.lower()) in tags

    return (
        bool(access_to(RepoFacts(one.type.value, one.namespace, one.name, visibility, None), actor))
        and (query.author is None or one.namespace.lower() == query.author.lower())
        and (query.gated is None or one.is_gated == query.gated)
        and (query.pipeline_tag is None or has(Tag(TagKind.TASK, query.pipeline_tag)))
        and all(has(tag) for tag in query.tags)
        and all(any(has(tag) for tag in tags_meant(word, one.type)) for word in query.filters)
        and all(f"model:{name}" in one.links for name in query.linked_models)
        and (query.parameters_min is None or (parameters > 0 and parameters >= query.parameters_min))
        and (query.parameters_max is None or 0 < parameters <= query.parameters_max)
        and (text is None or all(part in one.full_key for part in text.parts))
    )


def in_order(found: Iterable[Document], query: Query) -> list[int]:
    """Keys."""
    sort = query.sort or Sort.TRENDING
    text = text_of(query.search)
    down = query.ascending if sort is Sort.NAME else not query.ascending
    number = {sort: Number[sort.name] for sort in Sort if sort is not Sort.NAME}

    def value(one: Document) -> tuple[int | str, int]:
        return (one.full_key if sort is Sort.NAME else one.numbers[number[sort]], one.key)

    ordered = sorted(found, key=value, reverse=down)
    if sort is Sort.PARAMETERS and query.ascending:
        ordered.sort(key=lambda one: one.numbers[Number.PARAMETERS] == 0)
    if text is not None and query.sort is None:
        ordered.sort(key=lambda one: tier_of(one.full_key, text) or 9)
    return [one.key for one in ordered]


def counts(found: Iterable[Document], kind: TagKind) -> dict[str, int]:
    """By value in lower case."""
    return dict(
        Counter(value for one in found for value in {tag.value.lower() for tag in one.tags if tag.kind is kind})
    )


def sizes(found: Iterable[Document]) -> list[int]:
    counted = [0] * (len(SIZE_BOUNDS) + 1)
    for one in found:
        if parameters := one.numbers[Number.PARAMETERS]:
            counted[sum(parameters > bound for bound in SIZE_BOUNDS)] += 1
    return counted
