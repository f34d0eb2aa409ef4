"""How does a page become HTML? One template environment for each language, built once."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import brotli
import jinja2
from jinja2_fragments import render_block
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from zoco.core.ids import RepoType
from zoco.surfaces.web import names, urls
from zoco.surfaces.web.assets import asset
from zoco.surfaces.web.glyphs import glyph
from zoco.surfaces.web.i18n import Language, languages
from zoco.surfaces.web.security import page_headers
from zoco.surfaces.web.visit import CSRF_COOKIE, SAID_COOKIE, Visit, preferences_asked_for

TEMPLATES = Path(__file__).parent / "templates"
_YEAR_S = 365 * 24 * 3600
_COMPRESSED_FROM = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """`context` is one frozen dataclass, called `page` in the template. Of a page with a `fragment`, a block of its
    template, scripts may ask for that part alone."""

    template: str
    context: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    fragment: str = ""


@cache
def icon(name: str) -> Markup:
    return Markup('<svg class="i" aria-hidden="true"><use href="{}#{}"/></svg>').format(asset("icons.svg"), name)


@cache
def environment(code: str) -> jinja2.Environment:
    language = languages()[code]
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.install_gettext_callables(  # type: ignore[attr-defined] # added by the extension
        language.gettext, language.ngettext, newstyle=True
    )
    said = _translations(language)
    env.globals.update(
        gettext=said,
        _=said,
        url=urls,
        asset=asset,
        glyph=glyph,
        icon=icon,
        names=names,
        language=language,
        languages=languages(),
        RepoType=RepoType,
    )
    for name in ("number", "compact", "size", "date", "long_date", "date_time", "ago", "amount", "language_name"):
        env.filters[name] = getattr(language, name)
    env.filters["iso"] = _iso
    return env


def _translations(language: Language) -> Callable[..., Markup]:
    """Jinja's own looks up and escapes each message anew; a page has hundreds, and most of them hold no variable."""

    @cache
    def text_of(message: str) -> Markup:
        return Markup(language.gettext(message))  # noqa: S704 # of our catalogues

    @cache
    def whole(message: str) -> Markup:
        return text_of(message) % {}

    def gettext(message: str, **variables: object) -> Markup:
        return text_of(message) % variables if variables else whole(message)

    return gettext


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")


def render(page: Page, visit: Visit, *, only_fragment: bool = False) -> str:
    env = environment(visit.language.code)
    known = {"page": page.context, "visit": visit, "site": visit.hub.settings.site_name}
    if only_fragment:
        return render_block(env, page.template, page.fragment, **known)
    return env.get_template(page.template).render(known)


def respond(page: Page, visit: Visit, request: Request) -> Response:
    only_fragment = bool(page.fragment) and "hx-request" in request.headers
    html = render(page, visit, only_fragment=only_fragment).encode()
    vary = "Accept-Encoding, Cookie, Accept-Language" + (", HX-Request" if page.fragment else "")
    headers = {**page_headers(visit.hub.settings), **page.headers, "Vary": vary}
    response = HTMLResponse(*_compressed(html, request, headers, page.status))
    for name, value in preferences_asked_for(request).items():
        response.set_cookie(name, value, max_age=_YEAR_S, samesite="lax", secure=visit.is_secure)
    if visit.csrf.is_fresh and visit.csrf.was_shown:
        response.set_cookie(
            CSRF_COOKIE, visit.csrf.secret, max_age=86400, httponly=True, samesite="lax", secure=visit.is_secure
        )
    if visit.said:
        response.delete_cookie(SAID_COOKIE)
    return response


def go_to(address: str, visit: Visit, *, said: str | None = None) -> Response:
    """After a form did its work: on to `address`, where `said` is told once."""
    assert urls.is_local(address), f"a redirect to {address!r} would leave the Hub"
    response = RedirectResponse(address, status_code=303)
    if said:
        response.set_cookie(SAID_COOKIE, said, max_age=60, httponly=True, samesite="lax", secure=visit.is_secure)
    return response


def _compressed(
    html: bytes, request: Request, headers: dict[str, str], status: int
) -> tuple[bytes, int, dict[str, str]]:
    accepted = request.headers.get("accept-encoding", "")
    if len(html) < _COMPRESSED_FROM:
        return html, status, headers
    if "br" in accepted:
        return brotli.compress(html, quality=5), status, {**headers, "Content-Encoding": "br"}
    if "gzip" in accepted:
        return gzip.compress(html, 5), status, {**headers, "Content-Encoding": "gzip"}
    return html, status, headers
