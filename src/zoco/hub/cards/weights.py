"""How many parameters does a model have? Counted from the headers of its safetensors files, never from the weights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from zoco.adapters.blobs.port import BlobNotFound
from zoco.core.errors import HubError
from zoco.core.ids import EMPTY_TREE, Oid
from zoco.core.repos import ContentsRepo
from zoco.formats.safetensors import LENGTH_SIZE, header_size, parameter_counts, parse_header
from zoco.hub.cards.ranges import Objects, RangedFile, ranged
from zoco.hub.xet.xorbs import Xet

Counts = Mapping[str, int]
"""Parameters by dtype."""

SHARDS_MAX = 500
FIRST_READ_SIZE = 128 << 10
"""Most headers fit into this, and are then read at once."""

KNOWN_MAX = 20_000
_known: dict[str, Counts] = {}

_SHARD = re.compile(r"(.+)-\d{5}-of-\d{5}\.safetensors")


def weights_at(
    xet: Xet, repo: ContentsRepo, objects: Objects, commit: Oid, *, shards_max: int = SHARDS_MAX
) -> Counts | None:
    """Summed over the model's files in the root folder; None where there are none, or one of them cannot be read."""
    root = objects.commit(commit).tree
    top = {} if root == EMPTY_TREE else {entry.name.decode("utf-8", "replace"): entry for entry in objects.tree(root)}
    chosen = weights_among(name for name, entry in top.items() if entry.is_blob)
    if not chosen or len(chosen) > shards_max:
        return None
    totals: dict[str, int] = {}
    try:
        for file in ranged(xet, repo, objects, [top[name] for name in chosen]):
            for dtype, number in _counts_of(file).items():
                totals[dtype] = totals.get(dtype, 0) + number
    except (HubError, BlobNotFound):
        return None  # a broken header, or a pointer to what was never uploaded: unknown, and nobody's error here
    return totals


def weights_among(names: Iterable[str]) -> list[str]:
    """The files that make up one model: `model.safetensors`, else all shards of one series, else a single file."""
    files = sorted(name for name in names if name.endswith(".safetensors"))
    for usual in ("model.safetensors", "diffusion_pytorch_model.safetensors", "adapter_model.safetensors"):
        if usual in files:
            return [usual]
    series: dict[str, list[str]] = {}
    for name in files:
        if found := _SHARD.fullmatch(name):
            series.setdefault(found[1], []).append(name)
    if series:
        return series.get("model") or series[min(series)]
    return files if len(files) == 1 else []


def _counts_of(file: RangedFile) -> Counts:
    """A process reads each header once."""
    counts = _known.get(file.content)
    if counts is None:
        start = file.fetch(0, FIRST_READ_SIZE)
        size = header_size(start[:LENGTH_SIZE])
        end = LENGTH_SIZE + size
        if len(start) < end <= file.size:
            start += file.fetch(len(start), end)
        counts = parameter_counts(parse_header(start[LENGTH_SIZE:end]))
        if len(_known) >= KNOWN_MAX:
            _known.clear()
        _known[file.content] = counts
    return counts
