"""Which HTTP status an error is: decided here, once."""

from __future__ import annotations

from zoco.core import errors as e

STATUS: dict[type[e.HubError], int] = {
    e.NotAuthenticated: 401,
    e.Denied: 403,
    e.NotFound: 404,
    e.Moved: 307,
    e.Conflict: 409,
    e.StaleParent: 412,
    e.TooLarge: 413,
    e.BadRange: 416,
    e.Invalid: 400,
    e.Unprocessable: 422,
    e.RateLimited: 429,
    e.NotOffered: 501,
    e.Unavailable: 503,
    e.StoreFull: 507,  # git-lfs and huggingface_hub show its text at once, hf-xet its name after five tries
    e.HubError: 500,
}


def status_of(error: e.HubError) -> int:
    """Status of the closest ancestor in the table; who is not signed in gets 401 where signing in may help."""
    if isinstance(error, e.RepoNotFound | e.GatedRepo) and not error.signed_in:
        return 401
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def error_headers(error: e.HubError) -> dict[str, str]:
    """Headers every wire's error carries: HEAD answers have nothing else to say what went wrong."""
    headers = {"X-Error-Message": ascii_header(error.message)}
    if error.code:
        headers["X-Error-Code"] = error.code
    if isinstance(error, e.EntryNotFound) and error.commit:
        headers["X-Repo-Commit"] = error.commit  # lets clients cache that the file is absent
    if isinstance(error, e.BadRange):
        headers["Content-Range"] = f"bytes */{error.size_bytes}"
    if isinstance(error, e.RateLimited):
        headers["Retry-After"] = str(error.reset_s)
    if isinstance(error, e.Unavailable) and not isinstance(error, e.StoreFull):
        headers["Retry-After"] = "2"
    return headers


def ascii_header(text: str, length_max: int = 1000) -> str:
    """Header values are ASCII without line breaks: anything else is escaped as Python writes it."""
    return text[:length_max].encode("unicode_escape").decode("ascii")
