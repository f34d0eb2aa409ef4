"""What is told about a repository: its row, its card and what its files say, as one value for every surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zoco.core.access import Gated, Visibility
from zoco.core.ids import Oid, RepoId, Sha256
from zoco.formats.cards.tasks import task_of_architecture
from zoco.hub.cards.card import Card
from zoco.hub.catalog.store import ListedRow

Json = Mapping[str, Any]  # Any: somebody's YAML or JSON


@dataclass(frozen=True, slots=True)
class SiblingLfs:
    sha256: Sha256
    size: int
    pointer_size: int


@dataclass(frozen=True, slots=True)
class Sibling:
    """A file at the commit. `size`, `oid` and `lfs` only where sizes were wanted."""

    path: str
    size: int | None = None
    oid: Oid | None = None
    lfs: SiblingLfs | None = None


@dataclass(frozen=True, slots=True)
class TransformersInfo:
    auto_model: str
    pipeline_tag: str | None = None
    processor: str | None = None
    custom_class: str | None = None


@dataclass(frozen=True, slots=True)
class SafetensorsTotals:
    """Parameters by dtype, summed over the files of the model."""

    parameters: Mapping[str, int]
    total: int


@dataclass(frozen=True, slots=True)
class BaseModel:
    id: str
    relation: str


@dataclass(frozen=True, slots=True)
class RepoInfo:
    """None means unknown or not wanted; what was looked for and not found is empty."""

    key: int
    public_id: str
    id: RepoId
    visibility: Visibility
    gated: Gated
    disabled: bool
    sdk: str | None
    created_at_ms: int
    updated_at_ms: int
    likes: int
    downloads: int
    downloads_all_time: int
    trending_score: int
    head: Oid | None
    """the commit that is described: the default branch's where none was asked for; None in an empty repository"""
    tags: tuple[str, ...] = ()
    pipeline_tag: str | None = None
    library_name: str | None = None
    license: str | None = None
    description: str = ""
    card: Json = field(default_factory=dict)
    card_problem: str | None = None
    config: Json | None = None
    transformers: TransformersInfo | None = None
    mask_token: str | None = None
    model_index: Sequence[Any] | None = None
    widget: Sequence[Any] | None = None
    base_models: tuple[BaseModel, ...] = ()
    siblings: tuple[Sibling, ...] | None = None
    safetensors: SafetensorsTotals | None = None
    parameters: int | None = None
    """as `Card.parameters`"""
    gguf: Json | None = None
    eval_results: Sequence[Json] = ()
    used_storage: int | None = None
    main_size: int | None = None
    """bytes of a dataset's files at the commit"""
    children_count: int | None = None
    spaces: tuple[str, ...] | None = None
    models: tuple[str, ...] | None = None
    datasets: tuple[str, ...] | None = None

    @property
    def author(self) -> str:
        return self.id.namespace

    @property
    def is_private(self) -> bool:
        return self.visibility is Visibility.PRIVATE


def info_from(row: ListedRow, card: Card | None, head: Oid | None) -> RepoInfo:
    """What row and card say. A Space's sdk is its card's, and what was chosen at its birth where the card is silent."""
    card = card or Card()
    sdk = card.data.get("sdk")
    return RepoInfo(
        key=row.key,
        public_id=row.public_id,
        id=row.id,
        visibility=row.visibility,
        gated=row.gated,
        disabled=row.disabled,
        sdk=sdk if isinstance(sdk, str) else row.sdk,
        created_at_ms=row.created_at_ms,
        updated_at_ms=row.updated_at_ms,
        likes=row.likes,
        downloads=row.downloads,
        downloads_all_time=row.downloads_all_time,
        trending_score=row.trending_score,
        head=head,
        tags=tuple(dict.fromkeys(tag.printed(row.id.type) for tag in card.tags)),
        pipeline_tag=card.pipeline_tag,
        library_name=card.library_name,
        license=card.license,
        description=card.description,
        card=card.data,
        card_problem=card.problem,
        config=card.config,
        transformers=transformers_info(card),
        mask_token=_mask_token(card),
        parameters=card.parameters,
        model_index=_list(card.data.get("model-index")),
        widget=_list(card.data.get("widget")),
        safetensors=None if card.weights is None else SafetensorsTotals(card.weights, sum(card.weights.values())),
        gguf=card.gguf,
        eval_results=card.eval_results,
        base_models=tuple(BaseModel(name, relation) for name, relation in card.base_models),
    )


def transformers_info(card: Card) -> TransformersInfo | None:
    """Which automatic class loads the model, for models of the transformers library."""
    config = card.config or {}
    architectures = config.get("architectures") or ()
    if card.library_name != "transformers" or not architectures:
        return None
    task, auto_model = task_of_architecture(str(architectures[0]), str(config.get("model_type") or ""))
    custom = (config.get("auto_map") or {}).get(auto_model) if isinstance(config.get("auto_map"), dict) else None
    return TransformersInfo(
        auto_model=auto_model,
        pipeline_tag=card.pipeline_tag or task,
        processor="AutoTokenizer" if "tokenizer_config" in config else None,
        custom_class=custom if isinstance(custom, str) else None,
    )


def _mask_token(card: Card) -> str | None:
    token = ((card.config or {}).get("tokenizer_config") or {}).get("mask_token")
    return token if card.pipeline_tag == "fill-mask" and isinstance(token, str) else None


def _list(value: Any) -> Sequence[Any] | None:  # Any: a field of somebody's card
    return value if isinstance(value, list) else None
