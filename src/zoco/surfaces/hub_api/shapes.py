"""The shape of a repository's info, for the OpenAPI document: `fields.py` says which of them come when."""

from __future__ import annotations

from typing import Any, NotRequired, Required

from typing_extensions import TypedDict


class SiblingLfs(TypedDict):
    sha256: str
    size: int
    pointerSize: int


class SiblingItem(TypedDict):
    rfilename: str
    size: NotRequired[int]
    blobId: NotRequired[str]
    lfs: NotRequired[SiblingLfs]


class SafetensorsFacts(TypedDict):
    parameters: dict[str, int]
    total: int


class GgufFacts(TypedDict, total=False):
    """`quantization` is ours."""

    total: int
    architecture: str
    quantization: str
    quantize_imatrix_file: str
    context_length: int
    chat_template: str
    bos_token: str
    eos_token: str


# `Any` below: what a card or a config says is its author's
RepoFields = TypedDict(
    "RepoFields",
    {
        "_id": Required[str],
        "id": Required[str],
        "author": str,
        "baseModels": dict[str, Any],
        "cardData": dict[str, Any],
        "childrenModelCount": int,
        "config": dict[str, Any],
        "createdAt": str,
        "datasets": list[str],
        "description": str,
        "disabled": bool,
        "downloads": int,
        "downloadsAllTime": int,
        "evalResults": list[dict[str, Any]],
        "gated": bool | str,
        "gguf": GgufFacts,
        "inferenceProviderMapping": list[dict[str, Any]],
        "key": str,
        "lastModified": str,
        "library_name": str,
        "likes": int,
        "mainSize": int,
        "mask_token": str,
        "model-index": list[Any],
        "modelId": str,
        "models": list[str],
        "paperswithcode_id": str,
        "pipeline_tag": str,
        "private": bool,
        "runtime": dict[str, Any],
        "safetensors": SafetensorsFacts,
        "sdk": str,
        "securityRepoStatus": dict[str, Any],
        "sha": str,
        "siblings": list[SiblingItem],
        "spaces": list[str],
        "subdomain": str,
        "tags": list[str],
        "transformersInfo": dict[str, str],
        "trendingScore": int,
        "usedStorage": int,
        "widgetData": list[Any],
    },
    total=False,
)
