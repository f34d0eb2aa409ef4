"""What do the fields of a card hold, whatever their authors wrote there? Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from zoco.formats.cards.languages import is_language, is_language_tag
from zoco.formats.cards.libraries import FORMATS, LIBRARIES, library_id
from zoco.formats.cards.tags import Tag, TagKind
from zoco.formats.cards.validate import RELATIONS

Json = Mapping[str, Any]  # Any: somebody's JSON or YAML

WORD_LENGTH_MAX = 290

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ARXIV = re.compile(
    r"arxiv\.org/(?:abs|pdf|html)/(\d{4}\.\d{4,5})|huggingface\.co/papers/(\d{4}\.\d{4,5})", re.IGNORECASE
)
_ARXIV_ID = re.compile(r"(?:arxiv:)?(\d{4}\.\d{4,5})(?:v\d+)?", re.IGNORECASE)
_DOI_ID = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}/\S{1,200})", re.IGNORECASE)
_REPO_NAME = re.compile(r"\w[\w.-]{0,95}(?:/\w[\w.-]{0,95})?", re.ASCII)


def words(value: Any) -> list[str]:  # Any: a string, a list, or whatever the author wrote
    """Words of a field that may hold one or several; numbers count as written, other things do not."""
    items = value if isinstance(value, list) else [value]
    found = [str(item).strip() for item in items if isinstance(item, (str, int, float)) and not isinstance(item, bool)]
    return [word for word in found if word]


def licenses(data: Json) -> Iterator[str]:
    yield from (name.lower()[:64] for name in words(data.get("license")))


def says_languages(data: Json) -> bool:
    """Then a bare `da` among its tags is a free word. Also where what is said there is no code."""
    return data.get("language") not in (None, "", [])


def languages(data: Json) -> Iterator[str]:
    """Those the card says under `language:`; where it says nothing there, the codes among its tags."""
    if says_languages(data):
        return _said_languages(data)
    return (word for word in words(data.get("tags")) if is_language_tag(word))


def _said_languages(data: Json) -> Iterator[str]:
    said = data.get("language")
    # tools that read YAML 1.1 write `no` back as `false`: no other language can be meant
    codes = ["no" if code is False else code for code in (said if isinstance(said, list) else [said])]
    for code in words(codes):
        base, *rest = re.split("([-_])", code, maxsplit=1)
        if is_language(written := "".join((base.lower(), *rest))):
            yield written


def papers(data: Json, body: str) -> Iterator[Tag]:
    """arXiv and DOI identifiers that the card names in its fields or links in its text."""
    for field, kind, pattern in (("arxiv", TagKind.ARXIV, _ARXIV_ID), ("doi", TagKind.DOI, _DOI_ID)):
        named = (pattern.fullmatch(word) for word in words(data.get(field)))
        yield from (Tag(kind, found[1]) for found in named if found)
    yield from (Tag(TagKind.ARXIV, found[1] or found[2]) for found in _ARXIV.finditer(body))


def named_library(data: Json) -> str | None:
    """Said by the card, else the first that its tags name. What only says how weights are stored is none."""
    said = data.get("library_name")
    if isinstance(said, str) and said.strip():
        return library_id(said)[:64]
    found = (library_id(word) for word in words(data.get("tags")))
    return next((word for word in found if word in LIBRARIES and word not in FORMATS), None)


def base_models(data: Json, config: Json | None = None) -> list[str]:
    """What the card says, else what the adapter's own file names. Folders of their author's disk are left out."""
    if said := words(data.get("base_model")):
        return [name for name in said if _REPO_NAME.fullmatch(name)]
    adapter = (config or {}).get("peft")
    named = adapter.get("base_model_name_or_path") if isinstance(adapter, dict) else None
    return [named] if isinstance(named, str) and _REPO_NAME.fullmatch(named) else []


def base_model_relation(data: Json, library: str | None, paths: Collection[str] = ()) -> str:
    """How this model came from its base: said by the card, or to be seen from its files."""
    said = data.get("base_model_relation")
    if said in RELATIONS:
        return str(said)
    if library in ("peft", "adapter-transformers") or "adapter_config.json" in paths:
        return "adapter"
    free = words(data.get("tags"))
    if len(base_models(data)) > 1 or "merge" in free or "mergekit" in free:
        return "merge"
    if library == "gguf" or any(path.endswith(".gguf") for path in paths) or "quantize_config.json" in paths:
        return "quantized"
    return "finetune"
