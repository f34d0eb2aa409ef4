"""What only a browser shows: a clean console, accessibility, small screens, scripts and none; and the first story."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from tests.running import Server
from tests.web.conftest import RULES, Open

pytestmark = pytest.mark.browser

ARTIFACTS = Path(__file__).parents[2] / "artifacts"
PUBLIC = {
    "home": "/",
    "models": "/models",
    "filtered": "/models?language=es&license=apache-2.0&facet=language",
    "nothing-found": "/datasets?search=zzz",
    "a-facet": "/models?facet=other&language=pt",
    "facet-search": "/models?facet=language&facet_q=port",
    "meant": "/models?search=opinoines",
    "page-two": "/models?language=pt&p=1&sort=least_params",
    "filters-sheet": "/models?library=keras&num_parameters=max:500M#z-filters",
    "spaces": "/spaces",
    "tasks": "/tasks",
    "task": "/tasks/tabular-classification",
    "task-without": "/tasks/robotics",
    "languages": "/languages",
    "no-language": "/languages?q=zzz",
    "search": "/search?q=a",
    "full-text": "/search/full-text?q=flores",
    "full-text-nothing": "/search/full-text?q=zzz&type=space",
    "card": "/alba/iris",
    "dataset": "/datasets/alba/flores",
    "gated": "/alba/notas-anonimas",
    "tree": "/alba/iris/tree/main",
    "code": "/alba/iris/blob/main/entrenar.py",
    "text": "/alba/iris/blob/main/README.md",
    "picture": "/alba/iris/blob/main/img/petals.png",
    "weights": "/alba/iris/blob/main/model.joblib",
    "history": "/alba/iris/commits/main",
    "commit": "/alba/iris/commit/v1.0",
    "person": "/alba",
    "organisation": "/taller-cuentos",
    "login": "/login",
    "join": "/join",
    "docs": "/docs/hub/git",
}
MEMBERS = {
    "home-member": "/",
    "card-broken": "/alba/con-falla",
    "card-mended": "/alba/con-falla/edit/main/README.md?repair=1",
    "new": "/new",
    "card-own": "/alba/iris",
    "settings": "/alba/iris/settings",
    "edit": "/alba/iris/edit/main/entrenar.py",
    "new-file": "/alba/iris/new/main",
    "upload": "/alba/iris/upload/main",
    "delete-file": "/alba/iris/delete/main/entrenar.py",
    "profile": "/settings/profile",
    "account": "/settings/account",
    "tokens": "/settings/tokens",
    "token-new": "/settings/tokens/new?tokenType=fineGrained",
    "org-new": "/organizations/new",
    "members": "/organizations/taller-cuentos/settings/members",
    "device": "/oauth/device",
}
THEMES, SIZES, LANGUAGES = ("light", "dark"), ((1360, 900), (390, 844)), ("es-ES", "en-GB")


def pairwise() -> list[tuple[str, bool, str, str, tuple[int, int], str]]:
    """Every page; each pair of theme, size and language within four neighbouring pages, and every page in two ways."""
    ways = list(itertools.product(THEMES, SIZES, LANGUAGES))
    covering = [ways[0], ways[3], ways[5], ways[6]]  # light/wide/es light/small/en dark/wide/en dark/small/es
    opposite = [ways[7], ways[4], ways[2], ways[1]]
    pages = [(name, False, path) for name, path in PUBLIC.items()] + [(n, True, p) for n, p in MEMBERS.items()]
    cases = []
    for number, (name, member, path) in enumerate(pages):
        for way in (covering[number % 4], opposite[number % 4]):
            cases.append((name, member, path, way[0], way[1], way[2]))
    return cases


@pytest.mark.parametrize(
    ("name", "member", "path", "theme", "size", "language"),
    [pytest.param(*case, id=f"{case[0]}-{case[3]}-{case[4][0]}-{case[5][:2]}") for case in pairwise()],
)
def test_accessible_clean_and_within_the_screen(
    open_page: Open, axe: str, name: str, member: bool, path: str, theme: str, size: tuple[int, int], language: str
) -> None:
    page = open_page(path, member=member, theme=theme, size=size, language=language)
    page.evaluate("document.fonts.ready.then(() => true)")
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}-{theme}-{size[0]}-{language[:2]}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.evaluate(axe)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
    faults = [
        {"rule": one["id"], "why": one["help"], "where": [node["html"][:200] for node in one["nodes"][:3]]}
        for one in found
    ]
    assert not faults, json.dumps(faults, indent=1, ensure_ascii=False)


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1360])
def test_no_page_scrolls_sideways(open_page: Open, width: int) -> None:
    page = open_page("/", member=True, size=(width, 800), language="es-ES")
    wide = []
    for path in [*PUBLIC.values(), *MEMBERS.values()]:
        if path in {"/login", "/join"}:
            continue
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(path)
    assert not wide


def test_open_menus_are_accessible_and_stay_on_the_screen(open_page: Open, axe: str) -> None:
    for size in SIZES:
        page = open_page("/alba/iris/tree/main", member=True, size=size)
        page.evaluate(axe)
        for summary in page.locator("details.menu > summary").all():
            if not summary.is_visible():
                continue
            summary.click()
            box = summary.locator("xpath=following-sibling::*[1]").bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= size[0]
            found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
            assert not [one["id"] for one in found], summary.inner_text()
            page.keyboard.press("Escape")
            expect(summary.locator("..")).not_to_have_attribute("open", "")


def test_the_keyboard_reaches_search_content_and_menus(open_page: Open) -> None:
    page = open_page("/models")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "z-main"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "z-q"
    page.keyboard.type("iris/")
    assert page.input_value("#z-q") == "iris/"
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=iris%2F")


def test_keys_answer_when_the_page_has_loaded_however_late_a_script_comes(open_page: Open) -> None:
    """Scripts that came after the load event left the first keys without an answer."""

    def late(route: Any) -> None:
        page.wait_for_timeout(700)
        route.fallback()

    page = open_page("/models")
    page.context.route("**/hub.*.js", late)
    page.reload()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "z-q"


def test_the_theme_changes_at_once_and_stays(open_page: Open) -> None:
    page = open_page("/models")
    page.click("summary[aria-label=Menu]")
    page.click("[data-theme-choice=dark]")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.goto("/datasets")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 19, 18)"


def test_lines_are_marked_and_named_in_the_address(open_page: Open) -> None:
    page = open_page("/alba/iris/blob/main/entrenar.py#L3-L5")
    expect(page.locator("tr.hit")).to_have_count(3)
    page.click("a[data-n='7']")
    expect(page.locator("tr.hit")).to_have_count(1)
    page.click("a[data-n='9']", modifiers=["Shift"])
    assert page.evaluate("location.hash") == "#L7-L9"


def test_copying_tells_that_it_is_done(open_page: Open) -> None:
    page = open_page("/alba/iris")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy the name alba/iris")
    button.click()
    expect(page.locator(".rname .copy")).to_have_attribute("aria-label", "Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "alba/iris"


def test_deleting_wakes_only_when_the_name_is_typed(open_page: Open) -> None:
    page = open_page("/alba/iris/settings", member=True)
    button = page.get_by_role("button", name="Delete this repository")
    expect(button).to_be_disabled()
    page.fill("input[name=confirm]", "alba/iri")
    expect(button).to_be_disabled()
    page.fill("input[name=confirm]", "alba/iris")
    expect(button).to_be_enabled()


def test_everything_works_without_scripts(open_page: Open) -> None:
    page = open_page("/models", member=True, scripts=False)
    page.select_option("select[name=sort]", "likes")
    page.click("form.tools button")
    page.wait_for_url("**sort=likes**")
    page.click("summary:has-text('New')")
    page.click("text=New dataset")
    page.fill("main input[name=name]", "sin-guiones")
    page.click("main button:has-text('Create dataset')")
    expect(page.get_by_role("status")).to_contain_text("Repository created.")
    page.click("nav >> text=Files")
    page.click("summary:has-text('Add file')")
    page.click("text=Write a new file")
    page.fill("input[name=name]", "a.csv")
    page.fill("textarea[name=text]", "x,y\n1,2\n")
    page.click("main button:has-text('Commit to main')")
    expect(page.get_by_role("status")).to_contain_text("Saved as a new commit.")
    page.click("nav >> text=Settings")
    page.fill("input[name=confirm]", "alba/sin-guiones")
    page.click("main button:has-text('Delete this repository')")
    expect(page.get_by_role("status")).to_contain_text("Repository deleted.")


@pytest.mark.parametrize(
    ("path", "most"), [("/models", 60_000), ("/datasets", 60_000), ("/tasks", 60_000), ("/languages", 60_000)]
)
def test_a_first_visit_is_small(open_page: Open, path: str, most: int) -> None:
    """Bytes over the wire, styles, scripts, icons and fonts included. The list has a full page of rows."""
    page = open_page("about:blank")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    total = [0.0]
    session.on("Network.loadingFinished", lambda one: total.__setitem__(0, total[0] + one["encodedDataLength"]))
    page.goto(path)
    page.wait_for_load_state("networkidle")
    if path == "/models":
        assert page.locator(".rows .row").count() == 30
    (ARTIFACTS / f"bytes{path.replace('/', '-')}.txt").write_text(f"{total[0]:.0f}\n")
    assert 10_000 < total[0] < most


def test_the_story_of_a_first_model(open_page: Open, filled_server: Server, tmp_path: Path) -> None:
    """Sign up, create `iris`, push with a token, and see card, tags, files, history and diff."""
    page = open_page("/")
    page.click("header >> text=Sign up")
    page.fill("input[name=name]", "celia")
    page.fill("input[name=password]", "correct-horse")
    page.click("main button:has-text('Create account')")
    expect(page.get_by_role("status")).to_contain_text("Welcome!")
    page.click("header >> text=New")
    page.click("header >> text=New model")
    page.fill("input[name=name]", "iris")
    page.select_option("select[name=license]", "mit")
    page.click("main button:has-text('Create model')")
    expect(page.get_by_role("heading", level=1)).to_contain_text("celia/iris")
    page.goto("/settings/tokens/new?tokenType=write")
    page.fill("main input[name=name]", "git")
    page.click("main button:has-text('Create token')")
    token = page.locator(".codebox code").first.inner_text().strip()
    clone = tmp_path / "iris"
    git("clone", f"http://celia:{token}@{urlsplit(filled_server.url).netloc}/celia/iris", str(clone), folder=tmp_path)
    card = (clone / "README.md").read_text().replace("---\n", "---\npipeline_tag: tabular-classification\n", 1)
    (clone / "README.md").write_text(f"{card}\n# Iris\n\nThree flowers, told apart.\n")
    (clone / "train.py").write_text("print('petals')\n")
    git("add", ".", folder=clone)
    git("commit", "-m", "First version", folder=clone)
    git("push", folder=clone)
    page.goto("/celia/iris")
    expect(page.get_by_role("group", name="Tags")).to_contain_text("Tabular Classification")
    expect(page.locator(".prose")).to_contain_text("Three flowers, told apart.")
    page.click("nav >> text=Files")
    expect(page.get_by_role("row", name="train.py")).to_contain_text("First version")
    page.click("nav >> text=History")
    page.click("a.ctitle:has-text('First version')")
    expect(page.locator(".dlines").last).to_contain_text("print('petals')")
    page.goto("/models?pipeline_tag=tabular-classification")
    expect(page.locator(".rows")).to_contain_text("celia/iris")


def git(*arguments: str, folder: Path) -> None:
    who = {"GIT_AUTHOR_NAME": "Celia", "GIT_AUTHOR_EMAIL": "celia@example.org"}
    who |= {"GIT_COMMITTER_NAME": "Celia", "GIT_COMMITTER_EMAIL": "celia@example.org"}
    environment = {**os.environ, **who, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0"}
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, timeout=120)
