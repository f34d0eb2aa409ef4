"""Full text: all words, phrases and beginnings, the same on both databases; never what the caller may not read."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, update
from tests.small_hub import SmallHub, limited, repo_id, with_role

from zoco.adapters.db.tables import namespace, repo
from zoco.core.access import Access, Actor, Gated, RepoFacts, Role, Visibility, access_to
from zoco.core.ids import RepoType
from zoco.formats.cards.words import GAP
from zoco.hub.catalog import fulltext
from zoco.hub.catalog.fulltext import FoundTexts, full_text
from zoco.hub.catalog.fulltext_query import ELLIPSIS, SNIPPET_LENGTH, WORDS_MAX, Piece, phrases_of, snippet
from zoco.hub.catalog.readable import with_open_files
from zoco.hub.repos.open import keys_with_contents, open_for_admin
from zoco.hub.repos.settings import change_settings

TEXTS = {
    "ana/llamas": "# Llamas of the Andes\n\nThe llama (*Lama glama*) is a camelid. See bert-base-uncased.",
    "ana/cafe": "Un café con Ñandú, y más modelos de lenguaje.",
    "ana/chinese": "这是一个中文的BERT模型。",
    "datasets/ana/photos": "Photos of llamas, and of the base camp of Bert.",
    "ana/empty": "",
}
SPACE = {"README.md": "---\nsdk: gradio\n---\nA demo", "app.py": "import gradio\nwavelet = transform(llama)\n"}


@pytest.fixture
def ana(hub: SmallHub) -> Actor:
    return hub.user("ana")


@pytest.fixture
def texts(hub: SmallHub, ana: Actor) -> SmallHub:
    for path, text in TEXTS.items():
        hub.repo(ana, path, {"README.md": text})
    hub.repo(ana, "spaces/ana/demo", SPACE)
    return hub


def names(found: FoundTexts) -> list[str]:
    assert found.is_more or found.total >= len(found.items)
    return [one.id.name for one in found.items]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("llama", {"llamas", "photos", "demo"}),
        ("LLAMAS", {"llamas", "photos"}),
        ("llamas andes", {"llamas"}),
        ("llamas photo", {"photos"}),
        ("photo llamas", set()),
        ('"llamas"', {"llamas", "photos"}),
        ('"llama"', {"llamas", "demo"}),
        ('"of the andes"', {"llamas"}),
        ('"the llama" camelid', {"llamas"}),
        ('"andes of"', set()),
        ('"of the an', set()),
        ("bert-base", {"llamas"}),
        ("bert-ba", {"llamas"}),
        ("bert base", {"llamas", "photos"}),
        ("cafe nandu", {"cafe"}),
        ("CAFÉ", {"cafe"}),
        ("Cafe\u0301", {"cafe"}),
        ("mas modelos", {"cafe"}),
        ("模型", {"chinese"}),
        ("型模", set()),
        ("bert 中文", {"chinese"}),
        ("wavelet", {"demo"}),
        ("demo wavelet", {"demo"}),
        ("b", set()),
        ("nothing", set()),
        ("", set()),
        ('" " - * ( ) "', set()),
        ("llama AND andes", set()),
        ("NOT llama", set()),
        ("prose:llama", set()),
        ("llama*", {"llamas", "photos", "demo"}),
        ("(llama OR", set()),
        ("llama'); DROP TABLE repo; --", set()),
        ("llama & !andes | :*", {"llamas"}),
        ("the llama " * 60, {"llamas"}),
    ],
)
def test_words_find_what_has_them_all(texts: SmallHub, typed: str, found: set[str]) -> None:
    assert set(names(full_text(texts.db, None, typed))) == found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(alphabet="a中é\"'*:()&|!<>-^{}+,\\\0\ud800\u0301 NOTANDOR", max_size=40)
    | st.text(max_size=40)
    | st.sampled_from(
        ['"', '""', "a" * 10_000, '"' * 999, "é" * 600, "NEAR(a b)", "a <-> b", "{prose}: a", "\U0001e900a"]
    )
)
def test_nothing_that_is_typed_is_a_fault(texts: SmallHub, typed: str) -> None:
    found = full_text(texts.db, None, typed)
    assert found.total <= 6
    assert len(phrases_of(typed)) <= WORDS_MAX


def test_a_type_can_be_asked_for(texts: SmallHub) -> None:
    for type, name in ((RepoType.MODEL, "llamas"), (RepoType.DATASET, "photos"), (RepoType.SPACE, "demo")):
        assert names(full_text(texts.db, None, "llama", type=type)) == [name]


def test_sqlite_looks_for_the_words_first_whatever_else_is_asked(texts: SmallHub, ana: Actor) -> None:
    """It once asked for the words of each repository of a type."""
    if not texts.db.is_sqlite:
        return
    plans: list[list[str]] = []

    def note(connection: Any, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "card_text_index" in statement and "EXPLAIN" not in statement:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append([row[3] for row in plan])

    event.listen(texts.db.engine, "before_cursor_execute", note)
    for actor in (None, ana):
        for type in (None, RepoType.MODEL):
            full_text(texts.db, actor, "llama", type=type)
    event.remove(texts.db.engine, "before_cursor_execute", note)
    assert len(plans) == 4
    assert all("card_text_index" in plan[0] for plan in plans), plans


def test_the_passage_says_what_was_found_and_where(texts: SmallHub) -> None:
    [llamas] = full_text(texts.db, None, "andes").items
    assert (llamas.path, llamas.id) == ("README.md", repo_id("ana/llamas"))
    assert llamas.snippet == (
        Piece("Llamas of the ", False),
        Piece("Andes", True),
        Piece(" The llama ( Lama glama ) is a camelid. See bert-base-uncased.", False),
    )
    [demo] = full_text(texts.db, None, "transform(lla").items
    assert demo.path == "app.py"
    assert [piece.text for piece in demo.snippet if piece.is_match] == ["transform(llama"]
    [chinese] = full_text(texts.db, None, "中文 模型").items
    assert "".join(piece.text for piece in chinese.snippet) == "这是一个中文的BERT模型。"
    assert [piece.text for piece in chinese.snippet if piece.is_match] == ["中文", "模型"]


def test_the_best_comes_first(hub: SmallHub, ana: Actor) -> None:
    filler = "many other words stand here " * 30
    hub.repo(ana, "ana/much", {"README.md": "wavelet wavelet wavelet transform"})
    hub.repo(ana, "ana/little", {"README.md": f"{filler} wavelet {filler}"})
    hub.repo(ana, "spaces/ana/demo", {"README.md": f"---\nsdk: gradio\n---\n{filler}", "app.py": "wavelet()" + filler})
    assert names(full_text(hub.db, None, "wavelet"))[:2] == ["much", "little"]


def test_pages_follow_each_other_and_totals_are_honest(
    hub: SmallHub, ana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        hub.repo(ana, f"ana/r{number}", {"README.md": "wavelet " * (number % 3 + 1)})
    pages = [full_text(hub.db, None, "wavelet", limit=3, skip=skip) for skip in (0, 3, 6, 9)]
    assert [len(page.items) for page in pages] == [3, 3, 1, 0]
    assert [page.has_next for page in pages] == [True, True, False, False]
    assert len({one.id for page in pages for one in page.items}) == 7
    assert {(page.total, page.is_more) for page in pages} == {(7, False)}
    monkeypatch.setattr(fulltext, "COUNTED_MAX", 5)
    found = full_text(hub.db, None, "wavelet")
    assert (found.total, found.is_more, len(found.items)) == (5, True, 7)
    monkeypatch.setattr(fulltext, "RANKED_MAX", 6)
    found = full_text(hub.db, None, "wavelet", limit=5)
    assert (found.total, found.is_more, found.has_next) == (5, True, True)


def test_a_commit_is_found_in_the_next_search_and_what_is_gone_is_not(texts: SmallHub, ana: Actor) -> None:
    texts.commit(ana, "ana/empty", {"README.md": "# Quokkas"})
    assert names(full_text(texts.db, None, "quokkas")) == ["empty"]
    texts.commit(ana, "ana/empty", {"README.md": "# Wombats"})
    assert names(full_text(texts.db, None, "quokkas")) == []
    assert names(full_text(texts.db, None, "wombats")) == ["empty"]


def test_only_readers_find_what_is_private_gated_or_disabled(hub: SmallHub, ana: Actor) -> None:
    hub.org("Lab", {"ana": Role.ADMIN})
    lab = with_role(ana, lab=Role.ADMIN)
    eva = hub.user("eva")
    reader, writer = with_role(eva, lab=Role.READ), with_role(eva, lab=Role.WRITE)
    text = {"README.md": "wavelet"}
    hub.repo(lab, "Lab/open", text)
    hub.repo(lab, "Lab/private", text, private=True)
    change_settings(
        hub.storage, open_for_admin(hub.storage, hub.repo(lab, "Lab/gated", text).id, lab), lab, gated=Gated.AUTO
    )
    hub.repo(lab, "Lab/off", text)
    with hub.db.write() as write:
        write.execute(update(repo).where(repo.c.name == "off").values(disabled=True))

    def found(actor: Actor | None) -> set[str]:
        page = full_text(hub.db, actor, "wavelet")
        assert page.total == len(page.items)
        return set(names(page))

    assert found(None) == found(eva) == {"open"}
    assert found(reader) == {"open", "private"}
    assert found(writer) == found(lab) == {"open", "private", "gated"}
    assert found(limited(writer, Access.READ)) == {"open", "private", "gated"}
    assert found(limited(writer, Access.NONE)) == {"open", "gated"}


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("creates", [False, True])
def test_the_gate_of_sql_is_the_gate_of_files(hub: SmallHub, ana: Actor, role: Role | None, creates: bool) -> None:
    """`with_open_files` is the twin of the check that opens files: a difference would leak them."""
    hub.org("Lab", {"ana": Role.ADMIN})
    lab, eva = with_role(ana, lab=Role.ADMIN), hub.user("eva")
    made = hub.repo(lab, "Lab/gated")
    change_settings(hub.storage, open_for_admin(hub.storage, made.id, lab), lab, gated=Gated.MANUAL)
    if creates:
        with hub.db.write() as write:
            write.execute(update(repo).values(creator_id=eva.user_id))
    for actor in (None, with_role(eva, lab=role) if role else eva, replace(eva, limit=Access.READ)):
        joined = repo.join(namespace, namespace.c.id == repo.c.namespace_id)
        with hub.db.read() as read:
            seen = set(read.scalars(select(repo.c.id).select_from(joined).where(with_open_files(actor))))
        assert seen == keys_with_contents(hub.storage, [made.key], actor)
        facts = RepoFacts("model", "Lab", "gated", Visibility.PUBLIC, eva.user_id if creates else ana.user_id)
        assert bool(seen) == (access_to(facts, replace(actor, limit=Access.ADMIN) if actor else None) >= Access.WRITE)


WORDS = st.sampled_from(["llama", "Llamas", "ándes", "型", "x" * 90, "a", "of", "bert-base", "(", "…", GAP])


@given(st.lists(WORDS, max_size=200).map(" ".join), st.lists(WORDS, min_size=1, max_size=4).map(" ".join))
def test_a_passage_is_part_of_the_text_and_marks_only_what_was_searched(text: str, typed: str) -> None:
    phrases = phrases_of(typed)
    pieces = snippet(text, phrases)
    whole = "".join(piece.text for piece in pieces)
    inner = whole.removeprefix(ELLIPSIS).removesuffix(ELLIPSIS)
    assert inner in text.replace(GAP, "") or whole in text.replace(GAP, "")
    assert len(inner) <= SNIPPET_LENGTH
    assert all(piece.text for piece in pieces)
    assert all(one.is_match != other.is_match for one, other in itertools.pairwise(pieces))
    for piece in pieces:
        if piece.is_match:
            assert snippet(piece.text, phrases)[0].is_match


def test_a_passage_far_into_a_long_text_shows_the_words_together() -> None:
    text = "needle " + "hay " * 5000 + "a needle with its thread lies here " + "hay " * 100
    pieces = snippet(text, phrases_of("thread needle"))
    assert pieces[0].text.startswith(ELLIPSIS) and pieces[-1].text.endswith(ELLIPSIS)
    assert [piece.text for piece in pieces if piece.is_match] == ["needle", "thread"]
