"""What kind of thing is a tag, and how is it written? `es` is a language here and a free word there: the kind decides.

The API prints the tags of a repository in one list of words. Models print most kinds bare (`es`, `transformers`,
`text-generation`), datasets with the kind before a colon (`language:es`): so the kind is kept beside the value, and a
filter by language never finds a free word that looks like one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from zoco.core.ids import RepoType


class TagKind(StrEnum):
    """The values are stored and are terms of the catalogue: they do not change."""

    TASK = "task"
    LIBRARY = "library"
    LANGUAGE = "language"
    LICENSE = "license"
    DATASET = "dataset"
    ARXIV = "arxiv"
    DOI = "doi"
    BASE_MODEL = "base_model"
    """`owner/name`, and once more with its relation before it: `finetune:owner/name`"""
    REGION = "region"
    SDK = "sdk"
    MODALITY = "modality"
    FORMAT = "format"
    SIZE = "size"
    TASK_ID = "task_id"
    OTHER = "other"
    """a free word, or `key:value` of a kind that has no facet: printed as it is"""


class Tag(NamedTuple):
    kind: TagKind
    value: str

    def printed(self, repo_type: RepoType) -> str:
        """As it stands in the list of tags of a repository of this type."""
        prefix = _PREFIXES[repo_type].get(self.kind, "")
        return prefix + self.value


_EVERYWHERE = {
    TagKind.LICENSE: "license:",
    TagKind.DATASET: "dataset:",
    TagKind.ARXIV: "arxiv:",
    TagKind.DOI: "doi:",
    TagKind.BASE_MODEL: "base_model:",
    TagKind.REGION: "region:",
}
_PREFIXES = {
    RepoType.MODEL: _EVERYWHERE,
    RepoType.DATASET: {
        **_EVERYWHERE,
        TagKind.TASK: "task_categories:",
        TagKind.TASK_ID: "task_ids:",
        TagKind.LANGUAGE: "language:",
        TagKind.LIBRARY: "library:",
        TagKind.MODALITY: "modality:",
        TagKind.FORMAT: "format:",
        TagKind.SIZE: "size_categories:",
    },
    RepoType.SPACE: _EVERYWHERE,
}


def tag_printed_as(word: str, repo_type: RepoType) -> Tag | None:
    """The tag whose printed form this is: authors copy `license:mit` or `region:us` out of the API into their cards.
    None for a bare word, and for a prefix that lists of this type of repository do not have."""
    before, colon, value = word.partition(":")
    kind = _KINDS_PRINTED[repo_type].get(f"{before}:") if colon and value.strip() else None
    return Tag(kind, value.strip()) if kind else None


_KINDS_PRINTED = {
    repo_type: {prefix: kind for kind, prefix in prefixes.items()} for repo_type, prefixes in _PREFIXES.items()
}

KIND_WORDS = {
    "task": TagKind.TASK,
    "tasks": TagKind.TASK,
    "pipeline_tag": TagKind.TASK,
    "task_categories": TagKind.TASK,
    "task_ids": TagKind.TASK_ID,
    "library": TagKind.LIBRARY,
    "language": TagKind.LANGUAGE,
    "license": TagKind.LICENSE,
    "dataset": TagKind.DATASET,
    "arxiv": TagKind.ARXIV,
    "doi": TagKind.DOI,
    "base_model": TagKind.BASE_MODEL,
    "region": TagKind.REGION,
    "sdk": TagKind.SDK,
    "modality": TagKind.MODALITY,
    "format": TagKind.FORMAT,
    "size_categories": TagKind.SIZE,
    "other": TagKind.OTHER,
    "tag": TagKind.OTHER,
    "tags": TagKind.OTHER,
}
"""What stands before the colon of a filter, and names a parameter of a list."""

_BARE = (TagKind.TASK, TagKind.LIBRARY, TagKind.LANGUAGE, TagKind.SDK, TagKind.OTHER, TagKind.LICENSE)
_BARE_DATASET = (*_BARE, TagKind.SIZE, TagKind.FORMAT, TagKind.MODALITY, TagKind.TASK_ID)


def tags_meant(word: str, repo_type: RepoType | None) -> list[Tag]:
    """The tags any of which fulfils a filter: `es` may be a language or a free word, `language:es` only the former.

    Clients and older addresses write both forms for every type of repository.
    """
    kind_word, colon, value = word.partition(":")
    kind = KIND_WORDS.get(kind_word) if colon and value else None
    if kind is not None:
        also = [Tag(TagKind.OTHER, word)] if kind is not TagKind.OTHER else []
        return [Tag(kind, value), *also]
    kinds = _BARE if repo_type is RepoType.MODEL or colon else _BARE_DATASET
    return [Tag(kind, word) for kind in kinds]
