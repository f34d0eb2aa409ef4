"""Which fields of a repository the API shows, by type: their names on the wire, their values, what they cost.

The same table serves a repository's info, the lists, and `expand`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from zoco.core.access import Gated
from zoco.core.errors import Invalid
from zoco.core.ids import RepoType
from zoco.hub.catalog.info import RepoInfo, Sibling
from zoco.hub.catalog.query import Want
from zoco.surfaces.hub_api.replies import iso

Json = dict[str, Any]  # Any: JSON

MISSING: Any = object()
"""A field that this repository does not have is left out, not null."""


@dataclass(frozen=True, slots=True)
class Field:
    value: Callable[[RepoInfo], Any]  # Any: JSON, or MISSING
    wants: frozenset[Want] = frozenset()


def _or_missing(value: Any) -> Any:  # Any: JSON
    return MISSING if value is None else value


def _gated(info: RepoInfo) -> bool | str:
    return False if info.gated is Gated.OPEN else info.gated.value


def _siblings(info: RepoInfo) -> Any:  # Any: JSON, or MISSING
    if info.siblings is None:
        return MISSING
    return [_sibling(sibling) for sibling in info.siblings]


def _sibling(sibling: Sibling) -> Json:
    """Sizes are there when `blobs=true` asked for them. LFS's hash is `sha256` here and `oid` in a tree."""
    shown: Json = {"rfilename": sibling.path}
    if sibling.size is not None:
        shown |= {"size": sibling.size, "blobId": sibling.oid}
    if sibling.lfs is not None:
        shown["lfs"] = {
            "sha256": sibling.lfs.sha256,
            "size": sibling.lfs.size,
            "pointerSize": sibling.lfs.pointer_size,
        }
    return shown


