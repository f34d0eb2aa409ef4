"""What do the GGUF files of a model tell: its size, architecture, quantisation, template and special tokens?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from zoco.adapters.blobs.port import BlobNotFound
from zoco.core.errors import HubError
from zoco.core.repos import ContentsRepo
from zoco.formats.cards.card_yaml import text_for_json
from zoco.formats.gguf import GgufHeader, read_header
from zoco.formats.git.objects import TreeEntry
from zoco.hub.cards.ranges import Objects, RangedFile, ranged
from zoco.hub.xet.xorbs import Xet

PARTS_MAX = 64
KNOWN_MAX = 500
"""Headers that a process remembers: their templates may have 64 kB each."""

_known: dict[str, GgufHeader] = {}

_PART = re.compile(r"(.+)-\d{5}-of-\d{5}\.gguf")
_NOT_A_MODEL = ("mmproj", "imatrix")
"""In names of what comes beside a model: projectors of images, tables of importance."""


def gguf_at(
    xet: Xet, repo: ContentsRepo, objects: Objects, files: Mapping[str, TreeEntry], *, parts_max: int = PARTS_MAX
) -> dict[str, Any] | None:
    """As the API shows it. None where there is no such file, or its header cannot be read."""
    chosen = gguf_among(files)
    if not chosen or len(chosen) > parts_max:
        return None
    try:
        headers = [_header_of(file) for file in ranged(xet, repo, objects, (files[path] for path in chosen))]
    except (HubError, BlobNotFound):
        return None  # a broken header, or a pointer to what was never uploaded: unknown, and nobody's error here
    return _shown(headers)


def gguf_among(paths: Iterable[str]) -> list[str]:
    """The files of one model: of several quantisations the first, nearest to the root, with all its parts."""
    models = [path for path in paths if path.endswith(".gguf") and not _is_beside(path)]
    if not models:
        return []
    first = min(models, key=lambda path: (path.count("/"), path))
    series = _PART.fullmatch(first)
    if series is None:
        return [first]
    return sorted(path for path in models if (found := _PART.fullmatch(path)) and found[1] == series[1])


def _is_beside(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return any(word in name for word in _NOT_A_MODEL)


def _header_of(file: RangedFile) -> GgufHeader:
    """A process reads each header once."""
    header = _known.get(file.content)
    if header is None:
        header = read_header(file.fetch)
        if len(_known) >= KNOWN_MAX:
            _known.clear()
        _known[file.content] = header
    return header


def _shown(headers: list[GgufHeader]) -> dict[str, Any]:
    """The first part tells of the model, all parts hold its tensors. Some parts missing: the total is not known."""
    first = min(headers, key=lambda header: header.part)
    parts = {header.part[0] for header in headers}
    is_whole = len(parts) == len(headers) == first.part[1]
    total = sum(sum(header.parameters.values()) for header in headers)
    shown = {
        "total": total if is_whole and total else None,
        "architecture": first.architecture,
        "quantization": first.quantization,
        "quantize_imatrix_file": first.imatrix_file,
        "context_length": first.context_length,
        "chat_template": first.chat_template,
        "bos_token": first.bos_token,
        "eos_token": first.eos_token,
    }
    return {key: text_for_json(value) if isinstance(value, str) else value for key, value in shown.items() if value}
