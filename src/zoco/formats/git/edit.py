"""What does a tree become when some of its paths change? Only the folders on the way are read and rewritten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from zoco.core.errors import EntryNotFound, Unprocessable
from zoco.core.ids import EMPTY_TREE, Oid
from zoco.formats.git.objects import Kind, is_tree_mode, join_entries, raw_entries

Edit = tuple[int, Oid] | None
"""(mode, oid) of what the path holds from now on; None: nothing, whether it was a file or a folder."""

ReadTree = Callable[[Oid], bytes]
WriteObject = Callable[[Kind, bytes], Oid]

_Entries = dict[bytes, tuple[bytes, bytes, bytes]]


@dataclass(slots=True)
class _Node:
    """The edits at and below one path. `has_edit` tells «delete this» from «nothing here»."""

    has_edit: bool = False
    edit: Edit = None
    children: dict[str, _Node] = field(default_factory=dict)

    @property
    def only_deletes(self) -> bool:
        here = not self.has_edit or self.edit is None
        return here and all(child.only_deletes for child in self.children.values())

    def without_deletes(self) -> _Node:
        kept = {name: child.without_deletes() for name, child in self.children.items() if not child.only_deletes}
        return _Node(self.edit is not None, self.edit, kept)


def edit_tree(root: Oid | None, edits: Mapping[str, Edit], read: ReadTree, write: WriteObject) -> Oid:
    """The new root. Folders that lose their last entry vanish.

    Deleting comes before adding: `{"a": None, "a/b": …}` turns a file into a folder. Paths are trusted to be good
    (`problem_with_path`). Raises EntryNotFound when a deleted path is not there, and Unprocessable when a file would
    take the place of a folder or a folder that of a file.
    """
    edited = _edit_folder("", _gather(edits), root, read, write)
    return edited or write(Kind.TREE, b"")


def _gather(edits: Mapping[str, Edit]) -> _Node:
    top = _Node()
    for path, edit in edits.items():
        node = top
        for name in path.split("/"):
            node = node.children.setdefault(name, _Node())
        node.has_edit, node.edit = True, edit
    return top


def _edit_folder(at: str, node: _Node, oid: Oid | None, read: ReadTree, write: WriteObject) -> Oid | None:
    """None when nothing is left."""
    is_there = oid is not None and oid != EMPTY_TREE
    entries: _Entries = {entry[1]: entry for entry in raw_entries(read(oid))} if is_there and oid else {}
    for name, child in node.children.items():
        path = f"{at}/{name}" if at else name
        _edit_entry(path, name.encode(), child, entries, read, write)
    return write(Kind.TREE, join_entries(entries.values())) if entries else None


def _edit_entry(path: str, name: bytes, node: _Node, entries: _Entries, read: ReadTree, write: WriteObject) -> None:
    if node.has_edit and node.edit is None:
        if entries.pop(name, None) is None:
            raise EntryNotFound(path)
        if node.only_deletes:
            return  # what lies below is gone with it
        node = node.without_deletes()
    if node.children:
        _edit_below(path, name, node, entries, read, write)
    if node.edit is not None:
        if name in entries and is_tree_mode(entries[name][0]):
            raise Unprocessable(f"'{path}' is a folder: a file cannot take its place. Delete the folder first.")
        mode, oid = node.edit
        entries[name] = (b"%o" % mode, name, bytes.fromhex(oid))


def _edit_below(path: str, name: bytes, node: _Node, entries: _Entries, read: ReadTree, write: WriteObject) -> None:
    was = entries.get(name)
    if was is not None and not is_tree_mode(was[0]):
        if node.only_deletes:
            raise EntryNotFound(f"{path}/{next(iter(node.children))}")
        raise Unprocessable(f"'{path}' is a file: nothing can lie below it. Delete the file first.")
    oid = _edit_folder(path, node, Oid(was[2].hex()) if was else None, read, write)
    if oid is None:
        entries.pop(name, None)
    else:
        entries[name] = (b"40000", name, bytes.fromhex(oid))
