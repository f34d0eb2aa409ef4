"""The lists in a browser: parts are swapped, focus and history stay; and the same journeys without scripts."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import RULES, Open
from tests.web.sample import MANY

pytestmark = pytest.mark.browser

PHONE = (390, 844)


def faults(page: Page, axe: str) -> str:
    page.evaluate(axe)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
    return json.dumps([(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found], indent=1)


def with_htmx(page: Page) -> Page:
    """It comes when the pointer moves."""
    page.mouse.move(300, 300)
    page.mouse.move(310, 310)
    expect(page.locator("[data-htmx-powered]").first).to_be_attached()
    return page


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.outerHTML.slice(0, 120)"))


def is_same_document(page: Page) -> bool:
    return bool(page.evaluate("window.stayed === true"))


def test_choosing_filters_swaps_the_list_and_keeps_focus_and_history(open_page: Open) -> None:
    page = with_htmx(open_page("/models"))
    page.evaluate("window.stayed = true")
    whole = page.locator("h1 small").inner_text()
    page.click(".fgroup a:has-text('Summarization')")
    page.wait_for_url("**/models?pipeline_tag=summarization")
    assert is_same_document(page)
    expect(page).to_have_title("Models: Summarization · Zoco")
    expect(page.locator("#z-said")).to_have_text(re.compile(r"^\d+ results$"))
    assert focused(page) == "z-h"
    expect(page.locator("#z-list")).not_to_have_attribute("aria-busy", "true")
    page.click(".seg a:has-text('Languages')")
    page.click(".fgroup a:has-text('Portuguese')")
    expect(page.locator(".active .chip")).to_have_count(2)
    page.go_back()
    page.go_back()
    expect(page.locator(".active .chip")).to_have_count(1)
    page.go_back()
    expect(page.locator("h1 small")).to_have_text(re.compile(whole.split()[0]))
    expect(page).to_have_title("Models · Zoco")
    assert is_same_document(page)
    page.go_forward()
    expect(page.locator(".active .chip")).to_have_text(re.compile("Summarization"))
    assert is_same_document(page)
    page.click(".rows .rname a >> nth=0")
    expect(page.locator("nav[aria-label=Repository]")).to_be_visible()
    page.go_back()
    expect(page.locator(".active .chip")).to_have_text(re.compile("Summarization"))
    expect(page.locator("header.top")).to_be_visible()  # the page, not its part from the browser's cache


def test_what_was_opened_stays_open_over_a_swap(open_page: Open) -> None:
    page = with_htmx(open_page("/models?facet=other&language=pt"))
    page.click("#z-more-other > summary")
    page.click("#z-more-other li >> nth=1 >> a")
    expect(page.locator(".active .chip")).to_have_count(2)
    page.click(".active .chip >> nth=1")
    expect(page.locator(".active .chip")).to_have_count(1)
    page.select_option("#z-so", "alphabetical")
    page.wait_for_url("**sort=alphabetical**")
    assert "=&" not in page.url
    assert not page.url.endswith("=")
    expect(page.locator("#z-so")).to_have_value("alphabetical")


def test_typing_a_name_filters_and_the_field_keeps_the_focus(open_page: Open) -> None:
    page = with_htmx(open_page("/models"))
    page.evaluate("window.stayed = true")
    page.focus("#z-fn")
    page.keyboard.type("seri", delay=30)
    expect(page.locator("h1 small")).to_have_text(re.compile(rf"^{MANY} "))
    page.keyboard.type("e-07", delay=30)
    expect(page.locator("h1 small")).to_have_text(re.compile(r"^1 "))
    assert focused(page) == "z-fn"
    expect(page.locator("#z-fn")).to_have_value("serie-07")
    assert is_same_document(page)
    page.go_back()
    expect(page.locator("#z-fn")).to_have_value("")
    assert page.url.endswith("/models")


def test_values_of_a_facet_are_narrowed_while_typing(open_page: Open) -> None:
    page = open_page("/models?facet=other", language="es-ES")
    page.fill("#z-fq", "biologia")
    expect(page.locator(".fgroup li:visible")).to_have_count(1)
    expect(page.locator(".fgroup li:visible")).to_have_text(re.compile("biología"))
    page.fill("#z-fq", "no hay tal cosa")
    expect(page.locator(".nohit")).to_be_visible()
    page.fill("#z-fq", "")
    expect(page.locator(".nohit")).to_be_hidden()
    assert page.locator(".fgroup li:visible").count() > 5


def test_numbered_pages_and_size_bars_swap_too(open_page: Open) -> None:
    page = with_htmx(open_page("/models?language=pt"))
    page.evaluate("window.stayed = true")
    page.click(".pager a[rel=next]")
    page.wait_for_url("**p=1**")
    expect(page.locator(".rows .row")).to_have_count(MANY - 30)
    expect(page).to_have_title(re.compile("page 2"))
    assert page.evaluate("scrollY") == 0
    page.click(".sizes li:first-child a")
    expect(page.locator(".rows .row")).to_have_count(MANY // 3)
    expect(page.locator(".sizes a[aria-current]")).to_have_count(1)
    assert is_same_document(page)


def test_the_links_for_language_carry_the_filters(open_page: Open) -> None:
    page = with_htmx(open_page("/models"))
    page.click(".fgroup a:has-text('Summarization')")
    page.wait_for_url("**summarization")
    page.click("footer a[hreflang=es]")
    page.wait_for_url("**lang=es**")
    expect(page.locator(".active .chip")).to_have_text(re.compile("Tarea: Resumen"))


def test_a_failing_server_is_shown_as_its_own_page(open_page: Open) -> None:
    page = with_htmx(open_page("/models"))
    page.route("**/models?pipeline_tag=translation", lambda route: route.fulfill(
        status=302 if "hx-request" in route.request.headers else 200,
        headers={"Location": "/tasks/translation"} if "hx-request" in route.request.headers else {},
        content_type="text/html", body="<title>whole</title><h1>whole</h1>"))  # fmt: skip
    page.click(".fgroup a:has-text('Translation')")
    expect(page.locator("h1")).to_have_text("whole")


def test_the_sheet_of_filters_is_a_dialog_that_keeps_the_focus(open_page: Open, axe: str) -> None:
    page = with_htmx(open_page("/models", size=PHONE))
    expect(page.locator("#z-filters")).to_be_hidden()
    page.click(".fbtn")
    expect(page.get_by_role("dialog", name="Filters")).to_be_visible()
    assert focused(page) == "z-filters-h"
    assert faults(page, axe) == "[]"
    inside = "document.activeElement === document.body || document.activeElement.closest('#z-filters') !== null"
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(inside)
    page.click("#z-filters .fgroup a:has-text('Translation')")
    expect(page.get_by_role("dialog", name="Filters")).to_be_visible()  # more than one filter can be chosen
    expect(page.locator(".fdone a")).to_have_text(re.compile(r"Show \d+"))
    page.keyboard.press("Escape")
    expect(page.locator("#z-filters")).to_be_hidden()
    assert "fbtn" in focused(page)
    page.click(".fbtn")
    page.click(".fdone a")
    expect(page.locator(".rows .row").first).to_be_visible()
    expect(page.locator("#z-filters")).to_be_hidden()


def test_a_journey_through_the_lists_without_scripts(open_page: Open) -> None:
    page = open_page("/models", scripts=False)
    page.click(".seg a:has-text('Other')")
    page.fill("#z-fq", "curso")
    page.click(".ffind button")
    expect(page.locator(".fgroup li")).to_have_count(1)
    page.click("text=Show all")
    page.click(".seg a:has-text('Languages')")
    page.click(".fgroup a:has-text('Portuguese')")
    expect(page.locator("h1 small")).to_have_text(re.compile(rf"^{MANY} "))
    page.click(".seg a:has-text('Tasks')")
    page.click(".fgroup a:has-text('Summarization')")
    expect(page.locator(".active .chip")).to_have_count(2)
    page.click(".sizes li:first-child a")
    expect(page.locator(".active .chip")).to_have_count(3)
    page.select_option("#z-so", "most_params")
    page.click("form.tools button")
    page.wait_for_url("**sort=most_params**")
    page.click(".active a:has-text('Summarization')")
    expect(page.locator(".active .chip")).to_have_count(2)
    page.click("text=Remove all")
    expect(page.locator(".active")).to_have_count(0)
    page.click(".pager a[rel=next]")
    page.wait_for_url("**p=1**")
    page.click("text=Full text")
    page.fill("main input[name=q]", "lirio")
    page.click("main button:has-text('Search')")
    expect(page.locator("mark").first).to_have_text(re.compile("lirio", re.IGNORECASE))


def test_the_sheet_opens_and_closes_without_scripts(open_page: Open) -> None:
    page = open_page("/models", scripts=False, size=PHONE)
    expect(page.locator("#z-filters")).to_be_hidden()
    page.click(".fbtn")
    expect(page.locator("#z-filters")).to_be_visible()
    page.click(".fclose")
    expect(page.locator("#z-filters")).to_be_hidden()
    page.click(".fbtn")
    page.click("#z-filters .fgroup a:has-text('Summarization')")
    expect(page.locator(".active .chip")).to_have_count(1)


def test_suggestions_by_keyboard(open_page: Open, axe: str) -> None:
    page = open_page("/docs")
    page.keyboard.press("/")
    page.keyboard.type("serie-0", delay=20)
    box = page.get_by_role("listbox", name="Suggestions")
    expect(box.get_by_role("option")).to_have_count(5)
    expect(page.get_by_role("combobox")).to_have_attribute("aria-expanded", "true")
    assert faults(page, axe) == "[]"
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    page.keyboard.press("ArrowDown")
    expect(box).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    chosen = box.locator("[aria-selected=true]")
    expect(chosen).to_have_count(1)
    expect(page.locator("#z-q")).to_have_attribute("aria-activedescendant", str(chosen.get_attribute("id")))
    goal = str(chosen.get_attribute("href"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{goal}")
    page.keyboard.press("/")
    page.keyboard.type("taller", delay=20)
    expect(page.get_by_role("group", name="Organisations")).to_contain_text("Taller de Cuentos")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/full-text?q=taller")


def test_enter_alone_searches_by_name(open_page: Open) -> None:
    page = open_page("/docs")
    page.fill("#z-q", "iris")
    page.press("#z-q", "Enter")
    page.wait_for_url("**/search?q=iris")


def test_languages_are_narrowed_while_typing(open_page: Open) -> None:
    page = open_page("/languages", language="es-ES")
    assert page.locator("#z-langs tr:visible").count() > 180
    page.fill("#z-lq", "aleman")
    expect(page.locator("#z-langs tr:visible")).to_have_count(1)
    expect(page.locator("#z-langs tr:visible")).to_contain_text("Deutsch")


def test_a_broken_card_is_mended_with_one_click(open_page: Open) -> None:
    page = open_page("/alba/con-falla", member=True)
    note = page.get_by_role("note")
    expect(note).to_contain_text("Line 3:")
    expect(page.locator(".names")).to_contain_text("alba/aun-no")
    page.get_by_role("link", name="See the repair first").click()
    expect(page.locator("textarea[name=text]")).to_have_value(re.compile(r"^---\ntags:\n- es\n"))
    page.go_back()
    page.get_by_role("button", name="Repair it").click()
    expect(page.get_by_role("status")).to_contain_text("Saved as a new commit.")
    expect(note).to_have_count(0)
    expect(page.get_by_role("group", name="Tags")).to_contain_text("Spanish")


def test_names_in_a_card_are_links_while_there_is_something(open_page: Open) -> None:
    page = open_page("/alba/con-falla")
    links = page.locator(".names a")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", "/datasets/alba/flores")
    expect(page.locator(".names .gone")).to_have_text("alba/aun-no")
    page.goto("/datasets/alba/flores")
    expect(page.get_by_role("complementary")).to_contain_text("Models trained with it")
    expect(page.get_by_role("complementary")).to_contain_text("taller-cuentos/finales-posibles")
    page.goto("/alba/iris")
    page.click(".tree .kid a:has-text('Finetunes')")
    expect(page.locator("h1 small")).to_have_text(re.compile(rf"^{MANY} "))
