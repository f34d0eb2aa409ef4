"""What can be asked of the list of repositories? Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from zoco.core.errors import Invalid
from zoco.core.ids import NAME_LENGTH_MAX, RepoType
from zoco.formats.cards.tags import Tag

PAGE_SIZE_MAX = 1000
PAGE_SIZE_MAX_WITH_FILES = 100
"""Where each item of a page makes its repository be opened."""


FULL_NAME_LENGTH_MAX = 2 * NAME_LENGTH_MAX + 1


class Sort(StrEnum):
    TRENDING = "trending"
    CREATED = "created"
    MODIFIED = "modified"
    DOWNLOADS = "downloads"
    LIKES = "likes"
    NAME = "name"
    PARAMETERS = "parameters"


class Want(StrEnum):
    """Parts of a RepoInfo that cost more than its row."""

    SIBLINGS = "siblings"
    SIZES = "sizes"
    """sizes and LFS facts of the siblings"""
    SAFETENSORS = "safetensors"
    USED_STORAGE = "used_storage"
    LINKED = "linked"
    """the Spaces, models and datasets it is tied to"""
    CHILDREN = "children"
    """how many models were made from it"""


@dataclass(frozen=True, slots=True)
class Query:
    """`tags`, `filters` and the lists of words all hold at once (AND). `type` None means any.

    `tags` are of a kind; `filters` are words as clients and addresses write them, which may mean tags of several kinds.
    `sort` None: what fits the searched text best, then what is trending. `cursor` continues a list; `skip` is for
    numbered pages. Both may not be given together.
    """

    type: RepoType | None = None
    tags: tuple[Tag, ...] = ()
    filters: tuple[str, ...] = ()
    author: str | None = None
    search: tuple[str, ...] = ()
    sort: Sort | None = None
    ascending: bool = False
    limit: int = 30
    cursor: str | None = None
    skip: int = 0
    gated: bool | None = None
    pipeline_tag: str | None = None
    other: tuple[str, ...] = ()
    linked_models: tuple[str, ...] = ()
    linked_datasets: tuple[str, ...] = ()
    """Spaces whose card names these"""
    parameters_min: int | None = None
    parameters_max: int | None = None
    """only models whose number of parameters is known and within these, both included"""
    apps: tuple[str, ...] = ()
    """only models that each of these programs can run (`LOCAL_APPS`)"""
    needs_inference: bool = False
    """only models that some inference provider serves: none does here yet"""
    want: frozenset[Want] = frozenset()

    @property
    def page_size(self) -> int:
        has_files = self.want & {Want.SIBLINGS, Want.SIZES, Want.SAFETENSORS}
        return max(1, min(self.limit, PAGE_SIZE_MAX_WITH_FILES if has_files else PAGE_SIZE_MAX))


_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)([KMBT]?)", re.IGNORECASE)
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}


def parameters_between(text: str) -> tuple[int | None, int | None]:
    """The bounds in `min:6B,max:128B`, either of which may be missing. Raises Invalid."""
    bounds: dict[str, int] = {}
    for part in filter(None, text.replace(" ", "").split(",")):
        name, _, amount = part.partition(":")
        found = _AMOUNT.fullmatch(amount)
        if name not in ("min", "max") or found is None:
            raise Invalid("num_parameters must be written like min:6B,max:128B (K, M, B and T are the units)")
        bounds[name] = int(Decimal(found[1]) * _UNITS[found[2].upper()])
    return bounds.get("min"), bounds.get("max")
