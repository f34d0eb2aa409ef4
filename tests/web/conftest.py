"""A filled Hub in this process for pages, and a running one with a browser for what only a browser shows."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, Request, Response
from starlette.testclient import TestClient
from tests.running import Server
from tests.web.sample import PASSWORD, fill, fill_more

from zoco.adapters.db.migrate import prepare
from zoco.app import create_app, open_database, open_hub
from zoco.settings import load

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def built_assets() -> None:
    runpy.run_path(str(ROOT / "hatch_build.py"))["build"]()


class _Reader(HTMLParser):
    """The forms of a page, and its text by element."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self.text: list[str] = []
        self._hidden = 0
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            action, method = given.get("action") or "", (given.get("method") or "get").lower()
            self.forms.append({"action": action, "method": method, "fields": {}, "files": "enctype" in given})
        fields = self.forms[-1]["fields"] if self.forms else {}
        name = given.get("name") or ""
        if tag == "input" and name:
            if given.get("type") not in {"radio", "checkbox"} or "checked" in given:
                fields[name] = given.get("value") or ""
        elif tag == "select":
            self._select = name
            fields[name] = None
        elif tag == "option" and self._select and (fields.get(self._select) is None or "selected" in given):
            fields[self._select] = given.get("value") or ""
        elif tag == "textarea":
            self._area = name
            fields[name] = ""
        elif tag in {"script", "style"}:
            self._hidden += 1

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style"}
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area and self.forms:
            typed = self.forms[-1]["fields"]
            typed[self._area] += data if typed[self._area] else data.removeprefix("\n")  # HTML drops the first
        if not self._hidden:
            self.text.append(data)


@dataclass
class Browser:
    """One visitor without scripts: follows links, fills the page's own forms, keeps cookies."""

    client: TestClient
    page: httpx.Response | None = None

    def open(self, path: str, **headers: str) -> httpx.Response:
        self.page = self.client.get(path, headers=headers)
        return self.page

    @property
    def text(self) -> str:
        reader = self._read()
        return re.sub(r"\s+", " ", " ".join(reader.text)).strip()

    def form(self, action: str) -> dict[str, Any]:
        found = [form for form in self._read().forms if re.search(action, form["action"])]
        assert found, f"no form for {action} on the page"
        return found[0]

    def send(self, action: str, *, file: tuple[str, bytes] | None = None, **typed: str) -> httpx.Response:
        """Fill and send the page's form whose address matches `action`."""
        assert self.page is not None
        form = self.form(action)
        unknown = set(typed) - set(form["fields"]) - {"visibility", "role", "gated", "answer"}
        assert not unknown, f"the form has no {unknown}"
        fields = {**form["fields"], **typed}
        address = urljoin(str(self.page.url), form["action"])
        files = {"file": file} if file else None
        if form["files"] and not file:
            files = {name: (None, value) for name, value in fields.items()}  # type: ignore[assignment,misc]
            fields = {}
        if form["method"] == "get":
            self.page = self.client.get(address, params=fields)
        else:
            self.page = self.client.post(address, data=fields, files=files)
        return self.page

    def log_in(self, name: str = "alba", password: str = PASSWORD) -> Browser:
        self.open("/login")
        answer = self.send("/login", name=name, password=password)
        assert answer.status_code == 200, answer.text
        assert answer.url.path == "/"
        return self

    def _read(self) -> _Reader:
        assert self.page is not None
        reader = _Reader()
        reader.feed(self.page.text)
        return reader


@pytest.fixture(scope="module")
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Filled as the module's `FILLS` say."""
    settings = load(tmp_path_factory.mktemp("pages") / "data", environ={}, sign_up="open")
    prepare(open_database(settings), settings)
    hub = open_hub(settings)
    for one in getattr(request.module, "FILLS", (fill,)):
        one(hub)
    yield create_app(hub)


@pytest.fixture
def client(app: Any) -> Iterator[TestClient]:
    headers = {"Accept": "text/html", "Accept-Language": "en"}
    with TestClient(app, base_url="http://hub.test", headers=headers, raise_server_exceptions=False) as one:
        yield one


@pytest.fixture
def visitor(client: TestClient) -> Browser:
    return Browser(client)


@pytest.fixture
def alba(client: TestClient) -> Browser:
    return Browser(client).log_in()


# --- a running Hub and Chromium -----------------------------------------------------------------------------------

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --font-render-hinting=none"
).split()


@pytest.fixture(scope="session")
def filled_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("web") / "data").start()
    hub = open_hub(load(running.data, environ={}))
    fill(hub)
    fill_more(hub)
    hub.db.close()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    assert CHROMIUM, "Chromium is missing: run tests/system-packages.sh"
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "headless": True, "args": FLAGS}


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, from npm: a tool of the tests only."""
    script = ROOT / "node_modules/axe-core/axe.min.js"
    if not script.exists():
        npm = runpy.run_path(str(ROOT / "hatch_build.py"))["_npm"]
        command, path = npm()
        subprocess.run([*command, "ci", "--ignore-scripts"], cwd=ROOT, env={**os.environ, "PATH": path}, check=True)
    return script.read_text("utf-8")


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def signed_in(browser: Chromium, filled_server: Server) -> Any:
    """Cookies of a session that every test may reuse."""
    context = browser.new_context(base_url=filled_server.url)
    page = context.new_page()
    page.goto("/login")
    page.fill("input[name=name]", "alba")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url(filled_server.url + "/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def open_page(browser: Chromium, filled_server: Server, signed_in: Any) -> Iterator[Open]:
    """Opens pages of our Hub and nothing else; whatever is wrong with one fails the test at its end."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def watch(page: Page) -> None:
        page.on("console", lambda said: wrong.append(f"console: {said.text}") if said.type != "log" else None)
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        page.on("response", lambda answer: note(answer))
        page.on("requestfailed", lambda asked: wrong.append(f"failed: {asked.url}") if not left(asked) else None)

    def note(answer: Response) -> None:
        if answer.status >= 400:
            wrong.append(f"{answer.status} {answer.url}")

    def left(asked: Request) -> bool:
        return asked.failure is not None and "ERR_ABORTED" in asked.failure

    def guard(route: Any) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(filled_server.url).netloc:
            route.continue_()
        else:
            wrong.append(f"elsewhere: {route.request.url}")
            route.abort()

    def make(
        path: str, *, member: bool = False, size: tuple[int, int] = (1360, 900), theme: str = "light",
        language: str = "en-GB", scripts: bool = True,
    ) -> Page:  # fmt: skip
        context = browser.new_context(
            base_url=filled_server.url,
            locale=language,
            timezone_id="UTC",
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
            java_script_enabled=scripts,
            storage_state=signed_in if member else None,
        )
        contexts.append(context)
        context.route("**/*", guard)
        page = context.new_page()
        page.set_default_timeout(20_000)
        watch(page)
        page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()
    assert not wrong
