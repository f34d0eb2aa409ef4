"""What do the files of a repository add to its description? Their names and sizes, and the weights' parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from zoco.adapters.blobs.port import BlobNotFound, BlobStore
from zoco.adapters.git.reader import Reader
from zoco.core.errors import HubError, Invalid
from zoco.core.ids import EMPTY_TREE, Oid
from zoco.core.repos import ReadableRepo
from zoco.formats.git.objects import TreeEntry
from zoco.formats.safetensors import LENGTH_SIZE, header_size, parameter_counts, parse_header
from zoco.hub.catalog.info import SafetensorsTotals, Sibling, SiblingLfs
from zoco.hub.lfs.objects import find_all
from zoco.hub.repos.entries import describe
from zoco.hub.repos.open import for_facts
from zoco.hub.repos.storage import RepoStorage

SHARDS_MAX = 500

_SHARD = re.compile(r"(.+)-\d{5}-of-\d{5}\.safetensors")

Counts = Mapping[str, int]

KNOWN_MAX = 20_000
_known: dict[str, Counts] = {}


def siblings_at(storage: RepoStorage, git: Reader, commit: Oid, *, sizes: bool) -> tuple[Sibling, ...]:
    """Every file at the commit, by path."""
    root = git.commit(commit).tree
    found = [] if root == EMPTY_TREE else [(path, entry) for path, entry in git.walk(root) if not entry.is_tree]
    found.sort(key=lambda one: one[0])
    if not sizes:
        return tuple(Sibling(path) for path, _ in found)
    return tuple(
        Sibling(
            entry.path,
            entry.size,
            entry.oid,
            SiblingLfs(entry.lfs.sha256, entry.lfs.size, entry.lfs.pointer_size) if entry.lfs else None,
        )
        for entry in describe(storage, git, found)
    )


def safetensors_at(storage: RepoStorage, repo: ReadableRepo, git: Reader, commit: Oid) -> SafetensorsTotals | None:
    """Summed over the model's weights in the root folder; None where there are none, or one cannot be read."""
    root = git.commit(commit).tree
    top = {} if root == EMPTY_TREE else {entry.name.decode("utf-8", "replace"): entry for entry in git.tree(root)}
    chosen = weights_among(name for name, entry in top.items() if entry.is_blob)
    if not chosen or len(chosen) > SHARDS_MAX:
        return None
    totals: dict[str, int] = {}
    try:
        for counts in _counts_of(storage, repo, git, [(name, top[name]) for name in chosen]):
            for dtype, number in counts.items():
                totals[dtype] = totals.get(dtype, 0) + number
    except (HubError, BlobNotFound):
        return None  # a broken header, or a pointer to what was never uploaded: unknown, not an error of the reader
    return SafetensorsTotals(totals, sum(totals.values()))


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


def _counts_of(
    storage: RepoStorage, repo: ReadableRepo, git: Reader, files: Sequence[tuple[str, TreeEntry]]
) -> Iterable[Counts]:
    entries = describe(storage, git, files)
    shas = [entry.lfs.sha256 for entry in entries if entry.lfs]
    objects = find_all(storage.db, for_facts(repo), shas) if shas else {}
    for entry in entries:
        if entry.lfs is None:
            yield _counts_in(git.read(entry.oid)[1])
        elif has := objects.get(entry.lfs.sha256):
            yield _counts_of_object(storage.blobs, has.key)
        else:
            raise Invalid(f"{entry.path} was not uploaded")


def _counts_in(data: bytes) -> Counts:
    size = header_size(data[:LENGTH_SIZE])
    return parameter_counts(parse_header(data[LENGTH_SIZE : LENGTH_SIZE + size]))


def _counts_of_object(blobs: BlobStore, key: str) -> Counts:
    """What is stored under a key never changes, so that a process reads each header once."""
    counts = _known.get(key)
    if counts is None:
        size = header_size(b"".join(blobs.read(key, 0, LENGTH_SIZE)))
        counts = parameter_counts(parse_header(b"".join(blobs.read(key, LENGTH_SIZE, LENGTH_SIZE + size))))
        if len(_known) >= KNOWN_MAX:
            _known.clear()
        _known[key] = counts
    return counts
