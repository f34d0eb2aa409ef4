"""The text that is searched follows the card, and the index follows the text."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from tests.small_hub import SmallHub, repo_id

from zoco.adapters.db.tables import card_text
from zoco.core.access import Actor
from zoco.core.ids import Oid, RepoType
from zoco.formats.git.objects import Kind, TreeEntry
from zoco.hub.cards.card import Card
from zoco.hub.cards.text_store import tsvector
from zoco.hub.cards.texts import CardText, text_at
from zoco.hub.repos.delete import delete_repo
from zoco.hub.repos.open import open_for_admin


@pytest.fixture
def ana(hub: SmallHub) -> Actor:
    return hub.user("ana")


@pytest.fixture(autouse=True)
def _index_is_sound(hub: SmallHub) -> Iterator[None]:
    """SQLite itself compares its index with the texts."""
    yield
    if hub.db.is_sqlite:
        with hub.db.write() as write:
            write.exec_driver_sql("INSERT INTO card_text_index(card_text_index, rank) VALUES ('integrity-check', 1)")


def texts(hub: SmallHub) -> list[tuple[str, str, str]]:
    with hub.db.read() as read:
        columns = (card_text.c.prose, card_text.c.program, card_text.c.program_path)
        return [(row[0], row[1], row[2]) for row in read.execute(select(*columns))]


def matching(hub: SmallHub, word: str) -> int:
    """How many texts the index itself finds."""
    if hub.db.is_sqlite:
        query = f"SELECT count(*) FROM card_text_index WHERE card_text_index MATCH '{word}'"
    else:
        query = f"SELECT count(*) FROM card_text WHERE words @@ '{word}'"
    with hub.db.read() as read:
        return int(read.exec_driver_sql(query).scalar_one())


def test_the_prose_is_kept_without_front_matter_and_follows_each_commit(hub: SmallHub, ana: Actor) -> None:
    hub.repo(ana, "ana/iris", {"README.md": "---\nlicense: mit\n---\n# Iris\n\nA **flower**."})
    assert texts(hub) == [("Iris A flower .", "", "")]
    hub.commit(ana, "ana/iris", {"README.md": "# Rose"})
    assert texts(hub) == [("Rose", "", "")]
    assert (matching(hub, "flower"), matching(hub, "rose")) == (0, 1)
    hub.commit(ana, "ana/iris", {"a.txt": "no card"})
    hub.commit(ana, "ana/iris", {"README.md": None})
    assert (texts(hub), matching(hub, "rose")) == ([("", "", "")], 0)


def test_a_space_brings_its_program(hub: SmallHub, ana: Actor) -> None:
    card = "---\nsdk: gradio\napp_file: src/main.py\n---\nA demo"
    hub.repo(ana, "spaces/ana/demo", {"README.md": card, "src/main.py": "import gradio\n\n# wavelet", "app.py": "no"})
    assert texts(hub) == [("A demo", "import gradio # wavelet", "src/main.py")]
    hub.commit(ana, "spaces/ana/demo", {"README.md": "---\nsdk: gradio\n---\nA demo"})
    assert texts(hub) == [("A demo", "no", "app.py")]
    hub.commit(ana, "spaces/ana/demo", {"README.md": "---\nsdk: gradio\napp_file: ../../etc/passwd\n---\n"})
    assert texts(hub) == [("", "", "")]


@pytest.mark.parametrize("app_file", ["src", "src/main.py/x", "a//b", "/", "x" * 600, "''"])
def test_a_program_that_is_not_there_is_none(hub: SmallHub, ana: Actor, app_file: str) -> None:
    card = f"---\nsdk: static\napp_file: {app_file}\n---\nA demo"
    hub.repo(ana, "spaces/ana/demo", {"README.md": card, "src/main.py": "wavelet"})
    assert texts(hub) == [("A demo", "", "")]


@pytest.mark.parametrize(
    "program", ["version https://git-lfs.github.com/spec/v1\noid sha256:broken\n", "x" * 3_000_000]
)
def test_a_broken_pointer_and_a_huge_file_are_no_text(program: str) -> None:
    oid = Oid("1" * 40)
    objects = SimpleNamespace(
        commit=lambda _: SimpleNamespace(tree=oid),
        tree=lambda _: [TreeEntry(0o100644, b"app.py", oid)],
        header=lambda _: (Kind.BLOB, len(program)),
        read=lambda _: (Kind.BLOB, program.encode()),
    )
    assert text_at(objects, oid, RepoType.SPACE, Card(data={"sdk": "gradio"})) == CardText()


def test_a_readme_in_lfs_is_no_text(hub: SmallHub, ana: Actor) -> None:
    repo = hub.repo(ana, "ana/iris")
    pointer = hub.lfs_object(ana, repo, b"x" * 10)
    hub.commit(ana, "ana/iris", {"README.md": pointer.text().decode()})
    assert texts(hub) == [("", "", "")]


def test_what_goes_takes_its_text_and_its_index_with_it(hub: SmallHub, ana: Actor) -> None:
    for name in ("one", "two"):
        hub.repo(ana, f"ana/{name}", {"README.md": "wavelet"})
    assert matching(hub, "wavelet") == 2
    delete_repo(hub.storage, open_for_admin(hub.storage, repo_id("ana/one"), ana), ana)
    assert matching(hub, "wavelet") == 1
    assert texts(hub) == [("wavelet", "", "")]


def test_hostile_text_is_stored_as_it_is(hub: SmallHub, ana: Actor) -> None:
    hostile = "'; DROP TABLE card_text; -- \\ 'a':1A \u200b \U0001f600 " + "word " * 40_000 + "é" * 5000
    hub.repo(ana, "ana/hostile", {"README.md": hostile})
    [(prose, _, _)] = texts(hub)
    assert prose.startswith("'; DROP TABLE card_text;")
    assert matching(hub, "drop") == 1


def test_a_tsvector_has_positions_weights_and_a_gap_between_texts() -> None:
    assert tsvector([("Él ve el mar", "A"), ("mar", "D")]) == "'el':1A,3A 've':2A 'mar':4A,6D"
    many = tsvector([("a " * 20_000, "A")])
    assert many.count(",") == 254
    assert tsvector([("b " * 17_000 + "end", "A")]).endswith("'end':16383A")
