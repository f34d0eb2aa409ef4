"""Where is the page of …? Every address the pages link to is written here, percent-encoded."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from zoco.core.ids import RepoId, RepoType

HOME = "/"
SEARCH = "/search"
FULL_TEXT = "/search/full-text"
SUGGESTIONS = "/api/quicksearch"
TASKS = "/tasks"
LANGUAGES = "/languages"
JOIN = "/join"
LOGIN = "/login"
LOGOUT = "/logout"
SETUP = "/setup"
NEW_ORG = "/organizations/new"
PASSWORD = "/settings/account/password"  # noqa: S105 # a path
SESSIONS = "/settings/account/sessions"
PROFILE_SETTINGS = "/settings/profile"
ACCOUNT_SETTINGS = "/settings/account"
TOKENS = "/settings/tokens"
NEW_TOKEN = "/settings/tokens/new"  # noqa: S105 # a path
DEVICE = "/oauth/device"
DEVICE_CONSENT = "/oauth/device/consent"
OPENAPI = "/.well-known/openapi.json"
DOCS = "/docs"


def _segment(text: str) -> str:
    return quote(text, safe="")


def with_query(path: str, query: Mapping[str, str | list[str] | None]) -> str:
    pairs = [
        (name, one) for name, value in query.items() if value for one in (value if isinstance(value, list) else [value])
    ]
    return f"{path}?{urlencode(pairs, safe=',:/')}" if pairs else path


def profile(name: str) -> str:
    return f"/{_segment(name)}"


def org_members(name: str) -> str:
    return f"/organizations/{_segment(name)}/settings/members"


def org_member_removal(name: str) -> str:
    return f"{org_members(name)}/remove"


def org_settings(name: str) -> str:
    return f"/organizations/{_segment(name)}/settings/profile"


def token(id: int, verb: str) -> str:
    return f"{TOKENS}/{id}/{verb}"


def docs(page: str) -> str:
    return f"{DOCS}/hub/{_segment(page)}"


def new_repo(type: RepoType, owner: str | None = None) -> str:
    path = {RepoType.MODEL: "/new", RepoType.DATASET: "/new-dataset", RepoType.SPACE: "/new-space"}[type]
    return with_query(path, {"owner": owner})


def task(id: str) -> str:
    return f"{TASKS}/{_segment(id)}"


def listing(type: RepoType, **query: str | list[str] | None) -> str:
    return with_query(f"/{type.plural}", query)


def repo(id: RepoId, *tail: str) -> str:
    return "/" + "/".join([f"{id.type.prefix}{_segment(id.namespace)}", _segment(id.name), *tail])


def git(id: RepoId) -> str:
    return repo(id)


def _at(id: RepoId, verb: str, revision: str, path: str = "") -> str:
    return repo(id, verb, _segment(revision), *([quote(path)] if path else []))


def tree(id: RepoId, revision: str, path: str = "") -> str:
    return _at(id, "tree", revision, path)


def blob(id: RepoId, revision: str, path: str) -> str:
    return _at(id, "blob", revision, path)


def resolve(id: RepoId, revision: str, path: str, *, download: bool = False) -> str:
    return _at(id, "resolve", revision, path) + ("?download=true" if download else "")


def raw(id: RepoId, revision: str, path: str) -> str:
    return _at(id, "raw", revision, path)


def commits(id: RepoId, revision: str, path: str = "", page: int = 0) -> str:
    return with_query(_at(id, "commits", revision, path), {"p": str(page) if page else None})


def commit(id: RepoId, oid: str) -> str:
    return repo(id, "commit", oid)


def restore(id: RepoId, oid: str) -> str:
    return repo(id, "restore", oid)


def new_file(id: RepoId, revision: str, path: str = "") -> str:
    return _at(id, "new", revision, path)


def edit(id: RepoId, revision: str, path: str) -> str:
    return _at(id, "edit", revision, path)


def delete_file(id: RepoId, revision: str, path: str) -> str:
    return _at(id, "delete", revision, path)


def upload(id: RepoId, revision: str, path: str = "") -> str:
    return _at(id, "upload", revision, path)


def settings(id: RepoId, verb: str = "") -> str:
    return repo(id, "settings", *([verb] if verb else []))


def like(id: RepoId) -> str:
    return repo(id, "like")


def login(next: str | None = None) -> str:
    return with_query(LOGIN, {"next": next if next and next != HOME else None})


def is_local(address: str) -> bool:
    """Whether a redirect to it stays on this Hub: one slash first, and nothing a browser reads as another host."""
    return (
        address.startswith("/")
        and not address.startswith(("//", "/\\"))
        and not any(ord(sign) < 0x21 or sign == "\\" for sign in address)
    )
