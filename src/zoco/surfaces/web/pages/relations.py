"""What is a repository made from, and what was made with it? Names are links as long as what they name can be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zoco.core.ids import RepoId, RepoType
from zoco.formats.cards.validate import RELATIONS
from zoco.hub.cards.links import live_among
from zoco.hub.catalog.info import RepoInfo
from zoco.hub.catalog.named import Naming, count_children, count_naming, naming
from zoco.surfaces.web import names, urls
from zoco.surfaces.web.visit import Visit

SHOWN = 5
NAMED_MAX = 20
"""Names of a card that are shown."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name in the card. `id` is None while there is nothing of that name for this visitor."""

    text: str
    id: RepoId | None


@dataclass(frozen=True, slots=True)
class Child:
    label: str
    count: int
    href: str


@dataclass(frozen=True, slots=True)
class Users:
    """Repositories whose cards name this one: the first of them, how many, and their list."""

    ids: tuple[RepoId, ...] = ()
    count: int = 0
    href: str = ""


@dataclass(frozen=True, slots=True)
class Relations:
    """`relation` is how it came from its bases."""

    relation: str
    bases: tuple[Named, ...]
    children: tuple[Child, ...]
    datasets: tuple[Named, ...]
    models: tuple[Named, ...]
    trained: Users
    spaces: Users


def relations_of(visit: Visit, info: RepoInfo) -> Relations:
    type, id = info.id.type, info.id
    bases = [base.id for base in info.base_models]
    datasets = [tag.partition(":")[2] for tag in info.tags if tag.startswith("dataset:")]
    models: list[str] = []
    if type is RepoType.SPACE:
        datasets, models = _words(info, "datasets"), _words(info, "models")
    live = live_links(visit, [("base_model", name) for name in bases], [("dataset", name) for name in datasets],
                      [("model", name) for name in models])  # fmt: skip
    kind = {RepoType.MODEL: "model", RepoType.DATASET: "dataset"}.get(type)
    return Relations(
        relation=info.base_models[0].relation if info.base_models else "",
        bases=_named("base_model", bases, live),
        children=_children(visit, id) if type is RepoType.MODEL else (),
        datasets=_named("dataset", datasets, live),
        models=_named("model", models, live),
        trained=_users(visit, id, RepoType.MODEL, kind) if type is RepoType.DATASET and kind else Users(),
        spaces=_users(visit, id, RepoType.SPACE, kind) if kind else Users(),
    )


def live_links(visit: Visit, *named: Iterable[tuple[str, str]]) -> dict[str, RepoId]:
    """By `kind:name` in lower case, of (kind, name): those that this visitor may read now."""
    links = [f"{kind}:{name}" for some in named for kind, name in some][: 3 * NAMED_MAX]
    if not links:
        return {}
    with visit.hub.db.read() as read:
        return {link.lower(): id for link, id in live_among(read, links, visit.actor).items()}


def _words(info: RepoInfo, name: str) -> list[str]:
    said = info.card.get(name)
    return [one for one in said if isinstance(one, str)] if isinstance(said, list) else []


def _named(kind: str, words: list[str], live: dict[str, RepoId]) -> tuple[Named, ...]:
    return tuple(Named(word, live.get(f"{kind}:{word}".lower())) for word in dict.fromkeys(words))[:NAMED_MAX]


def _children(visit: Visit, id: RepoId) -> tuple[Child, ...]:
    counts = count_children(visit.hub.catalogue, visit.actor, id)
    return tuple(
        Child(
            visit.language.gettext(names.CHILDREN[relation]),
            counts[relation],
            urls.listing(RepoType.MODEL, other=f"base_model:{relation}:{id.full_name}"),
        )
        for relation in RELATIONS
        if counts.get(relation)
    )


def _users(visit: Visit, id: RepoId, type: RepoType, kind: str) -> Users:
    wanted = Naming(type, kind, id)
    count = count_naming(visit.hub.catalogue, visit.actor, wanted)
    if not count:
        return Users()
    parameter = "dataset" if type is RepoType.MODEL else f"{kind}s"
    href = urls.listing(type, **{parameter: id.full_name})
    return Users(naming(visit.hub.catalogue, visit.actor, wanted, SHOWN), count, href)