def _transformers(info: RepoInfo) -> Any:  # Any: JSON, or MISSING
    if (known := info.transformers) is None:
        return MISSING
    shown = {
        "auto_model": known.auto_model,
        "pipeline_tag": known.pipeline_tag,
        "processor": known.processor,
        "custom_class": known.custom_class,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _safetensors(info: RepoInfo) -> Any:  # Any: JSON, or MISSING
    if info.safetensors is None:
        return MISSING
    return {"parameters": info.safetensors.parameters, "total": info.safetensors.total}


def _base_models(info: RepoInfo) -> Any:  # Any: JSON, or MISSING
    if not info.base_models:
        return MISSING
    return {"relation": info.base_models[0].relation, "models": [{"id": base.id} for base in info.base_models]}


def _widget(info: RepoInfo) -> Any:  # Any: JSON, or MISSING
    return _or_missing(info.widget)


def subdomain(info: RepoInfo) -> str:
    word = f"{info.id.namespace}-{info.id.name}".lower()
    return "".join(char if char.isalnum() else "-" for char in word)


def _runtime(_info: RepoInfo) -> Json:
    """No Space runs here yet, and this says so."""
    return {
        "stage": "STOPPED",
        "hardware": {"current": None, "requested": None},
        "storage": None,
        "gcTimeout": None,
        "replicas": {"current": 0, "requested": 0},
    }


def _listed(values: Iterable[str] | None) -> Any:  # Any: JSON, or MISSING
    return MISSING if values is None else list(values)


_NOTHING = Field(lambda _info: MISSING)
_LINKED = frozenset({Want.LINKED})

_EVERYWHERE: Mapping[str, Field] = {
    "author": Field(lambda info: info.id.namespace),
    "cardData": Field(lambda info: info.card or MISSING),
    "createdAt": Field(lambda info: iso(info.created_at_ms)),
    "disabled": Field(lambda info: info.disabled),
    "lastModified": Field(lambda info: iso(info.updated_at_ms)),
    "likes": Field(lambda info: info.likes),
    "private": Field(lambda info: info.is_private),
    "resourceGroup": _NOTHING,
    "sha": Field(lambda info: _or_missing(info.head)),
    "siblings": Field(_siblings, frozenset({Want.SIBLINGS})),
    "tags": Field(lambda info: list(info.tags)),
    "trendingScore": Field(lambda info: info.trending_score),
    "usedStorage": Field(lambda info: _or_missing(info.used_storage), frozenset({Want.USED_STORAGE})),
}

_DOWNLOADED: Mapping[str, Field] = {
    "downloads": Field(lambda info: info.downloads),
    "downloadsAllTime": Field(lambda info: info.downloads_all_time),
    "gated": Field(_gated),
}

_OF_MODELS: Mapping[str, Field] = {
    "baseModels": Field(_base_models),
    "childrenModelCount": Field(lambda info: _or_missing(info.children_count), frozenset({Want.CHILDREN})),
    "config": Field(lambda info: _or_missing(info.config)),
    "evalResults": Field(lambda info: list(info.eval_results) or MISSING),
    "gguf": Field(lambda info: _or_missing(info.gguf)),
    "inference": _NOTHING,
    "inferenceProviderMapping": Field(lambda _info: []),
    "library_name": Field(lambda info: _or_missing(info.library_name)),
    "mask_token": Field(lambda info: _or_missing(info.mask_token)),
    "model-index": Field(lambda info: _or_missing(info.model_index)),
    "pipeline_tag": Field(lambda info: _or_missing(info.pipeline_tag)),
    "safetensors": Field(_safetensors, frozenset({Want.SAFETENSORS})),
    "spaces": Field(lambda info: _listed(info.spaces), _LINKED),
    "transformersInfo": Field(_transformers),
    "widgetData": Field(_widget),
}

_OF_DATASETS: Mapping[str, Field] = {
    "citation": _NOTHING,
    "description": Field(lambda info: info.description or MISSING),
    "mainSize": Field(lambda info: _or_missing(info.main_size), frozenset({Want.SIZES})),
    "paperswithcode_id": Field(lambda info: _or_missing((info.card or {}).get("paperswithcode_id"))),
}

_OF_SPACES: Mapping[str, Field] = {
    "datasets": Field(lambda info: _listed(info.datasets), _LINKED),
    "models": Field(lambda info: _listed(info.models), _LINKED),
    "region": _NOTHING,
    "runtime": Field(_runtime),
    "sdk": Field(lambda info: _or_missing(info.sdk)),
    "subdomain": Field(subdomain),
}

FIELDS: Mapping[RepoType, Mapping[str, Field]] = {
    RepoType.MODEL: dict(sorted({**_EVERYWHERE, **_DOWNLOADED, **_OF_MODELS}.items())),
    RepoType.DATASET: dict(sorted({**_EVERYWHERE, **_DOWNLOADED, **_OF_DATASETS}.items())),
    RepoType.SPACE: dict(sorted({**_EVERYWHERE, **_OF_SPACES}.items())),
}
"""By name: what `expand` may ask for."""

_INFO_LEFT_OUT = {
    "baseModels",
    "childrenModelCount",
    "downloadsAllTime",
    "evalResults",
    "inferenceProviderMapping",
    "mainSize",
    "resourceGroup",
    "trendingScore",
}

INFO: Mapping[RepoType, tuple[str, ...]] = {
    kind: tuple(name for name in fields if name not in _INFO_LEFT_OUT) for kind, fields in FIELDS.items()
}
"""What a repository's info shows when nothing is expanded."""

LISTED: Mapping[RepoType, tuple[str, ...]] = {
    RepoType.MODEL: tuple(
        "author likes trendingScore private downloads gated tags pipeline_tag library_name createdAt".split()
    ),
    RepoType.DATASET: tuple(
        "author likes trendingScore downloads private gated disabled tags lastModified createdAt"
        " sha description".split()
    ),
    RepoType.SPACE: tuple("author likes trendingScore private sdk tags createdAt".split()),
}
"""What an item of a list shows."""

FULL: Mapping[RepoType, tuple[str, ...]] = {
    RepoType.MODEL: (*LISTED[RepoType.MODEL], "lastModified", "sha", "siblings", "disabled"),
    RepoType.DATASET: (*LISTED[RepoType.DATASET], "siblings", "cardData"),
    RepoType.SPACE: (*LISTED[RepoType.SPACE], "lastModified", "sha", "siblings", "cardData", "subdomain", "disabled"),
}
"""With `full=true`."""


def checked(kind: RepoType, names: Iterable[str]) -> tuple[str, ...]:
    """Raises Invalid with the list of names, which huggingface_hub's tests read."""
    wanted = tuple(dict.fromkeys(names))
    if any(name not in FIELDS[kind] for name in wanted):
        raise Invalid(f'"expand" must be one of [{", ".join(FIELDS[kind])}]')
    return wanted


def cost(kind: RepoType, names: Iterable[str]) -> frozenset[Want]:
    return frozenset[Want]().union(*(FIELDS[kind][name].wants for name in names))


def shown(info: RepoInfo, names: Iterable[str]) -> Json:
    """`_id` and `id` come always."""
    fields = FIELDS[info.id.type]
    item: Json = {"_id": info.public_id, "id": info.id.full_name}
    for name in names:
        if (value := fields[name].value(info)) is not MISSING:
            item[name] = value
    return item
