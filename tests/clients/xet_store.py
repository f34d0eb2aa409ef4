"""What an embedded Hub has of Xet: the xorbs on its disk, by name and size, and what its database says of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy import func, select
from tests.running import Server

from zoco.adapters.db.engine import open_sqlite
from zoco.adapters.db.tables import lfs_link, lfs_object, repo, xet_file, xet_file_xorb, xet_xorb
from zoco.formats.xet.terms import raw_ends_of_terms, xorbs_of_terms


@dataclass(frozen=True)
class Stored:
    """`named` are the xorbs that rows name, `used` those that files are made of. `wrong` is what does not fit."""

    xorbs: dict[Path, int]
    named: dict[str, int]
    used: frozenset[str]
    wrong: tuple[str, ...]

    @classmethod
    def of(cls, server: Server) -> Self:
        folder = server.data / "store" / "xorbs"
        xorbs = {file: file.stat().st_size for file in folder.rglob("*") if file.is_file()}
        db = open_sqlite(server.data / "zoco.db")
        try:
            with db.read() as read:
                rows = read.execute(select(xet_xorb.c.hash, xet_xorb.c.key, xet_xorb.c.size)).all()
                files = read.execute(select(xet_file)).all()
                parts = read.execute(select(xet_file_xorb)).all()
                objects = read.execute(select(lfs_object)).all()
                links = select(func.coalesce(func.sum(lfs_link.c.size), 0)).where(lfs_link.c.repo_id == repo.c.id)
                used = read.execute(select(repo.c.name, repo.c.used_storage, links.scalar_subquery())).all()
        finally:
            db.close()
        keys = {row.hash: server.data / "store" / row.key for row in rows}
        wrong = [f"the bytes of xorb {row.hash}" for row in rows if xorbs.get(keys[row.hash]) != row.size]
        for file in files:
            if {part.xorb_hash for part in parts if part.file_hash == file.hash} != set(xorbs_of_terms(file.terms)):
                wrong.append(f"the xorbs of file {file.hash}")
            if raw_ends_of_terms(file.terms)[-1] != file.size:
                wrong.append(f"the size of file {file.hash}")
        known = {file.hash: (file.sha256, file.size) for file in files}
        for one in objects:
            if one.xet_hash and known.get(one.xet_hash) != (one.sha256, one.size):
                wrong.append(f"the file of LFS object {one.sha256}")
        wrong += [f"the used storage of {name}" for name, told, counted in used if told != counted]
        sizes = {row.hash: row.size for row in rows}
        return cls(xorbs, sizes, frozenset(part.xorb_hash for part in parts), tuple(wrong))

    @property
    def xorb_bytes(self) -> int:
        return sum(self.xorbs.values())

    def check(self) -> None:
        """Nothing is half there."""
        assert not self.wrong
