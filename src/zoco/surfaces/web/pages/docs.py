"""The help inside the product: Markdown files by language, with this Hub's own address in the examples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup
from starlette.requests import Request
from starlette.routing import BaseRoute

from zoco.core.errors import NotFound
from zoco.surfaces.web import urls
from zoco.surfaces.web.i18n import SOURCE_LANGUAGE
from zoco.surfaces.web.markdown import render_markdown
from zoco.surfaces.web.render import Page
from zoco.surfaces.web.sanitise import Place
from zoco.surfaces.web.serve import shows
from zoco.surfaces.web.visit import Visit

HELP = Path(__file__).parent.parent / "help"
FIRST = "start"
ORDER = (FIRST, "git", "hf", "cards", "tokens", "organizations")


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class DocsContext:
    name: str
    title: str
    language: str
    html: Markup
    entries: tuple[Entry, ...]


def show(visit: Visit, request: Request) -> Page:
    name = request.path_params.get("page", FIRST)
    if name not in ORDER:
        raise NotFound("Sorry, we can't find the page you are looking for.")
    language, text = _text(visit.language.code, name)
    text = text.replace("{endpoint}", visit.endpoint).replace("{site}", visit.hub.settings.site_name)
    context = DocsContext(
        name=name,
        title=_title(text),
        language=language,
        html=render_markdown(text, Place(), visit.language.gettext, is_whole_page=True).html,
        entries=tuple(Entry(one, _title(_text(visit.language.code, one)[1])) for one in ORDER),
    )
    return Page("docs/page.html", context)


@cache
def _text(language: str, name: str) -> tuple[str, str]:
    """The page in that language, or in English, and which it is."""
    for code in (language, SOURCE_LANGUAGE):
        file = HELP / code / f"{name}.md"
        if file.exists():
            return code, file.read_text("utf-8")
    raise NotFound("Sorry, we can't find the page you are looking for.")


def _title(text: str) -> str:
    return text.partition("\n")[0].lstrip("# ").strip()


routes: list[BaseRoute] = [shows(urls.DOCS, show), shows("/docs/hub", show), shows("/docs/hub/{page:seg}", show)]
