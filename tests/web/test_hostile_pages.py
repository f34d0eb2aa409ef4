"""Wrong, hostile and oversized input on every page and every form of the route table: never a broken answer, nothing
of a stranger's reaches the page as markup or a header, and private things stay invisible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from starlette.routing import Route
from tests.web.conftest import Browser

import zoco.app  # noqa: F401 - registers what the routes below name
from zoco.surfaces.web.routes import routes

PAGES = [route for route in routes if isinstance(route, Route) and "GET" in (route.methods or ())]
FORMS = [route for route in routes if isinstance(route, Route) and "POST" in (route.methods or ())]

MARK = "zocomark"
"""In every word that tries to become markup or a header."""

WORDS = [
    "..",
    "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd",
    "%00",
    "a%00b",
    "%FF%FE",
    "%ED%A0%80",
    "%F0%9F%8C%B5",
    "a%5Cb",
    "a%2Fb%2Fc",
    "%20",
    "-",
    "HEAD",
    "refs%2Fheads%2F..%2Fmain",
    "main@%7B0%7D",
    f"%3Cscript%3E{MARK}%3C%2Fscript%3E",
    f"%22%20onload%3D{MARK}%20x%3D%22",
    f"%27%3B{MARK}--",
    f"%0d%0aSet-Cookie:%20{MARK}=b",
    f"javascript:{MARK}",
    "x" * 5000,
    "%25252e",
    "{{7*7}}",
    "%7B%7B7*7%7D%7D",
]

VALUES = [
    "",
    "\0",
    "a\0b",
    "\ud7ff\uffff",
    "../../etc/passwd",
    f"<script>{MARK}</script>",
    f'" onload={MARK} x="',
    f"javascript:{MARK}",
    f"a\r\nSet-Cookie: {MARK}=b",
    "-1",
    "9" * 40,
    "{{7*7}}",
    "ñandú 🌵",
    "x" * 70_000,
]


class Markup(HTMLParser):
    """What of a page is markup: elements, and names and values of attributes that run or lead somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.dangerous: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script"
        for name, value in attrs:
            leads = name in {"href", "src", "action", "formaction"} and (value or "").strip().startswith("javascript:")
            if name.startswith("on") or leads:
                self.dangerous.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        if self._in_script and MARK in data:
            self.dangerous.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


def check(answer: Any) -> None:
    assert answer.status_code < 500 or answer.status_code == 501, (answer.status_code, answer.text[:300])
    assert answer.headers["x-request-id"]
    assert MARK not in " ".join(f"{name}={value}" for name, value in answer.headers.items() if name == "set-cookie")
    assert "Traceback" not in answer.text
    assert "49" not in re.findall(r"(?<!\d)49(?!\d)", answer.text) or "{{7*7}}" not in str(answer.request.url)
    if answer.headers.get("content-type", "").startswith("text/html"):
        markup = Markup()
        markup.feed(answer.text)
        assert not markup.dangerous
        assert answer.headers["content-security-policy"]


def named(route: Route) -> str:
    return route.path


def addresses(route: Route) -> Iterator[str]:
    """The route with each hostile word in each of its places; the other places lead to a repository that is there."""
    places = re.findall(r"\{(\w+):\w+\}", route.path)
    good = {"ns": "alba", "name": "iris", "rev": "main", "path": "README.md", "user": "alba", "org": "taller-cuentos"}
    for place in places:
        for word in WORDS:
            known = {**good, place: word}
            yield re.sub(r"\{(\w+):\w+\}", lambda found: known.get(found[1], "x"), route.path)  # noqa: B023 - at once
    if not places:
        yield route.path


def asked(visitor: Browser, address: str, **more: Any) -> Any:
    return visitor.client.get(address, follow_redirects=False, **more)


@pytest.mark.parametrize("route", PAGES, ids=named)
def test_hostile_words_in_every_place_of_every_page(alba: Browser, route: Route) -> None:
    for address in addresses(route):
        check(asked(alba, address))


