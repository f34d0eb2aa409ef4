"""How are an index's files opened? Mapped into memory: all processes of a machine share the pages."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


def mapped(file: Path) -> mmap.mmap | bytes:
    """The file's bytes. An empty file cannot be mapped."""
    with file.open("rb") as opened:
        if opened.seek(0, 2) == 0:
            return b""
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)


def mapped_array(file: Path, kind: type[Scalar]) -> NDArray[Scalar]:
    return np.frombuffer(mapped(file), dtype=kind)


def write_array(file: Path, values: NDArray[Any]) -> None:  # Any: of whatever kind
    file.write_bytes(np.ascontiguousarray(values).tobytes())
