"""May a ref be called so? The rules of git-check-ref-format."""

from __future__ import annotations

import re

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
REF_BYTES_MAX = 1024

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]")


def branch_ref(name: str) -> str:
    return BRANCHES + name


def tag_ref(name: str) -> str:
    return TAGS + name


def problem_with_ref(name: str) -> str | None:
    """Why a ref may not have this full name (`refs/…`), or None."""
    shown = ascii(name if len(name) <= 120 else f"{name[:117]}...")
    if not name.startswith("refs/") or name.count("/") < 2:
        return f"ref {shown} must begin with refs/heads/ or refs/tags/"
    try:
        if len(name.encode()) > REF_BYTES_MAX:
            return f"ref {shown} has more than {REF_BYTES_MAX} bytes"
    except UnicodeEncodeError:
        return f"ref {shown} is not valid Unicode"
    if problem := _problem(name):
        return f"ref {shown} {problem}"
    return None


def _problem(name: str) -> str | None:
    if found := _FORBIDDEN.search(name):
        return f"must not hold {found[0]!a}"
    if ".." in name:
        return "must not hold '..'"
    if "@{" in name:
        return "must not hold '@{'"
    if name.endswith("."):
        return "must not end with '.'"
    for part in name.split("/"):
        if not part:
            return "must not have an empty part"
        if part.startswith("."):
            return "must not have a part that begins with '.'"
        if part.endswith(".lock"):
            return "must not have a part that ends with '.lock'"
    if name.startswith(BRANCHES + "-"):
        return "must not begin with '-'"
    if name == f"{BRANCHES}HEAD":
        return "must not be called HEAD"
    return None
