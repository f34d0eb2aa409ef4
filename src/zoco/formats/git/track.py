"""What must .gitattributes say so that git treats these paths as LFS files? An LFS file without a rule would be checked
out as its pointer."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from zoco.formats.git.attributes import Attributes

GROUPED_FROM = 50
"""So many files of one folder and ending share a rule."""

_LFS = "filter=lfs diff=lfs merge=lfs -text"


def tracked(text: str, paths: Iterable[str]) -> str | None:
    """`text` with a rule for every path that has none. None when nothing is missing."""
    rules = Attributes(text)
    missing = [path for path in dict.fromkeys(paths) if not rules.is_lfs(path)]
    present = set(text.split("\n"))
    lines = [line for line in (f"{pattern} {_LFS}" for pattern in _patterns(missing)) if line not in present]
    if not lines:
        return None
    return (f"{text}\n" if text and not text.endswith("\n") else text) + "".join(f"{line}\n" for line in lines)


def _patterns(paths: Iterable[str]) -> list[str]:
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in paths:
        folder, _, name = path.rpartition("/")
        stem, dot, ending = name.rpartition(".")
        groups[folder, ending if stem and dot else ""].append(path)
    patterns = []
    for (folder, ending), members in groups.items():
        if ending and len(members) >= GROUPED_FROM:
            inside = f"/{_escaped(folder)}/" if folder else "/"
            patterns.append(f"{inside}*.{_escaped(ending)}")
        else:
            patterns += [f"/{_escaped(path)}" for path in members]
    return patterns


def _escaped(path: str) -> str:
    """The slash in front keeps `#`, `!` and `"` from their special meaning; spaces as git-lfs writes them."""
    return re.sub(r"([*?\[])", r"\\\1", path).replace(" ", "[[:space:]]")
