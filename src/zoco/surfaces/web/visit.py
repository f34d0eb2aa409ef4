"""Who is looking at the page, in which language and theme, and with which secret do their forms come back?"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.requests import Request

from zoco.adapters.clock import now_ms
from zoco.core.access import Actor
from zoco.hub.accounts.users import UserInfo, get_user
from zoco.surfaces.context import SESSION_COOKIE, client_address, endpoint_of, session_of
from zoco.surfaces.state import Hub, hub_of
from zoco.surfaces.threads import in_thread
from zoco.surfaces.web.i18n import Language, choose_language, languages

LANGUAGE_COOKIE = "zoco_lang"
THEME_COOKIE = "zoco_theme"
CSRF_COOKIE = "zoco_csrf"
SAID_COOKIE = "zoco_said"
VISIT_KEY = "zoco.visit"
"""Where a page leaves its visit in the request's scope, so that its error page knows who looks."""

THEMES = ("auto", "light", "dark")


class Csrf:
    """The secret a visitor's forms carry. Each page shows it under a fresh mask, since pages are compressed."""

    def __init__(self, secret: str, *, is_fresh: bool = False) -> None:
        self.secret = secret
        self.is_fresh = is_fresh
        self.was_shown = False

    def token(self) -> str:
        self.was_shown = True
        mask = secrets.token_bytes(len(self.secret.encode()))
        return urlsafe_b64encode(mask + _xor(mask, self.secret.encode())).decode()

    def accepts(self, token: str) -> bool:
        try:
            joined = urlsafe_b64decode(token.encode())
        except ValueError:
            return False
        half = len(joined) // 2
        return not self.is_fresh and hmac.compare_digest(_xor(joined[:half], joined[half:]), self.secret.encode())


@dataclass(frozen=True, slots=True)
class Visit:
    """`said` names what the last form did (`repo_created`), to be told once."""

    hub: Hub
    actor: Actor | None
    user: UserInfo | None
    language: Language
    theme: str
    csrf: Csrf
    endpoint: str
    path: str
    query: tuple[tuple[str, str], ...]
    address: str
    user_agent: str
    session_cookie: str | None
    said: str | None
    now_ms: int = field(default_factory=now_ms)

    @property
    def is_secure(self) -> bool:
        return self.endpoint.startswith("https://")

    @property
    def here(self) -> str:
        """This page's own address with its query, for coming back after signing in."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def here_with(self, name: str, value: str) -> str:
        return f"?{urlencode([*((k, v) for k, v in self.query if k not in {name, 'lang', 'theme'}), (name, value)])}"


async def visit_of(request: Request) -> Visit:
    hub = hub_of(request)
    signed_in = await session_of(request)
    user = await in_thread(get_user, hub.db, signed_in.actor.name) if signed_in else None
    cookies, query = request.cookies, request.query_params
    language = choose_language(
        query.get("lang"),
        cookies.get(LANGUAGE_COOKIE),
        user.language if user else None,
        accept=request.headers.get("accept-language", ""),
    )
    return Visit(
        hub=hub,
        actor=signed_in.actor if signed_in else None,
        user=user,
        language=language,
        theme=_theme(query.get("theme"), cookies.get(THEME_COOKIE), user.theme if user else None),
        csrf=_csrf(signed_in.session.csrf if signed_in else None, cookies.get(CSRF_COOKIE)),
        endpoint=endpoint_of(request),
        path=_path(request),
        query=tuple(query.multi_items()),
        address=client_address(request),
        user_agent=request.headers.get("user-agent", "")[:400],
        session_cookie=cookies.get(SESSION_COOKIE),
        said=cookies.get(SAID_COOKIE),
    )


def preferences_asked_for(request: Request) -> dict[str, str]:
    """Cookies to set because the address chose a language or a theme."""
    asked = {}
    if (code := request.query_params.get("lang")) in languages():
        asked[LANGUAGE_COOKIE] = str(code)
    if (theme := request.query_params.get("theme")) in THEMES:
        asked[THEME_COOKIE] = str(theme)
    return asked


def _path(request: Request) -> str:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return raw.split(b"?", 1)[0].decode("latin-1")


def _theme(*preferences: str | None) -> str:
    return next((theme for theme in preferences if theme in THEMES), "auto")


def _csrf(of_session: str | None, of_cookie: str | None) -> Csrf:
    if of_session:
        return Csrf(of_session)
    if of_cookie and 20 <= len(of_cookie) <= 100:
        return Csrf(of_cookie)
    return Csrf(secrets.token_urlsafe(24), is_fresh=True)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))
