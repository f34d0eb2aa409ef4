"""Every visitor reads in their language; every language is complete."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from zoco.core.errors import (
    Disabled,
    EntryNotFound,
    GatedRepo,
    Invalid,
    RateLimited,
    RepoNotFound,
    RevisionNotFound,
    StaleParent,
)
from zoco.core.ids import RepoId, RepoType, problem_with_namespace, problem_with_repo_name
from zoco.formats.cards.front_matter import split
from zoco.formats.cards.tasks import DOMAINS, TASKS
from zoco.formats.cards.validate import validate
from zoco.formats.git.paths import problem_with_path
from zoco.hub.accounts import users
from zoco.hub.accounts.passwords import problem_with_password
from zoco.hub.accounts.users import checked_email, checked_full_name, checked_text
from zoco.surfaces.web import task_names
from zoco.surfaces.web.i18n import LOCALES, choose_language, languages
from zoco.surfaces.web.said import PATTERNS, translate

TOOL = runpy.run_path(str(Path(__file__).parents[4] / "tools/messages.py"))
NBSP, THIN = "\u00a0", "\u202f"


def test_spanish_and_english_are_offered() -> None:
    assert {"en", "es"} <= set(languages())
    assert languages()["es"].own_name == "Español"


@pytest.mark.parametrize("code", sorted(folder.name for folder in LOCALES.iterdir() if folder.is_dir()))
def test_a_language_translates_every_message_and_none_is_doubtful(code: str) -> None:
    catalogue = TOOL["brought_up"](code)
    said = [message for message in catalogue if message.id]
    assert len(said) > 400, "the search for messages is broken"
    assert not [message.id for message in said if not message.string or not all(message.string) or message.fuzzy]


@pytest.mark.parametrize("code", sorted(folder.name for folder in LOCALES.iterdir() if folder.is_dir()))
def test_a_catalogue_holds_no_message_that_is_gone_and_keeps_every_placeholder(code: str) -> None:
    assert TOOL["file_of"](code).read_bytes() == TOOL["as_text"](TOOL["brought_up"](code)), "run tools/messages.py"
    for message in TOOL["brought_up"](code):
        assert not message.check(catalog=None), message.id
        if message.id in PATTERNS:
            names = [part.partition("}")[0] for part in str(message.id).split("{")[1:]]
            used = [part.partition("}")[0] for part in str(message.string).split("{")[1:]]
            assert set(used) <= set(names), message.id


def test_every_task_and_domain_can_be_translated() -> None:
    assert set(task_names.NAMES) == {task.name for task in TASKS.values()} | set(DOMAINS.values())


@pytest.mark.parametrize(
    ("preferences", "accept", "chosen"),
    [
        (("es", "en"), "", "es"),
        ((None, "en"), "es-ES", "en"),
        ((None, None), "es-AR,es;q=0.9,en;q=0.8", "es"),
        ((None, None), "fr,en;q=0.5", "en"),
        ((None, None), "en;q=0.2,es;q=0.7", "es"),
        (("xx", "../../etc"), "q=;;,,;q=x", "en"),
        ((None,), "", "en"),
    ],
)
def test_the_first_offered_preference_wins(preferences: tuple[str | None, ...], accept: str, chosen: str) -> None:
    assert choose_language(*preferences, accept=accept).code == chosen


def test_numbers_and_sizes_are_written_as_the_language_does() -> None:
    spanish, english = languages()["es"], languages()["en"]
    assert spanish.number(48_120) == f"48{THIN}120"
    assert english.number(48_120) == "48,120"
    assert spanish.compact(18_204) == f"18,2{NBSP}mil"
    assert spanish.size(12_100_000) == f"12,1{NBSP}MB"
    assert english.size(999) == f"999{NBSP}B"
    assert english.size(999_960) == f"1{NBSP}MB"
    assert spanish.size(0) == f"0{NBSP}B"


def test_moments_are_told_by_their_distance() -> None:
    spanish, now = languages()["es"], 1_800_000_000_000
    assert spanish.ago(now - 1000, now) == "ahora mismo"
    assert spanish.ago(now - 3 * 86_400_000, now) == "hace 3 días"
    assert spanish.ago(now + 5000, now) == "ahora mismo"
    assert "2021" in spanish.ago(now - 6 * 365 * 86_400_000, now)


@pytest.mark.parametrize("name", ["", "a" * 97, "niño", "a--b", "-a", "a.git", "settings"])
def test_why_a_name_is_refused_is_said_in_spanish(name: str) -> None:
    for problem in (problem_with_namespace(name), problem_with_repo_name(name)):
        assert problem
        assert translate(languages()["es"], problem) != problem


def test_a_message_without_a_pattern_is_shown_as_it_is() -> None:
    assert translate(languages()["es"], "Something {nobody} foresaw") == "Something {nobody} foresaw"


BAD_PATHS = ("a/../b", ".git/x", "a//b", "a\\b", "a\nb", "a" * 5000, "b" * 300)
IRIS = RepoId(RepoType.MODEL, "alba", "iris")


def _said_by_the_hub() -> list[str]:
    """Messages as the rooms below word them today: a changed wording must change its pattern too."""
    messages = [f"{p[0].upper()}{p[1:]}" for path in BAD_PATHS if (p := problem_with_path(path))]
    messages += [
        p for password in ("short", "a" * 2000, "somebody") if (p := problem_with_password(password, "somebody"))
    ]
    messages += validate("---\ntags: [es\n---\n", RepoType.MODEL).errors
    for work in (
        lambda: checked_email("nowhere"),
        lambda: checked_full_name("a" * 300),
        lambda: checked_text("a" * 3000, "The description", 2000),
    ):
        try:
            work()
        except Invalid as error:
            messages.append(error.message)
    messages += [
        error.message for error in (StaleParent(), Disabled(), RateLimited("x", quota=1, window_s=2, reset_s=3))
    ]
    messages += [EntryNotFound("a").message, RevisionNotFound("a").message, RepoNotFound().message, users.WRONG]
    messages += [GatedRepo(IRIS, signed_in=known).message for known in (True, False)]
    return messages


FAULTY = (
    "a: b: c",
    " a: 1\nb: 2",
    "a:\n  - b\n c: 1",
    "a: [",
    "a: [1",
    "a: {b: 1",
    "a: {b",
    'a: "b',
    "a: 1\nwords",
    "a: @b",
    "a: - b",
    "a: !x b",
    "a: *b",
    'a: "\\ud800"',
    "a: \x01",
    "a: !!bool x",
    "a: " + "[" * 50,
    "a: &a [*a]",
    "- a",
    "? [a]\n: b",
    "a: 1\na: 2",
    "a\u00a0b: 1",
    "a:\u00a0b",
    "a:\n\t- b",
    "a:b",
    "a:b\nc:d\ne:f",
    "a:\n-b\n-c",
    "a:\n- b\n-c",
    "a: 1\n   b: 2",
    f"a: {'x' * 300_000}",
)


def _said_of_cards() -> list[str]:
    """Every wording of a fault or repair that these cards bring out."""
    cards = [split(f"---\n{yaml}\n---\n") for yaml in FAULTY]
    cards += [split("---\na: 1\n\nText\n"), split("---\na: 1\n---\nniño año\n".encode().decode("mac_roman"))]
    problems = [problem for card in cards for problem in (card.problem, card.garbled) if problem]
    assert len(problems) == len(FAULTY) + 2
    said = [text for problem in problems for text in (problem.message, *problem.hints)]
    return sorted({re.sub(r"\d+(, \d+)*", "1", text): text for text in said}.values())


@pytest.mark.parametrize("message", _said_of_cards())
def test_what_is_wrong_with_a_card_is_said_in_spanish(message: str) -> None:
    assert translate(languages()["es"], message) != message


def test_a_refused_card_is_told_in_spanish_to_the_end() -> None:
    (error,) = validate("---\nlicense:mit\ntitle: a: b\n---\n", RepoType.MODEL).errors
    said = translate(languages()["es"], error)
    assert said.startswith("Los metadatos YAML de README.md tienen un fallo en la línea 3: hay un segundo signo")
    assert said.endswith("Línea 3: pon el valor entre comillas, porque contiene dos puntos.")
    assert " the " not in said


@pytest.mark.parametrize("message", _said_by_the_hub())
def test_what_the_hub_says_to_people_is_said_in_spanish(message: str) -> None:
    assert translate(languages()["es"], message) != message
