"""The index answers as somebody who looks at every repository: with a segment, changes upon it, and none."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.hub.catalog import brute
from tests.unit.hub.catalog.brute import random_document

from zoco.core.access import Access, Actor, Grants, Role
from zoco.core.ids import RepoType
from zoco.formats.cards.tags import Tag, TagKind
from zoco.hub.catalog.catalogue import Indexed, View
from zoco.hub.catalog.generations import empty_segment
from zoco.hub.catalog.index import orders, text
from zoco.hub.catalog.index.document import FACET_KINDS, Document, Number
from zoco.hub.catalog.index.segment import Segment
from zoco.hub.catalog.index.sizes import sizes_of
from zoco.hub.catalog.index.text import TextSearch
from zoco.hub.catalog.index.typed_index import Changed, TypedIndex
from zoco.hub.catalog.index.writer import SegmentWriter
from zoco.hub.catalog.listing import found_in
from zoco.hub.catalog.query import Query, Sort
from zoco.hub.catalog.select import select

MODEL = RepoType.MODEL


class World:
    """What is true, and an index that was told of it."""

    def __init__(self, rng: random.Random, folder: Path, type: RepoType = MODEL) -> None:
        self.rng = rng
        self.folder = folder
        self.type = type
        self.truth: dict[int, Document] = {}
        self.next_key = 1
        self.use(empty_segment())

    def use(self, segment: Segment) -> None:
        self.index = TypedIndex(segment)
        self.texts = TextSearch(self.index)

    def compact(self) -> None:
        """As another process would, while changes go on."""
        writer = SegmentWriter()
        for _, document in sorted(self.truth.items()):
            writer.add(document)
        folder = self.folder / f"{self.type}-{self.rng.random()}"
        folder.mkdir(parents=True)
        writer.write(folder)
        self.use(Segment(folder))

    def change(self, how_many: int) -> None:
        changes = []
        for _ in range(how_many):
            kind = self.rng.choice(("new", "new", "again", "numbers", "gone", "closed"))
            key = self.rng.choice(list(self.truth)) if self.truth and kind != "new" else self._fresh_key()
            old = self.truth.get(key)
            if kind == "gone" and old:
                del self.truth[key]
                changes.append(Changed(key, None, self.rng.random() < 0.5))
                continue
            document = random_document(self.rng, key, self.type)
            if kind == "numbers" and old:
                parameters = old.numbers[Number.PARAMETERS]
                document = replace(old, numbers=(*document.numbers[: Number.PARAMETERS], parameters))
            if kind == "closed" and old:
                document = replace(old, is_public=not old.is_public)
            self.truth[key] = document
            changes.append(Changed(key, document, kind == "numbers" and old is not None))
        # a log says of each repository what is last true of it, and all that happened to it
        last: dict[int, Changed] = {}
        for one in changes:
            before = last.get(one.key)
            last[one.key] = replace(one, numbers_only=one.numbers_only and (before is None or before.numbers_only))
        self.index.apply(last.values())

    def _fresh_key(self) -> int:
        self.next_key += self.rng.randint(1, 1000)
        return self.next_key


def random_query(rng: random.Random, type: RepoType | None = MODEL) -> Query:
    query = Query(type=type, limit=rng.choice((1, 3, 7, 50)), sort=rng.choice((None, *Sort)))
    query = replace(query, ascending=query.sort is not None and rng.random() < 0.3)
    for kind in (TagKind.TASK, TagKind.LANGUAGE, TagKind.OTHER, TagKind.DATASET):
        if rng.random() < 0.2:
            query = replace(query, tags=(*query.tags, Tag(kind, rng.choice(brute.VALUES[kind]))))
    if rng.random() < 0.2:
        words = ("es", "da", "license:mit", "transformers", "dataset:glue", "a:b", "language:da", "base_model:ana/bert")
        query = replace(query, filters=(rng.choice(words),))
    if rng.random() < 0.4:
        texts = (
            "bert",
            "BERT",
            "es",
            "lab-1/",
            "bert-base",
            "t2-",
            "v1",
            "a b",
            "ana/bert",
            "-",
            "robert",
            "x.y",
            "1/s",
        )
        query = replace(query, search=(rng.choice(texts),))
    if rng.random() < 0.15:
        query = replace(query, author=rng.choice(("ANA", "lab-2")))
    if rng.random() < 0.15:
        query = replace(query, gated=rng.random() < 0.5)
    if rng.random() < 0.15:
        query = replace(query, linked_models=("gpt2",))
    if rng.random() < 0.25:
        query = replace(query, parameters_min=rng.choice((None, 0, 1, 10**8, 10**8 + 1, 10**8 + 2, 2 * 10**9)))
        query = replace(query, parameters_max=rng.choice((None, 0, 10**8, 5 * 10**8, 10**12)))
    return query


def random_actor(rng: random.Random) -> Actor | None:
    if rng.random() < 0.4:
        return None
    roles = {"ana": Role.ADMIN, **({"lab-1": Role.READ} if rng.random() < 0.5 else {})}
    grants = rng.choice((None, Grants(Access.READ), Grants(namespaces={"ana": Access.READ}), Grants()))
    return Actor(1, "ana", roles, rng.choice((Access.READ, Access.NONE, Access.ADMIN)), grants)


def view_of(*worlds: World) -> View:
    types = {world.type: Indexed(world.index, world.texts) for world in worlds}
    return View(types, 1, 1, OrderedDict())


def pages(view: View, query: Query, actor: Actor | None) -> tuple[list[int], set[int]]:
    """All keys by following the cursors, and the totals that were told."""
    keys: list[int] = []
    totals: set[int] = set()
    for _ in range(3000):
        found = found_in(view, query, actor)
        keys += found.keys
        totals.add(found.total)
        if found.next_cursor is None:
            return keys, totals
        query = replace(query, cursor=found.next_cursor)
    raise AssertionError("the pages do not end")


def check(worlds: Iterable[World], query: Query, actor: Actor | None) -> None:
    chosen = [world for world in worlds if query.type in (None, world.type)]
    truth = [one for world in chosen for one in brute.matching(world.truth.values(), query, actor)]
    wanted = brute.in_order(truth, query)
    view = view_of(*worlds)
    keys, totals = pages(view, query, actor)
    assert keys == wanted, query
    assert totals == {len(wanted)}, query
    some = replace(query, skip=5, limit=4)
    assert list(found_in(view, some, actor).keys) == wanted[5:9], some


def check_counts(world: World, query: Query, actor: Actor | None) -> None:
    truth = brute.matching(world.truth.values(), query, actor)
    found = select(world.index, world.texts, world.type, query, actor)
    assert sizes_of(world.index, found) == brute.sizes(truth)
    for kind in FACET_KINDS:
        column = world.index.segment.facets[kind]
        base = {column.labels[n].lower(): count for n, count in column.counts(found.base, 1000).items()}
        for value, (_, count) in world.index.delta.counts(kind, found.delta).items():
            base[value] = base.get(value, 0) + count
        assert base == brute.counts(truth, kind), (kind, query)


@pytest.mark.parametrize("seed", range(6))
def test_every_question_is_answered_as_by_looking_at_everything(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    world = World(rng, tmp_path)
    for step in range(6):
        world.change(rng.choice((0, 1, 20, 60)))
        if step in (1, 3, 4):
            world.compact()
        for _ in range(25):
            query, actor = random_query(rng), random_actor(rng)
            check([world], query, actor)
            check_counts(world, query, actor)


def test_large_sets_are_walked_and_met_with_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done only for sets of thousands is done here for all: other code, the same answers."""
    monkeypatch.setattr(orders, "GATHER_MAX", 3)
    monkeypatch.setattr(orders, "_FIRST_STEP", 2)
    monkeypatch.setattr(text, "LOOKED_AT_MAX", 1)
    monkeypatch.setattr("zoco.hub.catalog.index.facet_column.DENSE_SHARE", 10**9)
    rng = random.Random(77)
    world = World(rng, tmp_path)
    for _ in range(3):
        world.change(80)
        world.compact()
        world.change(15)
        for _ in range(40):
            query, actor = random_query(rng), random_actor(rng)
            check([world], query, actor)
            check_counts(world, query, actor)


