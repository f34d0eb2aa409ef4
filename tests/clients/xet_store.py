"""What an embedded Hub has on its disk of Xet: the xorbs, by name and size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.running import Server


@dataclass(frozen=True)
class Stored:
    xorbs: dict[Path, int]

    @classmethod
    def of(cls, server: Server) -> Self:
        folder = server.data / "store" / "xorbs"
        return cls({file: file.stat().st_size for file in folder.rglob("*") if file.is_file()})

    @property
    def xorb_bytes(self) -> int:
        return sum(self.xorbs.values())
