"""Cards are Markdown as people know it from other hubs."""

from __future__ import annotations

from zoco.surfaces.web.markdown import FORMULAS_MAX, RENDERED_MAX, render_markdown
from zoco.surfaces.web.sanitise import Place

PLACE = Place()


def html(text: str) -> str:
    return str(render_markdown(text, PLACE).html)


def test_headings_have_ids_that_links_elsewhere_expect() -> None:
    rendered = render_markdown("# How to use\n## Élan `x`\n## How to use\n### z-main", PLACE)
    assert [heading.id for heading in rendered.headings] == ["how-to-use", "élan-x", "how-to-use-1", "sz-main"]
    assert all(f'id="{heading.id}"' in rendered.html for heading in rendered.headings)


def test_prices_are_not_mathematics() -> None:
    assert "<math" not in html("It costs $5 and $10 a month")


def test_formulas_become_mathml_in_all_three_spellings() -> None:
    for text in ("$a^2$", "$$a^2$$", "x \\\\(a^2\\\\) y"):
        assert "<msup><mi>a</mi><mn>2</mn></msup>" in html(text), text


def test_a_formula_that_cannot_be_drawn_is_shown_as_it_was_written() -> None:
    assert '<code class="math-tex">\\left( a</code>' in html("$\\left( a$")
    assert "\\unknowncommand" in html("$\\unknowncommand x$")


def test_thousands_of_formulas_do_not_cost_thousands_of_conversions() -> None:
    page = html(" ".join(["$a$"] * (FORMULAS_MAX + 50)))
    assert page.count("<math") == FORMULAS_MAX
    assert page.count("math-tex") == 50


def test_alerts_have_their_kind_and_a_title_in_the_reader_s_language() -> None:
    spanish = {"Warning": "Atención"}
    rendered = render_markdown("> [!WARNING]\n> Careful", PLACE, lambda word: spanish.get(word, word)).html
    assert '<div class="alert alert-warning">' in rendered
    assert '<p class="alert-title">Atención</p>' in rendered


def test_table_cells_are_aligned_without_inline_styles() -> None:
    page = html("| a | b |\n|---|--:|\n| 1 | 2 |")
    assert '<td class="ta-end">2</td>' in page
    assert "style=" not in page
    assert '<div class="tw" tabindex="0" role="region" aria-label="Table">' in page


def test_code_is_coloured_with_classes_and_escaped() -> None:
    page = html('```python\ndef f(): return "<b>"\n```')
    assert '<span class="hl-k">def</span>' in page
    assert "<b>" not in page
    assert html("```nosuchlanguage\na < b\n```").count("&lt;") == 1


def test_a_text_too_long_to_render_is_shown_as_text() -> None:
    page = html("# " + "<b>" * (RENDERED_MAX // 3 + 1))
    assert page.startswith("<pre># &lt;b&gt;")


def test_task_lists_and_footnotes_and_bare_links() -> None:
    page = html("- [x] done\n\nSee www.example.org today[^n]\n\n[^n]: Yes")
    assert 'type="checkbox"' in page
    assert 'href="http://www.example.org"' in page
    assert 'id="fn1"' in page
