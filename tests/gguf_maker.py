"""Writes GGUF files as small as a test wants them, and as wrong."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Typed:
    """A value with the number of its kind (ggml, docs/gguf.md), where the kind is not to be guessed."""

    kind: int
    format: str
    value: float


def gguf(
    metadata: Mapping[str, object],
    tensors: Sequence[tuple[str, Sequence[int], int]] = (),
    *,
    version: int = 3,
    order: str = "<",
    tensor_count: int | None = None,
    entry_count: int | None = None,
) -> bytes:
    """`tensors` are name, dimensions and number of the type. The counts may be lied about."""
    maker = _Maker(order, "I" if version == 1 else "Q")
    parts = [b"GGUF", struct.pack(order + "I", version)]
    parts.append(maker.count(len(tensors) if tensor_count is None else tensor_count))
    parts.append(maker.count(len(metadata) if entry_count is None else entry_count))
    for key, value in metadata.items():
        kind, data = maker.value(value)
        parts += [maker.text(key), struct.pack(order + "I", kind), data]
    for name, dimensions, kind in tensors:
        parts += [maker.text(name), struct.pack(order + "I", len(dimensions))]
        parts += [maker.count(size) for size in dimensions]
        parts.append(struct.pack(order + "IQ", kind, 0))
    return b"".join(parts)


class _Maker:
    def __init__(self, order: str, count: str) -> None:
        self._order = order
        self._count = count

    def count(self, number: int) -> bytes:
        return struct.pack(self._order + self._count, number)

    def text(self, text: str) -> bytes:
        data = text.encode("utf-8", "surrogatepass")
        return self.count(len(data)) + data

    def value(self, value: object) -> tuple[int, bytes]:
        match value:
            case Typed(kind, format_, number):
                return kind, struct.pack(self._order + format_, number)
            case bool():
                return 7, struct.pack("?", value)
            case int():
                return 4, struct.pack(self._order + "I", value)
            case float():
                return 6, struct.pack(self._order + "f", value)
            case str():
                return 8, self.text(value)
            case bytes():
                return 9, value
            case list():
                return 9, self._array(value)
        raise TypeError(value)

    def _array(self, items: list[object]) -> bytes:
        made = [self.value(item) for item in items]
        kind = made[0][0] if made else 8
        return struct.pack(self._order + "I", kind) + self.count(len(items)) + b"".join(data for _, data in made)
