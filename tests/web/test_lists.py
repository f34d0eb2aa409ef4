"""The lists' addresses: filters as the API names them, numbers that add up, and what a script gets of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.conftest import Browser
from tests.web.sample import MANY, fill, fill_more

FILLS = (fill, fill_more)


def total(visitor: Browser) -> int:
    """As the heading says it."""
    assert visitor.page is not None
    found = re.search(r'<h1[^>]*>[^<]*<small class="num">([\d,]+)<', visitor.page.text)
    assert found
    return int(found[1].replace(",", ""))


def rows(visitor: Browser) -> list[str]:
    assert visitor.page is not None
    return re.findall(r'class="rname"><a href="/([^"]+)"', visitor.page.text)


def numbered(visitor: Browser) -> dict[str, tuple[str, int]]:
    """Label of each value at the left → its address and the number beside it."""
    assert visitor.page is not None
    left = visitor.page.text.partition('class="fgroup"')[2].partition("</section>")[0]
    found = re.findall(
        r'<a href="([^"]+)"[^>]*>(?:<svg.*?</svg>)?<span class="lab">([^<]+)</span><span class="num">([\d,]+)<', left
    )
    return {label: (href.replace("&amp;", "&"), int(number.replace(",", ""))) for href, label, number in found}


@pytest.mark.parametrize(
    "query",
    [
        "language=pt",
        "language=pt&pipeline_tag=summarization",
        "library=keras&language=pt&license=license:bsd-3-clause",
        "filter=keras,pt",
        "filter=keras&filter=language:pt",
        "other=base_model:finetune:alba/iris",
        "num_parameters=min:0,max:500M",
        "num_parameters=min:10K",
        "dataset=dataset:alba/flores",
        "dataset=alba/flores&language=es",
        "search=serie&sort=most_params",
        "author=alba&sort=least_params",
        "gated=true",
    ],
)
def test_the_number_on_the_page_is_that_of_its_rows_and_of_the_api(visitor: Browser, query: str) -> None:
    visitor.open(f"/models?{query}")
    said = total(visitor)
    assert said
    seen = list(rows(visitor))
    for page in range(1, -(-said // 30)):
        visitor.open(f"/models?{query}&p={page}")
        seen += rows(visitor)
    assert len(seen) == len(set(seen)) == said
    api = query.replace("license=license:", "filter=license:").replace("dataset=dataset:", "filter=dataset:")
    api = re.sub(r"(^|&)dataset=", r"\1filter=dataset:", re.sub(r"&?sort=\w+", "", api))
    answer = visitor.client.get(f"/api/models?{api}&limit=1000")
    assert {one["id"] for one in answer.json()} == set(seen)


POOL = (
    *(
        "language=pt",
        "language=es",
        "pipeline_tag=summarization",
        "pipeline_tag=tabular-classification",
        "library=keras",
    ),
    *("library=transformers", "license=mit", "license=bsd-3-clause", "dataset=alba/flores", "other=tanda-3"),
    *("author=alba", "search=serie", "search=iris", "num_parameters=max:500M", "num_parameters=min:20K", "gated=false"),
    *("filter=keras", "other=base_model:finetune:alba/iris"),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.lists(st.sampled_from(POOL), max_size=4, unique_by=lambda one: one.partition("=")[0]))
def test_any_combination_of_filters_finds_the_same_on_the_page_and_in_the_api(
    visitor: Browser, chosen: list[str]
) -> None:
    visitor.open(f"/models?{'&'.join(chosen)}")
    said, seen = total(visitor), rows(visitor)
    api = "&".join(re.sub(r"^(license|dataset)=", r"filter=\1:", one) for one in chosen)
    ids = [one["id"] for one in visitor.client.get(f"/api/models?{api}&limit=1000").json()]
    assert said == len(ids)
    assert len(seen) == min(said, 30)
    assert set(seen) <= set(ids)


@pytest.mark.parametrize(
    "path",
    ["/models", "/models?language=pt", "/models?facet=library", "/models?facet=other&language=pt", "/datasets",
     "/models?facet=license&license=mit", "/models?facet=language&search=serie", "/spaces"],
)  # fmt: skip
def test_the_number_beside_a_value_is_what_choosing_it_leaves(visitor: Browser, path: str) -> None:
    visitor.open(path)
    choices = numbered(visitor)
    assert choices
    for label, (href, number) in choices.items():
        visitor.open(href)
        if "remove" not in label and href != path:
            assert total(visitor) >= number
        if f'aria-current="true"><span class="lab">{label}' in (visitor.page.text if visitor.page else ""):
            assert total(visitor) == number, label


def test_bars_of_sizes_say_in_words_how_many_they_leave(visitor: Browser) -> None:
    html = visitor.open("/models?language=pt").text
    bars = re.findall(r'<li><a href="([^"]+)"[^>]*title="(Up to [^"]+|70B\+: \d+)"', html)
    assert len(bars) == 8
    assert "<rect y=" in html
    first = bars[0]
    assert first[1] == f"Up to 100M: {MANY // 3}"
    visitor.open(first[0].replace("&amp;", "&"))
    assert total(visitor) == MANY // 3
    assert "Parameters: up to 100M" in visitor.text.replace(" :", ":")
    assert (
        "num_parameters"
        not in re.findall(r'<a class="chip on" href="([^"]+)"', str(visitor.page and visitor.page.text))[-1]
    )


def test_sorts_have_the_names_of_the_hub_and_older_ones_still_work(visitor: Browser) -> None:
    visitor.open("/models?language=pt&sort=alphabetical")
    assert rows(visitor)[0] == "alba/serie-00"
    visitor.open("/models?language=pt&sort=name")
    assert rows(visitor)[0] == "alba/serie-00"
    visitor.open("/models?language=pt&sort=most_params")
    assert rows(visitor)[0] == "alba/serie-33"
    assert "34K parameters" in visitor.text
    visitor.open("/models?language=pt&sort=least_params")
    assert rows(visitor)[0] == "alba/serie-00"
    visitor.open("/models?language=pt&sort=lastModified")
    assert rows(visitor)[0] == "alba/serie-35"
    assert 'value="modified" selected' in str(visitor.page and visitor.page.text)


def test_a_value_nobody_uses_finds_nothing_and_can_be_taken_away(visitor: Browser) -> None:
    html = visitor.open("/models?language=zz&library=nadie").text
    assert total(visitor) == 0
    assert "Nothing matches" in visitor.text
    assert "Without Language: zz" in visitor.text
    assert re.search(r'<a class="btn" href="/models\?library=nadie[^"]*">Without', html)
    assert "Remove all filters" in visitor.text


def test_a_search_that_finds_nothing_says_what_may_have_been_meant(visitor: Browser) -> None:
    visitor.open("/models?search=opinoines")
    assert "Did you mean opiniones" in visitor.text
    visitor.open("/models?search=secrteo")
    assert "Did you mean" not in visitor.text  # only a private model has that word


def test_words_inside_a_facet_find_values_by_name_and_code_without_scripts(visitor: Browser) -> None:
    visitor.open("/models?facet=language&lang=es&facet_q=portug")
    assert "Portugués" in numbered(visitor)
    assert "Inglés" not in numbered(visitor)
    visitor.open("/models?facet=language&lang=es&facet_q=ingles")
    assert list(numbered(visitor)) == ["Inglés"]
    visitor.open("/models?facet=other&facet_q=tanda-1")
    assert "tanda-11" in numbered(visitor)
    assert "curso-2026" not in numbered(visitor)
    visitor.open("/models?facet=other&facet_q=nadie&lang=en")
    assert "Nothing here is called “nadie”." in visitor.text


def test_a_page_beyond_the_last_leads_back(visitor: Browser) -> None:
    visitor.open("/models?language=pt&p=99")
    assert total(visitor) == MANY
    assert "To the first page" in visitor.text
    visitor.open("/models?language=pt&p=1")
    assert len(rows(visitor)) == MANY - 30


def test_rows_show_what_is_known(visitor: Browser) -> None:
    html = visitor.open("/models?search=serie-04").text
    assert '<svg class="spark"' in html
    assert "4 downloads in 30 days" in visitor.text
    assert '<svg class="spark"' not in visitor.open("/models?search=serie-05").text  # never downloaded
    visitor.open("/models?search=notas-anonimas")
    assert "access on request" in visitor.text
    visitor.open("/datasets?search=flores")
    assert "n<1K" in visitor.text
    html = visitor.open("/spaces").text
    assert "f-green t-yellow" in html
    assert "📖" in visitor.text
    assert "Finales posibles" in visitor.text


def test_a_script_gets_only_the_part_that_changes(visitor: Browser) -> None:
    whole = visitor.open("/models?language=pt")
    part = visitor.open("/models?language=pt", **{"HX-Request": "true"})
    assert "HX-Request" in whole.headers["vary"]
    assert "HX-Request" in part.headers["vary"]
    assert part.text.strip().startswith('<div class="wrap cols" id="z-list"')
    assert "<html" not in part.text
    assert part.text.strip() in whole.text
    assert "<html" in visitor.open("/tasks", **{"HX-Request": "true"}).text


def test_no_page_lets_scripts_be_made_of_text(visitor: Browser) -> None:
    policy = visitor.open("/models").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


def test_addresses_stay_readable(visitor: Browser) -> None:
    html = visitor.open("/models?other=base_model:finetune:alba/iris").text
    assert "/models?other=base_model:finetune:alba/iris&amp;" in html
    assert "Finetunes of: alba/iris" in visitor.text.replace(" :", ":")


def test_what_is_hidden_is_not_counted(visitor: Browser, app: object) -> None:
    visitor.open("/models?author=alba")
    signed_out = total(visitor)
    visitor.log_in().open("/models?author=alba")
    assert total(visitor) == signed_out + 1


def test_texts_are_searched_and_their_passages_shown(visitor: Browser) -> None:
    html = visitor.open("/search/full-text?q=pétalos sépalos").text
    assert 'href="/alba/iris"' in html
    assert "<mark>pétalos</mark>" in html
    assert "1 result" in visitor.text
    html = visitor.open("/search/full-text?q=%22uno de los muchos%22&type=model").text
    assert html.count("<article") == 20
    assert 'rel="next"' in html
    visitor.open("/search/full-text?q=%22uno de los muchos%22&type=model&p=1")
    assert str(visitor.page and visitor.page.text).count("<article") == MANY - 20
    visitor.open("/search/full-text?q=cuento&type=space")
    assert "finales-posibles" in visitor.text
    visitor.open("/search/full-text?q=nada-dice-esto")
    assert "Nothing says that" in visitor.text
    visitor.open("/search/full-text")
    assert "Nothing says that" not in visitor.text
    for odd in ("q=" + "a" * 5000, "q=%22", "q=%00", "q=*&type=x", "q=a AND&p=99999"):
        assert visitor.open(f"/search/full-text?{odd}").status_code == 200
    assert "<script>alert" not in visitor.open("/search/full-text?q=<script>alert(1)</script>").text
