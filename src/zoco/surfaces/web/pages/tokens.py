"""Access tokens: the list, a new one shown once, rename, refresh, delete."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from zoco.core.access import Access, Grants, TokenRole
from zoco.core.errors import AlreadyExists, Invalid
from zoco.core.ids import RepoType, name_key
from zoco.hub.accounts.tokens import TokenInfo, create_token, delete_token, list_tokens, refresh_token, rename_token
from zoco.surfaces.web import urls
from zoco.surfaces.web.forms import Filled, Form
from zoco.surfaces.web.pages.account import signed_in
from zoco.surfaces.web.pages.owners import owners_of
from zoco.surfaces.web.render import Page, go_to
from zoco.surfaces.web.said import in_words
from zoco.surfaces.web.serve import acts, shows
from zoco.surfaces.web.visit import Visit

DAY_MS = 86_400_000
LIFETIMES_DAYS = (30, 90, 365)
REPOS_MAX = 50
_LEVELS = {"read": Access.READ, "write": Access.WRITE, "admin": Access.ADMIN}


@dataclass(frozen=True, slots=True)
class TokensContext:
    tokens: tuple[TokenInfo, ...]


@dataclass(frozen=True, slots=True)
class NewTokenContext:
    """`owners`: names of the namespaces a fine-grained token may reach."""

    role: str
    owners: tuple[str, ...]
    form: Filled = field(default_factory=Filled)
    levels: tuple[str, ...] = ("read", "write", "admin")
    lifetimes_days: tuple[int, ...] = LIFETIMES_DAYS


@dataclass(frozen=True, slots=True)
class SecretContext:
    token: TokenInfo
    secret: str
    is_new: bool


def show_tokens(visit: Visit, _request: Request) -> Page:
    _, user = signed_in(visit)
    return Page("account/tokens.html", TokensContext(tuple(list_tokens(visit.hub.db, user.id))))


def show_new(visit: Visit, request: Request) -> Page:
    actor, _ = signed_in(visit)
    role = _role(request.query_params.get("tokenType", ""))
    return Page("account/token_new.html", NewTokenContext(role.value, owners_of(visit.hub.db, actor)))


def create(visit: Visit, _request: Request, form: Form) -> Page | Response:
    actor, user = signed_in(visit)
    role, days = _role(form["role"]), form["days"]
    try:
        grants = _grants(form) if role is TokenRole.FINE_GRAINED else None
        expires = visit.now_ms + int(days) * DAY_MS if days in map(str, LIFETIMES_DAYS) else None
        token, secret = create_token(visit.hub.db, user.id, form["name"], role, grants=grants, expires_at_ms=expires)
    except (Invalid, AlreadyExists) as error:
        where = "name" if "name" in error.message else "repos" if "'" in error.message else ""
        owners = owners_of(visit.hub.db, actor)
        filled = Filled(form.typed(), {where: in_words(visit.language, error)})
        return Page("account/token_new.html", NewTokenContext(role.value, owners, filled), status=422)
    return _shown_once(SecretContext(token, secret, is_new=True))


def refresh(visit: Visit, request: Request, _form: Form) -> Page | Response:
    _, user = signed_in(visit)
    token, secret = refresh_token(visit.hub.db, user.id, _id(request))
    return _shown_once(SecretContext(token, secret, is_new=False))


def rename(visit: Visit, request: Request, form: Form) -> Page | Response:
    _, user = signed_in(visit)
    rename_token(visit.hub.db, user.id, _id(request), form["name"])
    return go_to(urls.TOKENS, visit, said="token_renamed")


def delete(visit: Visit, request: Request, _form: Form) -> Page | Response:
    _, user = signed_in(visit)
    delete_token(visit.hub.db, user.id, _id(request))
    return go_to(urls.TOKENS, visit, said="token_deleted")


def _shown_once(context: SecretContext) -> Page:
    return Page("account/token_shown.html", context, headers={"Cache-Control": "no-store"})


def _role(text: str) -> TokenRole:
    return next((role for role in TokenRole if role.value == text), TokenRole.READ)


def _grants(form: Form) -> Grants:
    """From `owner:NAME` and `everywhere` selects, and lines `type/owner/name read`. Raises Invalid."""
    namespaces = {
        name_key(name.removeprefix("owner:")): _LEVELS[form[name]]
        for name in form.fields
        if name.startswith("owner:") and form[name] in _LEVELS
    }
    repos = dict(_repo_line(line) for line in form["repos"].splitlines()[:REPOS_MAX] if line.strip())
    everywhere = Access.READ if form["everywhere"] == "read" else Access.NONE
    if not (namespaces or repos or everywhere):
        raise Invalid("A fine-grained token needs its permissions, and only a fine-grained one has any.")
    return Grants(everywhere, namespaces, repos, can_manage_account=form.ticked("account"))


def _repo_line(line: str) -> tuple[str, Access]:
    path, _, level = line.strip().partition(" ")
    path = path.strip("/").lower()
    for type in (RepoType.DATASET, RepoType.SPACE):
        if path.startswith(type.prefix):
            path = f"{type.value}/{path.removeprefix(type.prefix)}"
    if path.count("/") == 1:
        path = f"model/{path}"
    return path, _LEVELS.get(level.strip() or "read", Access.READ)


def _id(request: Request) -> int:
    text = request.path_params["id"]
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid("This is not a token.")
    return int(text)


routes: list[BaseRoute] = [
    shows(urls.TOKENS, show_tokens),
    shows(urls.NEW_TOKEN, show_new),
    acts(urls.NEW_TOKEN, create),
    acts(urls.TOKENS + "/{id:seg}/rename", rename),
    acts(urls.TOKENS + "/{id:seg}/refresh", refresh),
    acts(urls.TOKENS + "/{id:seg}/delete", delete),
]
