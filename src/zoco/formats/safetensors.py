"""How many parameters does a safetensors file hold, and of which kinds? Reads its header, never its weights.

The file begins with the header's length (8 bytes, little endian) and the header, which is JSON: tensor name →
{dtype, shape, data_offsets} (huggingface/safetensors, «Format»).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from zoco.core.errors import Invalid

LENGTH_SIZE = 8
HEADER_SIZE_MAX = 25_000_000
"""What huggingface_hub accepts too (`SAFETENSORS_MAX_HEADER_LENGTH`)."""

DIMENSIONS_MAX = 32
PARAMETERS_MAX = 2**60

Header = Mapping[str, Any]  # Any: somebody's JSON


def header_size(first: bytes) -> int:
    """Length of the JSON that follows the first 8 bytes. Raises Invalid when this is no safetensors file."""
    if len(first) < LENGTH_SIZE:
        raise Invalid("This is not a safetensors file: it is too short.")
    size = int.from_bytes(first[:LENGTH_SIZE], "little")
    if size > HEADER_SIZE_MAX:
        raise Invalid(f"The safetensors header is larger than {HEADER_SIZE_MAX} bytes.")
    return size


def parse_header(text: bytes) -> Header:
    """Raises Invalid."""
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("The safetensors header is not JSON.") from error
    if not isinstance(header, dict):
        raise Invalid("The safetensors header is not a JSON object.")
    return header


def parameter_counts(header: Header) -> dict[str, int]:
    """Parameters by dtype (`F32`, `BF16`, …). Raises Invalid for a tensor without a dtype and a shape."""
    counts: dict[str, int] = {}
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        dtype = tensor.get("dtype") if isinstance(tensor, dict) else None
        shape = tensor.get("shape") if isinstance(tensor, dict) else None
        if not isinstance(dtype, str) or not isinstance(shape, list) or not _is_shape(shape):
            raise Invalid("The safetensors header describes a tensor without a dtype and a shape.")
        counts[dtype] = counts.get(dtype, 0) + math.prod(shape)
    if any(number > PARAMETERS_MAX for number in counts.values()):
        raise Invalid("The safetensors header describes more parameters than any file can hold.")
    return counts


def _is_shape(sizes: list[Any]) -> bool:
    return len(sizes) <= DIMENSIONS_MAX and all(type(size) is int and 0 <= size < 2**48 for size in sizes)
