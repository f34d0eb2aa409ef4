"""What is known of a repository from its card and its files: one value, and the rule that makes its tags. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from zoco.core.ids import RepoType
from zoco.formats.cards.front_matter import FrontMatter
from zoco.formats.cards.tags import Tag, TagKind, tag_printed_as
from zoco.formats.cards.validate import RELATIONS
from zoco.hub.cards.dataset_tags import dataset_tags
from zoco.hub.cards.description import description_of
from zoco.hub.cards.fields import CONTROL, WORD_LENGTH_MAX, Json, base_models, licenses, words
from zoco.hub.cards.model_tags import library_of, model_tags, task_of

RULES = 2
"""Which rules these are. Raise it when the same files would now say something else: cards that were read by older
rules are read again."""

TAGS_MAX = 500


@dataclass(frozen=True, slots=True)
class Card:
    """`problem` says why the front matter could not be read as written; what could be read is in `data`."""

    data: Json = field(default_factory=dict)
    problem: str | None = None
    tags: tuple[Tag, ...] = ()
    pipeline_tag: str | None = None
    library_name: str | None = None
    license: str | None = None
    description: str = ""
    config: Json | None = None
    links: tuple[str, ...] = ()
    """repositories that the card names, as `kind:owner/name` in lower case: kinds are model, dataset and base_model"""
    weights: Mapping[str, int] | None = None
    """parameters by dtype; None where unknown"""
    gguf: Json | None = None
    """what the header of a GGUF file tells, as the API shows it"""
    eval_results: Sequence[Json] = ()
    """what the files of `.eval_results/` hold, as the API shows them"""

    @property
    def base_models(self) -> tuple[tuple[str, str], ...]:
        """(`owner/name`, relation) of what this model was made from."""
        named = (tag.value.partition(":") for tag in self.tags if tag.kind is TagKind.BASE_MODEL)
        return tuple((name, relation) for relation, colon, name in named if colon and relation in RELATIONS)

    @property
    def parameters(self) -> int | None:
        """How many, by the headers of its safetensors or else of its GGUF files."""
        if self.weights is not None:
            return sum(self.weights.values())
        total = (self.gguf or {}).get("total")
        return total if type(total) is int else None


def card_from(
    repo_type: RepoType,
    readme: FrontMatter,
    paths: Collection[str],
    config: Json | None,
    *,
    gguf: Json | None = None,
    weights: Mapping[str, int] | None = None,
    eval_results: Sequence[Json] = (),
) -> Card:
    """`paths` are the names of the files at the commit; `config` the parts of its JSON files that the API shows."""
    data = readme.data
    is_model = repo_type is RepoType.MODEL
    library = library_of(data, paths, config) if is_model else None
    task = task_of(data, library, config, gguf) if is_model else None
    tags: Iterable[Tag]
    match repo_type:
        case RepoType.MODEL:
            of_results = [Tag(TagKind.OTHER, "eval-results")] if any("data" in one for one in eval_results) else []
            tags = chain(model_tags(data, readme.body, paths, config, gguf, library, task), of_results)
        case RepoType.DATASET:
            tags = dataset_tags(data, readme.body, paths)
        case RepoType.SPACE:
            tags = _space_tags(data)
    return Card(
        data=data,
        problem=str(readme.problem) if readme.problem else None,
        tags=_unique(tags, repo_type),
        pipeline_tag=task,
        library_name=library,
        license=next(licenses(data), None),
        description=description_of(readme.body),
        config=config,
        links=_links(repo_type, data, config),
        weights=weights,
        gguf=gguf,
        eval_results=tuple(eval_results),
    )


_LINKING = {
    RepoType.MODEL: (("dataset", "datasets"),),
    RepoType.DATASET: (),
    RepoType.SPACE: (("model", "models"), ("dataset", "datasets")),
}


def _links(repo_type: RepoType, data: Json, config: Json | None) -> tuple[str, ...]:
    named = [(kind, name) for kind, key in _LINKING[repo_type] for name in words(data.get(key))]
    if repo_type is RepoType.MODEL:
        named += [("base_model", name) for name in base_models(data, config)]
    storable = ((kind, name) for kind, name in named if len(name) <= WORD_LENGTH_MAX and not CONTROL.search(name))
    return tuple(dict.fromkeys(f"{kind}:{name.lower()}" for kind, name in storable))[:TAGS_MAX]


def _space_tags(data: Json) -> Iterator[Tag]:
    if isinstance(sdk := data.get("sdk"), str):
        yield Tag(TagKind.SDK, sdk)
    for word in words(data.get("tags")):
        yield tag_printed_as(word, RepoType.SPACE) or Tag(TagKind.OTHER, word)
    yield from (Tag(TagKind.LICENSE, name) for name in licenses(data))


def _unique(tags: Iterable[Tag], repo_type: RepoType) -> tuple[Tag, ...]:
    """In order, each printed word once: a free word that looks like a typed tag is dropped in its favour.
    What is longer than a tag may be, or holds control characters, is left out."""
    kept: dict[str, Tag] = {}
    for tag in tags:
        if len(tag.value) > WORD_LENGTH_MAX or CONTROL.search(tag.value):
            continue
        word = tag.printed(repo_type)
        if word not in kept or kept[word].kind is TagKind.OTHER:
            kept[word] = tag
    return tuple(kept.values())[:TAGS_MAX]
