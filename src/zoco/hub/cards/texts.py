"""Which text of a repository is searched? The prose of its README, and of a Space the program it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zoco.core.errors import Invalid
from zoco.core.ids import EMPTY_TREE, Oid, RepoType
from zoco.formats.cards.card_yaml import text_for_json
from zoco.formats.cards.front_matter import split
from zoco.formats.cards.plain_text import one_line, plain_text
from zoco.formats.git.objects import TreeEntry
from zoco.formats.lfs.pointer import parse_pointer
from zoco.hub.cards.card import Card
from zoco.hub.cards.ranges import Objects

README = "README.md"
FILE_SIZE_MAX = 2_000_000
PROGRAM_SIZE_MAX = 100_000
PATH_LENGTH_MAX = 500
DEPTH_MAX = 20
_USUAL_PROGRAM = {"static": "index.html"}


@dataclass(frozen=True, slots=True)
class CardText:
    """Plain, on one line. `program_path` is empty where there is no program."""

    prose: str = ""
    program: str = ""
    program_path: str = ""


def text_at(objects: Objects, commit: Oid, repo_type: RepoType, card: Card) -> CardText:
    root = objects.commit(commit).tree
    readme = _read(objects, root, README)
    prose = plain_text(split(readme).body) if readme else ""
    if repo_type is not RepoType.SPACE:
        return CardText(prose)
    path = _program_path(card.data.get("app_file"), card.data.get("sdk"))
    program = _read(objects, root, path) if path else None
    if not program:
        return CardText(prose)
    return CardText(prose, one_line(program, PROGRAM_SIZE_MAX), path)


def _program_path(said: Any, sdk: Any) -> str:  # Any: whatever the author wrote
    if isinstance(said, str) and 0 < len(said) <= PATH_LENGTH_MAX:
        return said.strip("/")
    return _USUAL_PROGRAM.get(sdk, "app.py") if isinstance(sdk, str) else ""


def _read(objects: Objects, root: Oid, path: str) -> str | None:
    entry = _entry(objects, root, path)
    if entry is None or objects.header(entry.oid)[1] > FILE_SIZE_MAX:
        return None
    data = objects.read(entry.oid)[1]
    return None if _is_pointer(data) else text_for_json(data.decode("utf-8", "replace"))


def _is_pointer(data: bytes) -> bool:
    try:
        return parse_pointer(data) is not None
    except Invalid:
        return True  # a broken one


def _entry(objects: Objects, root: Oid, path: str) -> TreeEntry | None:
    """The file; None for what is none."""
    *folders, name = path.split("/")
    tree: Oid | None = root
    for folder in folders[:DEPTH_MAX]:
        inner = _named(objects, tree, folder)
        tree = inner.oid if inner and inner.is_tree else None
    found = _named(objects, tree, name) if len(folders) <= DEPTH_MAX else None
    return found if found and found.is_blob else None


def _named(objects: Objects, tree: Oid | None, name: str) -> TreeEntry | None:
    entries = objects.tree(tree) if tree and tree != EMPTY_TREE else []
    return next((one for one in entries if one.name == name.encode()), None)