@pytest.mark.parametrize("route", PAGES, ids=named)
def test_hostile_values_in_the_query_of_every_page(alba: Browser, route: Route) -> None:
    known = {"ns": "alba", "name": "iris", "rev": "main", "path": "README.md"}
    address = re.sub(r"\{(\w+):\w+\}", lambda found: known.get(found[1], "x"), route.path)
    names = (
        "q search sort p page cursor limit filter library language license view lang theme next tab path file".split()
    )
    for value in [one for one in VALUES if len(one) < 5000]:
        check(asked(alba, address, params=dict.fromkeys(names, value)))


@pytest.mark.parametrize("route", FORMS, ids=named)
def test_a_form_from_elsewhere_does_nothing(alba: Browser, route: Route) -> None:
    """Without the secret of our own pages: whatever the address and the fields."""
    known = {"ns": "alba", "name": "iris", "rev": "main", "path": "README.md"}
    address = re.sub(r"\{(\w+):\w+\}", lambda found: known.get(found[1], "x"), route.path)
    for token in ("", "nonsense", "AAAA", "x" * 5000):
        answer = alba.client.post(address, data={"csrf": token, "name": "iris"}, follow_redirects=False)
        check(answer)
        assert answer.status_code == 403, (address, answer.status_code)
    assert alba.open("/alba/iris").status_code == 200


@pytest.mark.parametrize("route", FORMS, ids=named)
def test_hostile_words_in_every_place_of_every_form(alba: Browser, route: Route) -> None:
    alba.open("/settings/profile")
    secret = alba.form("/settings/profile")["fields"]["csrf"]
    for address in addresses(route):
        if "{" not in route.path:
            continue
        check(alba.client.post(address, data={"csrf": secret}, follow_redirects=False))


PAGES_WITH_FORMS = [
    "/new",
    "/organizations/new",
    "/settings/profile",
    "/settings/account",
    "/join",
    "/login",
    "/new-dataset",
    "/new-space",
    "/settings/tokens",
    "/settings/tokens/new",
    "/alba/iris/settings",
    "/alba/iris/new/main",
    "/alba/iris/edit/main/README.md",
    "/alba/iris/upload/main",
    "/organizations/taller-cuentos/settings",
    "/oauth/device",
]


@pytest.mark.parametrize("page", PAGES_WITH_FORMS)
def test_hostile_values_in_every_field_of_every_form(alba: Browser, page: str) -> None:
    """One field at a time, the others as the page fills them. What deletes or renames is left out."""
    opened = alba.open(page)
    if opened.status_code == 404:
        pytest.fail(f"{page} is gone: name the page that has its forms now")
    for form in alba._read().forms:
        if form["method"] != "post" or re.search(r"logout|delete|move|remove|password|sessions", form["action"]):
            continue
        for field in [name for name in form["fields"] if name != "csrf"]:
            for value in VALUES:
                fields = {**form["fields"], field: value}
                files = {name: (None, text) for name, text in fields.items()} if form["files"] else None
                address = form["action"] or page
                check(alba.client.post(address, data=None if files else fields, files=files, follow_redirects=False))


def test_a_strangers_pages_never_name_what_is_private(visitor: Browser) -> None:
    """Whatever the page: the private repository looks like one that never was."""
    for route in PAGES:
        if "{name:seg}" not in route.path:
            continue
        answers = []
        for name in ("secreto", "jamas-hubo"):
            known = {"ns": "alba", "name": name, "rev": "main", "path": "README.md"}
            address = re.sub(r"\{(\w+):\w+\}", lambda found: known.get(found[1], "x"), route.path)  # noqa: B023
            answer = asked(visitor, address)
            text = re.sub(r"Root=1-\w+|csrf\" value=\"[^\"]*\"", "", answer.text).replace(name, "NAME")
            answers.append((answer.status_code, text))
        assert answers[0] == answers[1], route.path
