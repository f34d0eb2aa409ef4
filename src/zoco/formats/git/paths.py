"""May a file be called so? Paths as git stores them and every checkout can bear them."""

from __future__ import annotations

import re

PATH_BYTES_MAX = 4096
NAME_BYTES_MAX = 255
DEPTH_MAX = 200

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# HFS+ ignores these code points when it compares names (git's `next_hfs_char`)
_IGNORED_BY_HFS = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
# NTFS drops trailing dots and spaces, and takes `:` for a stream of the file before it
_NTFS_GIT = re.compile(r"(?:\.git|git~[0-9]+)[ .]*(?::.*)?", re.IGNORECASE)


def problem_with_path(path: str) -> str | None:
    """Why no file of a repository may have this path, or None."""
    if not path:
        return "a path is needed"
    shown = _shown(path)
    try:
        raw = path.encode()
    except UnicodeEncodeError:
        return f"path {shown} is not valid Unicode"
    if len(raw) > PATH_BYTES_MAX:
        return f"path {shown} has more than {PATH_BYTES_MAX} bytes"
    if path.startswith("/"):
        return f"path {shown} must be relative: it begins with '/'"
    names = path.split("/")
    if len(names) > DEPTH_MAX:
        return f"path {shown} is nested deeper than {DEPTH_MAX} folders"
    for name in names:
        if problem := _problem_with_name(name):
            return f"path {shown} {problem}"
    return None


def is_dot_git(name: str) -> bool:
    """True for every spelling that some file system takes for `.git`."""
    return _NTFS_GIT.fullmatch(_IGNORED_BY_HFS.sub("", name)) is not None


def _problem_with_name(name: str) -> str | None:
    if not name:
        return "has an empty part: check for '//' and a trailing '/'"
    if name in (".", ".."):
        return f"must not have '{name}' as a part"
    if "\\" in name:
        return "holds a backslash: separate folders with '/'"
    if _CONTROL.search(name):
        return "holds a control character"
    if len(name.encode()) > NAME_BYTES_MAX:
        return f"has a part of more than {NAME_BYTES_MAX} bytes"
    if is_dot_git(name):
        return "must not have '.git' as a part, in any spelling"
    return None


def _shown(path: str) -> str:
    """Short and printable, for a message."""
    return ascii(path if len(path) <= 120 else f"{path[:117]}...")
