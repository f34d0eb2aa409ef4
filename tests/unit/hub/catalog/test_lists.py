"""Lists: every filter, every order, whole pages, and never a repository that the caller may not read."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from tests.small_hub import SmallHub, limited, repo_id, with_role

from zoco.adapters.db import changes
from zoco.adapters.db.changes import Change
from zoco.adapters.db.tables import namespace, repo
from zoco.core.access import Access, Actor, Gated, Grants, RepoFacts, Role, Visibility, access_to
from zoco.core.errors import Denied, Invalid
from zoco.core.ids import RepoType, name_key
from zoco.core.pages import cursor_after
from zoco.core.text import is_storable
from zoco.formats.cards.tags import Tag, TagKind
from zoco.hub.catalog.facets import count_values
from zoco.hub.catalog.lists import list_repos, list_storage, quicksearch, totals
from zoco.hub.catalog.query import Query, Sort, Want, parameters_between
from zoco.hub.catalog.readable import readable_by
from zoco.hub.catalog.tag_types import tags_by_type
from zoco.hub.community.likes import like
from zoco.hub.repos.open import open_for_admin
from zoco.hub.repos.settings import change_settings


def card(yaml: str) -> dict[str, str]:
    return {"README.md": f"---\n{yaml}\n---\n"}


def names(hub: SmallHub, query: Query, actor: Actor | None = None) -> list[str]:
    page = list_repos(hub.catalogue, actor, query)
    assert page.total == len(page.items) or page.next_cursor or query.skip or query.cursor
    return [info.id.name for info in page.items]


@pytest.fixture
def models(hub: SmallHub) -> SmallHub:
    ana = hub.user("ana")
    hub.repo(ana, "ana/spanish", card("tags: [es, bert, text-classification]\nlicense: mit\ndatasets: [ana/llamas]"))
    hub.repo(ana, "ana/english", card("language: en\npipeline_tag: text-classification\nlicense: apache-2.0"))
    hub.repo(ana, "ana/iris", card("library_name: sklearn\npipeline_tag: tabular-classification\nlicense: mit"))
    hub.repo(ana, "datasets/ana/llamas", card("language: es\ntask_categories: [text-classification]\nlicense: mit"))
    hub.repo(ana, "spaces/ana/demo", card("sdk: static\nmodels: [ana/Spanish]\ndatasets: [ana/llamas]"))
    return hub


FILTERS = [
    (Query(RepoType.MODEL), {"spanish", "english", "iris"}),
    (Query(), {"spanish", "english", "iris", "llamas", "demo"}),
    (Query(RepoType.MODEL, filters=("es",)), {"spanish"}),
    (Query(RepoType.MODEL, filters=("language:es",)), {"spanish"}),
    (Query(RepoType.DATASET, filters=("es",)), {"llamas"}),
    (Query(RepoType.DATASET, filters=("language:es",)), {"llamas"}),
    (Query(filters=("es",)), {"spanish", "llamas"}),
    (Query(RepoType.MODEL, filters=("license:mit",)), {"spanish", "iris"}),
    (Query(RepoType.MODEL, filters=("mit",)), {"spanish", "iris"}),
    (Query(RepoType.MODEL, filters=("license:MIT",)), {"spanish", "iris"}),
    (Query(RepoType.MODEL, filters=("license:mit", "es")), {"spanish"}),
    (Query(RepoType.MODEL, filters=("license:mit", "en")), set()),
    (Query(RepoType.MODEL, filters=("text-classification",)), {"spanish", "english"}),
    (Query(RepoType.DATASET, filters=("text-classification",)), {"llamas"}),
    (Query(RepoType.DATASET, filters=("task_categories:text-classification",)), {"llamas"}),
    (Query(RepoType.MODEL, filters=("dataset:ana/llamas",)), {"spanish"}),
    (Query(RepoType.MODEL, pipeline_tag="text-classification", tags=(Tag(TagKind.LANGUAGE, "en"),)), {"english"}),
    (Query(RepoType.MODEL, tags=(Tag(TagKind.LIBRARY, "SKLEARN"),)), {"iris"}),
    (Query(RepoType.MODEL, tags=(Tag(TagKind.LICENSE, "apache-2.0"),)), {"english"}),
    (Query(RepoType.MODEL, other=("bert",)), {"spanish"}),
    (Query(RepoType.MODEL, filters=("task:tabular-classification",)), {"iris"}),
    (Query(RepoType.MODEL, author="ANA"), {"spanish", "english", "iris"}),
    (Query(RepoType.MODEL, author="nobody"), set()),
    (Query(RepoType.MODEL, search=("SPAN",)), {"spanish"}),
    (Query(RepoType.MODEL, search=("ana/s",)), {"spanish"}),
    (Query(RepoType.MODEL, search=("ish an",)), {"spanish", "english"}),
    (Query(RepoType.MODEL, search=("ish", "eng")), {"english"}),
    (Query(RepoType.MODEL, search=("%",)), set()),
    (Query(RepoType.MODEL, search=("_",)), set()),
    (Query(RepoType.SPACE, filters=("static",)), {"demo"}),
    (Query(RepoType.SPACE, linked_models=("ana/spanish",)), {"demo"}),
    (Query(RepoType.SPACE, linked_models=("ana/span",)), set()),
    (Query(RepoType.SPACE, linked_datasets=("ana/llamas",)), {"demo"}),
    (Query(RepoType.MODEL, gated=True), set()),
    (Query(RepoType.MODEL, gated=False), {"spanish", "english", "iris"}),
    (Query(RepoType.MODEL, needs_inference=True), set()),
    (Query(RepoType.MODEL, filters=("'; drop table repo; --",)), set()),
]


def test_each_filter_finds_what_it_means(models: SmallHub) -> None:
    wrong = {query: found for query, found in FILTERS if set(names(models, query)) != found}
    assert not wrong


def test_a_gate_is_a_filter(models: SmallHub) -> None:
    with models.db.read() as read:
        owner = read.execute(select(namespace.c.id).where(namespace.c.name == "ana")).scalar_one()
    ana = Actor(owner, "ana", {"ana": Role.ADMIN})
    change_settings(models.storage, open_for_admin(models.storage, repo_id("ana/iris"), ana), ana, gated=Gated.AUTO)
    assert names(models, Query(RepoType.MODEL, gated=True)) == ["iris"]


def set_columns(hub: SmallHub, name: str, **values: int) -> None:
    with hub.db.write() as write:
        changed = update(repo).where(repo.c.name == name).values(**values).returning(repo.c.id)
        changes.note(write, write.scalars(changed), Change.NUMBERS)


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("ascending", [False, True])
def test_pages_follow_each_other_without_gap_or_repeat(hub: SmallHub, sort: Sort, ascending: bool) -> None:
    ana = hub.user("ana")
    for number in range(7):
        hub.repo(ana, f"ana/m{number}")
        same = number // 3  # ties, so that pages must break them
        set_columns(hub, f"m{number}", likes=same, downloads=same, created_at=same, updated_at=same)
    whole = names(hub, Query(sort=sort, ascending=ascending))
    assert sorted(whole) == [f"m{n}" for n in range(7)]
    query = Query(sort=sort, ascending=ascending, limit=2)
    seen: list[str] = []
    for _ in range(10):
        page = list_repos(hub.catalogue, None, query)
        assert page.total == 7
        seen += [info.id.name for info in page.items]
        if page.next_cursor is None:
            break
        query = replace(query, cursor=page.next_cursor)
    assert seen == whole
    assert names(hub, Query(sort=sort, ascending=ascending, limit=3, skip=3)) == whole[3:6]


def test_orders_are_those_of_their_numbers(hub: SmallHub) -> None:
    ana, otto = hub.user("ana"), hub.user("otto")
    for name, likes, downloads in (("a", 1, 30), ("b", 3, 20), ("c", 2, 10)):
        hub.repo(ana, f"ana/{name}")
        set_columns(hub, name, likes=likes, downloads=downloads)
    assert names(hub, Query(sort=Sort.LIKES)) == ["b", "c", "a"]
    assert names(hub, Query(sort=Sort.DOWNLOADS)) == ["a", "b", "c"]
    assert names(hub, Query(sort=Sort.CREATED)) == ["c", "b", "a"]
    assert names(hub, Query(sort=Sort.NAME)) == ["a", "b", "c"]
    hub.commit(ana, "ana/a", {"x.txt": "new"})
    assert names(hub, Query(sort=Sort.MODIFIED))[0] == "a"
    assert names(hub, Query(sort=Sort.TRENDING)) == ["a", "b", "c"], "of equal scores the most downloaded first"
    set_columns(hub, "c", trending=1)
    assert names(hub, Query(sort=Sort.TRENDING)) == ["c", "a", "b"]
    like(hub.db, open_for_admin(hub.storage, repo_id("ana/c"), ana), otto)
    like(hub.db, open_for_admin(hub.storage, repo_id("ana/c"), ana), hub.user("eva"))
    assert names(hub, Query(sort=Sort.LIKES))[0] == "c"


def test_a_cursor_that_is_not_ours_is_refused(hub: SmallHub) -> None:
    for cursor in ("x", "bnVsbA", "WzEsMl0x", "WzFlOTksMV0", "\u00e9", "W10", "WyJhIiwxXQ", cursor_after(9, 1, 1)):
        with pytest.raises(Invalid, match="cursor"):
            list_repos(hub.catalogue, None, Query(cursor=cursor))


def test_private_repositories_are_listed_only_to_those_who_may_read_them(hub: SmallHub) -> None:
    ana, otto = hub.user("ana"), hub.user("otto")
    hub.org("lab", {"ana": Role.ADMIN, "otto": Role.READ})
    hub.repo(ana, "ana/open")
    hub.repo(ana, "ana/secret", card("tags: [es]"), private=True)
    hub.repo(with_role(ana, lab=Role.ADMIN), "lab/inside", private=True)
    seen = {
        "nobody": names(hub, Query(sort=Sort.NAME)),
        "otto": names(hub, Query(sort=Sort.NAME), with_role(otto, lab=Role.READ)),
        "ana": names(hub, Query(sort=Sort.NAME), with_role(ana, lab=Role.ADMIN)),
        "ana's token for one": names(
            hub,
            Query(sort=Sort.NAME),
            Actor(ana.user_id, "ana", ana.roles, grants=Grants(repos={"model/ana/secret": Access.READ})),
        ),
    }
    assert seen == {
        "nobody": ["open"],
        "otto": ["open", "inside"],
        "ana": ["open", "secret", "inside"],
        "ana's token for one": ["open", "secret"],
    }
    assert totals(hub.catalogue, None)[RepoType.MODEL] == 1
    assert totals(hub.catalogue, with_role(ana, lab=Role.ADMIN))[RepoType.MODEL] == 3
    assert quicksearch(hub.catalogue, None, "secret").counts[RepoType.MODEL] == 0
    assert not [tag for tag in tags_by_type(hub.catalogue, None, RepoType.MODEL)["other"] if tag.id == "es"]


ROLES = st.sampled_from([None, *Role])
ACCESSES = st.sampled_from(list(Access))
GRANTS = st.one_of(
    st.none(),
    st.builds(
        Grants,
        everywhere=ACCESSES,
        namespaces=st.dictionaries(st.sampled_from(["ana", "lab"]), ACCESSES),
        repos=st.dictionaries(
            st.sampled_from(["model/lab/p", "dataset/lab/p", "model/ana/p", "model/eva/p"]), ACCESSES
        ),
    ),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(role=ROLES, limit=ACCESSES, grants=GRANTS, anonymous=st.booleans())
def test_index_and_sql_and_the_rule_of_access_agree(
    everything: SmallHub, role: Role | None, limit: Access, grants: Grants | None, anonymous: bool
) -> None:
    """`readable_by` and `visible_to` are twins of `access_to`: a difference would leak or hide repositories."""
    roles = {"ana": Role.ADMIN, **({"lab": role} if role else {})}
    actor = None if anonymous else Actor(1, "ana", roles, limit, grants)
    joined = repo.join(namespace, namespace.c.id == repo.c.namespace_id)
    columns = (repo.c.type, namespace.c.name.label("space"), repo.c.name, repo.c.visibility, repo.c.creator_id)
    with everything.db.read() as read:
        rows = read.execute(select(*columns).select_from(joined)).all()
        listed = set(read.execute(select(*columns[:3]).select_from(joined).where(readable_by(actor))).all())
    found = [info.id for info in list_repos(everything.catalogue, actor, Query(limit=1000)).items]
    assert {(id_.type.value, id_.namespace, id_.name) for id_ in found} == listed
    assert sum(totals(everything.catalogue, actor).values()) == len(listed)
    for row in rows:
        facts = RepoFacts(row.type, row.space, row.name, Visibility(row.visibility), row.creator_id)
        assert ((row.type, row.space, row.name) in listed) == (access_to(facts, actor) >= Access.READ), row


@pytest.fixture
def everything(hub: SmallHub) -> SmallHub:
    ana, eva = hub.user("ana"), hub.user("eva")
    hub.org("Lab", {"ana": Role.ADMIN})
    lab = with_role(ana, lab=Role.ADMIN)
    for owner, space in ((ana, "ana"), (eva, "eva"), (lab, "Lab")):
        for prefix in ("", "datasets/"):
            hub.repo(owner, f"{prefix}{space}/P", private=True)
            hub.repo(owner, f"{prefix}{space}/open")
    return hub


def test_hidden_links_are_no_tags(models: SmallHub) -> None:
    for type_ in RepoType:
        assert all(
            tag.id.isprintable() for tags in tags_by_type(models.catalogue, None, type_).values() for tag in tags
        )
    for info in list_repos(models.catalogue, None, Query()).items:
        assert all(tag.isprintable() for tag in info.tags)


def test_values_are_counted_among_what_is_found(models: SmallHub) -> None:
    def counted(kind: TagKind, query: Query) -> dict[str, int]:
        return {one.value: one.count for one in count_values(models.catalogue, None, query, kind)}

    found = Query(RepoType.MODEL, filters=("text-classification",))
    assert counted(TagKind.TASK, found) == {"text-classification": 2}
    assert counted(TagKind.LANGUAGE, found) == {"es": 1, "en": 1}
    assert counted(TagKind.LICENSE, found) == {"mit": 1, "apache-2.0": 1}
    assert counted(TagKind.LICENSE, Query(RepoType.MODEL)) == {"mit": 2, "apache-2.0": 1}
    assert counted(TagKind.LICENSE, Query(RepoType.MODEL, author="nobody")) == {}
    typed = Query(RepoType.MODEL, tags=(Tag(TagKind.LICENSE, "mit"),))
    assert counted(TagKind.LANGUAGE, typed) == {"es": 1}
    some = count_values(models.catalogue, None, Query(RepoType.MODEL), TagKind.LICENSE, holding="APACHE")
    assert [one.value for one in some] == ["apache-2.0"]


def test_quick_search_finds_names_and_people(models: SmallHub) -> None:
    models.user("spanner")
    models.org("spanish-lab", {"ana": Role.ADMIN})
    found = quicksearch(models.catalogue, None, "span")
    assert [info.id.name for info in found.repos[RepoType.MODEL]] == ["spanish"]
    assert found.counts == {RepoType.MODEL: 1, RepoType.DATASET: 0, RepoType.SPACE: 0}
    assert [one.name for one in found.users] == ["spanner"]
    assert [one.name for one in found.orgs] == ["spanish-lab"]
    assert quicksearch(models.catalogue, None, "").counts[RepoType.MODEL] == 3


def test_what_a_namespace_stores_is_for_its_members(hub: SmallHub) -> None:
    ana, otto = hub.user("ana"), hub.user("otto")
    small, big = hub.repo(ana, "ana/small"), hub.repo(ana, "ana/big", private=True)
    hub.lfs_object(ana, big, b"x" * 50_000)
    page = list_storage(hub.catalogue, ana, "ANA")
    assert {row.id.name: row.visibility.value for row in page.items} == {"small": "public", "big": "private"}
    sizes = {row.id.name: row.used_storage for row in page.items}
    assert sizes["big"] >= 50_000 > sizes["small"] > 0
    assert sum(row.percent for row in page.items) == pytest.approx(100, abs=0.1)
    assert [row.id for row in list_storage(hub.catalogue, ana, "ana", search="sma").items] == [small.id]
    with pytest.raises(Denied):
        list_storage(hub.catalogue, otto, "ana")


def test_lists_can_carry_files_and_links(models: SmallHub) -> None:
    want = frozenset({Want.SIBLINGS, Want.SAFETENSORS, Want.LINKED, Want.CHILDREN, Want.USED_STORAGE})
    page = list_repos(models.catalogue, None, Query(RepoType.MODEL, search=("spanish",), want=want))
    (info,) = page.items
    assert [one.path for one in info.siblings or ()] == [".gitattributes", "README.md"]
    assert info.spaces == ("ana/demo",)
    assert info.datasets == ("ana/llamas",)
    assert info.children_count == 0
    assert info.used_storage


@pytest.mark.parametrize("text", ["a\0b", "caf\udce9", "\ud83d", "x" * 100_000, "ñ%_\\"])
def test_text_that_no_database_holds_finds_nothing(hub: SmallHub, text: str) -> None:
    """PostgreSQL refuses NUL, both refuse halves of surrogate pairs, and SQLite long patterns: no reason to fail."""
    hub.repo(hub.user("ana"), "ana/iris", card("tags: [x]"))
    for query in (
        Query(filters=(text,)),
        Query(search=(text,)),
        Query(author=text),
        Query(pipeline_tag=text),
        Query(other=(text,)),
        Query(linked_models=(text,)),
    ):
        assert names(hub, query) == []
    assert quicksearch(hub.catalogue, None, text).users == ()
    cursor = cursor_after(0, text, 1)
    if not is_storable(text):
        with pytest.raises(Invalid):
            list_repos(hub.catalogue, None, Query(sort=Sort.NAME, cursor=cursor))


def test_bad_limits_are_brought_into_bounds() -> None:
    assert Query(limit=0).page_size == 1
    assert Query(limit=-5).page_size == 1
    assert Query(limit=10**9).page_size == 1000
    assert Query(limit=10**9, want=frozenset({Want.SIBLINGS})).page_size == 100


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("min:6B,max:128B", (6 * 10**9, 128 * 10**9)),
        ("max:1.5k", (None, 1500)),
        ("min:7", (7, None)),
        ("", (None, None)),
        ("min:0, max:2T", (0, 2 * 10**12)),
    ],
)
def test_bounds_of_parameters_are_read_with_their_units(text: str, bounds: tuple[int | None, int | None]) -> None:
    assert parameters_between(text) == bounds


@pytest.mark.parametrize("text", ["6B", "min:", "min:6X", "least:3", "min:1e9", "min:-1", "max:" + "9" * 30])
def test_bounds_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="min:6B"):
        parameters_between(text)


def test_models_are_found_and_ordered_by_their_parameters(hub: SmallHub) -> None:
    ana = hub.user("ana")
    for name, number in (("small", 10), ("large", 2_000_000_000)):
        header = json.dumps({"w": {"dtype": "BF16", "shape": [number], "data_offsets": [0, 1]}})
        text = len(header).to_bytes(8, "little").decode("latin-1") + header
        hub.repo(ana, f"ana/{name}", {"model.safetensors": text})
    hub.repo(ana, "ana/unknown")
    assert names(hub, Query(parameters_max=10)) == ["small"]
    assert names(hub, Query(parameters_min=11)) == ["large"]
    assert set(names(hub, Query(parameters_min=0))) == {"small", "large"}
    assert names(hub, Query(parameters_max=9)) == []
    assert names(hub, Query(sort=Sort.PARAMETERS)) == ["large", "small", "unknown"]
    assert names(hub, Query(sort=Sort.PARAMETERS, ascending=True)) == ["small", "large", "unknown"]


def test_filters_of_nothing_are_none(hub: SmallHub) -> None:
    hub.repo(hub.user("ana"), "ana/iris")
    assert names(hub, Query(filters=("", "  "), search=(" ",))) == ["iris"]


def test_a_read_token_lists_what_its_owner_may_read(hub: SmallHub) -> None:
    ana = hub.user("ana")
    hub.repo(ana, "ana/secret", private=True)
    assert names(hub, Query(), limited(ana, Access.READ)) == ["secret"]
    assert name_key("ANA") == "ana"
