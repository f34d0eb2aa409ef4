"""What fits a searched text best comes first, and a slip of the pen is met with a proposal."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.small_hub import SmallHub

from zoco.core.ids import RepoType
from zoco.hub.catalog.generations import build
from zoco.hub.catalog.index.text import Text, Tier, text_of, tier_of
from zoco.hub.catalog.lists import did_you_mean, list_repos
from zoco.hub.catalog.query import Query, Sort

MODEL = RepoType.MODEL

TIERS = [
    ("ana/bert", "ana/bert", Tier.SAME),
    ("ana/bert", "bert", Tier.SAME),
    ("ana/bert", "BERT", Tier.SAME),
    ("ana/bert-base", "ana/bert", Tier.BEGINS),
    ("ana/bert-base", "bert-b", Tier.BEGINS),
    ("bert-lab/gpt", "bert", Tier.BEGINS),
    ("ana/tiny-bert", "bert", Tier.WORDS),
    ("ana/tiny-bert-spanish", "spanish bert", Tier.WORDS),
    ("ana/tiny-bertino", "bert", Tier.PREFIXES),
    ("ana/spanish-bertino", "span bert", Tier.PREFIXES),
    ("ana/my-roberta", "bert", Tier.INSIDE),
    ("ana/my-roberta", "-rob", Tier.PREFIXES),
    ("ana/my-roberta", "-", Tier.INSIDE),
    ("ana/my-roberta", "gpt", None),
    ("ana/my-roberta", "bert gpt", None),
    ("ana/x", "añ", None),
]


@pytest.mark.parametrize(("name", "searched", "tier"), TIERS)
def test_a_name_fits_a_text_in_a_tier(name: str, searched: str, tier: Tier | None) -> None:
    text = text_of([searched])
    assert text
    assert tier_of(name, text) is tier


def test_blank_text_is_no_search() -> None:
    assert text_of(["", "  \t "]) is None
    assert text_of(["a b", " c "]) == Text(("a", "b", "c"))


@pytest.mark.parametrize("written", [False, True])
def test_pages_are_filled_with_what_fits_best(hub: SmallHub, tmp_path: Path, written: bool) -> None:
    ana = hub.user("ana")
    for name in ("my-roberta", "tiny-bertino", "tiny-bert", "bert-base", "bert", "gpt"):
        hub.repo(ana, f"ana/{name}")
    if written:
        build(hub.db, tmp_path / "catalogue")
    best = ["bert", "bert-base", "tiny-bert", "tiny-bertino", "my-roberta"]
    page = list_repos(hub.catalogue, None, Query(MODEL, search=("bert",)))
    assert [info.id.name for info in page.items] == best
    by_name = list_repos(hub.catalogue, None, Query(MODEL, search=("bert",), sort=Sort.NAME))
    assert [info.id.name for info in by_name.items] == sorted(best), "a named order is the order"
    assert by_name.total == page.total == 5


@pytest.mark.parametrize("written", [False, True])
def test_words_that_nobody_has_are_met_with_the_nearest(hub: SmallHub, tmp_path: Path, written: bool) -> None:
    ana = hub.user("ana")
    for name in ("bert-sentiment", "mistral-7b", "mistral-8b", "iris"):
        hub.repo(ana, f"ana/{name}")
    if written:
        build(hub.db, tmp_path / "catalogue")
    said = {
        text: did_you_mean(hub.catalogue, MODEL, text)
        for text in ("berrt", "mistrall", "Sentimant Berrt", "bert", "zzzzzzzz", "ir", "irsi", "", "1234")
    }
    assert said == {
        "berrt": "bert",
        "mistrall": "mistral",
        "Sentimant Berrt": "sentiment bert",
        "bert": None,
        "zzzzzzzz": None,
        "ir": None,
        "irsi": "iris",
        "": None,
        "1234": None,
    }
    assert did_you_mean(hub.catalogue, RepoType.SPACE, "berrt") is None
