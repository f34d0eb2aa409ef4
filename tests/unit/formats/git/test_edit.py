from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoco.core.errors import EntryNotFound, Unprocessable
from zoco.core.ids import EMPTY_TREE, Oid
from zoco.formats.git.edit import Edit, edit_tree
from zoco.formats.git.objects import Kind, hash_object, parse_tree


class Objects(dict[Oid, bytes]):
    def write(self, kind: Kind, data: bytes) -> Oid:
        oid = hash_object(kind, data)
        self[oid] = data
        return oid

    def edit(self, root: Oid | None, edits: dict[str, str | None]) -> Oid:
        made: dict[str, Edit] = {}
        for path, text in edits.items():
            made[path] = None if text is None else (0o100644, self.write(Kind.BLOB, text.encode()))
        return edit_tree(root, made, self.__getitem__, self.write)

    def files(self, root: Oid, at: str = "") -> dict[str, str]:
        found: dict[str, str] = {}
        for entry in parse_tree(self[root]):
            path = at + entry.name.decode()
            found |= self.files(entry.oid, f"{path}/") if entry.is_tree else {path: self[entry.oid].decode()}
        return found


def test_an_empty_tree_has_the_id_git_knows() -> None:
    assert Objects().edit(None, {}) == EMPTY_TREE


def test_folders_come_and_go_with_their_files() -> None:
    objects = Objects()
    first = objects.edit(None, {"a/b/c": "1", "a/d": "2", "e": "3"})
    assert objects.files(first) == {"a/b/c": "1", "a/d": "2", "e": "3"}
    second = objects.edit(first, {"a/b/c": None})
    assert objects.files(second) == {"a/d": "2", "e": "3"}
    assert [entry.name for entry in parse_tree(objects[second])] == [b"a", b"e"]
    assert objects.edit(second, {"a": None, "e": None}) == EMPTY_TREE


@pytest.mark.parametrize(
    ("edits", "files"),
    [
        ({"a": None, "a/x": "9"}, {"a/x": "9", "e": "3"}),
        ({"a": None, "a/b/c": None, "a/x": "9"}, {"a/x": "9", "e": "3"}),
        ({"e": None, "e/f": "9"}, {"a/b/c": "1", "a/d": "2", "e/f": "9"}),
        ({"a/b/c": None, "a/d": None, "a": "9"}, {"a": "9", "e": "3"}),
    ],
)
def test_deleting_comes_before_adding(edits: dict[str, str | None], files: dict[str, str]) -> None:
    objects = Objects()
    root = objects.edit(None, {"a/b/c": "1", "a/d": "2", "e": "3"})
    assert objects.files(objects.edit(root, edits)) == files


@pytest.mark.parametrize(
    ("edits", "error"),
    [
        ({"nope": None}, EntryNotFound),
        ({"a/nope/x": None}, EntryNotFound),
        ({"e/f": None}, EntryNotFound),
        ({"e/f": "1"}, Unprocessable),
        ({"a": "1"}, Unprocessable),
        ({"n": "1", "n/m": "2"}, Unprocessable),
        ({"a/d": None, "a": "1"}, Unprocessable),
    ],
)
def test_what_cannot_be_is_refused(edits: dict[str, str | None], error: type[Exception]) -> None:
    objects = Objects()
    root = objects.edit(None, {"a/b/c": "1", "a/d": "2", "e": "3"})
    with pytest.raises(error):
        objects.edit(root, edits)


_PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)


@given(
    before=st.dictionaries(_PATHS, st.just("1"), max_size=6),
    edits=st.dictionaries(_PATHS, st.sampled_from(["2", None]), max_size=5),
)
def test_editing_is_the_same_as_building_anew(before: dict[str, str], edits: dict[str, str | None]) -> None:
    """Whatever is accepted: the result has the very id of a tree made from nothing with those files."""
    objects = Objects()
    try:
        root = objects.edit(None, dict(before))
        after = objects.edit(root, edits)
    except (EntryNotFound, Unprocessable):
        return
    deleted = [path for path, text in edits.items() if text is None]
    left = {path: text for path, text in before.items() if not any(f"{path}/".startswith(f"{d}/") for d in deleted)}
    assert after == objects.edit(None, left | {path: text for path, text in edits.items() if text is not None})