def test_lists_of_all_types_are_merged(tmp_path: Path) -> None:
    rng = random.Random(5)
    worlds = [World(rng, tmp_path, type) for type in RepoType]
    for number, world in enumerate(worlds):
        world.next_key = number + 1
        world.change(40)
        if number:
            world.compact()
            world.change(10)
    for _ in range(60):
        check(worlds, random_query(rng, None), random_actor(rng))


def test_the_most_frequent_values_are_found_among_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting ends early when no later value can be among the most frequent."""
    rng = random.Random(3)
    world = World(rng, tmp_path)
    for key in range(1, 400):
        values = {f"v{int(rng.paretovariate(0.6)) % 90}" for _ in range(3)}
        tags = tuple(Tag(TagKind.OTHER, value) for value in sorted(values))
        world.truth[key] = replace(random_document(rng, key), tags=tags, is_public=True)
    world.compact()
    for share, met_max in ((1, 0), (16, 0), (16, 100), (10**9, 0)):
        monkeypatch.setattr("zoco.hub.catalog.index.facet_column.DENSE_SHARE", share)
        monkeypatch.setattr("zoco.hub.catalog.index.facet_column.MET_MAX", met_max)
        for query in (Query(MODEL), Query(MODEL, author="ana"), Query(MODEL, search=("bert",))):
            found = select(world.index, world.texts, MODEL, query, None)
            column = world.index.segment.facets[TagKind.OTHER]
            best = sorted(column.counts(found.base, 5).values(), reverse=True)
            truth = brute.counts(brute.matching(world.truth.values(), query, None), TagKind.OTHER)
            assert best == sorted(truth.values(), reverse=True)[:5]
