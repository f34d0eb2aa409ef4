"""One-word names of repositories: rows in, rows out. An alias is a redirect whose word is also a taken name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import namespace, redirect, repo
from zoco.core.ids import name_key


@dataclass(frozen=True, slots=True)
class AliasInfo:
    word: str
    type: str
    repo: str
    """owner/name"""


def find_repo(read: Read, type: str, owner: str, name: str) -> int | None:
    return read.scalar(
        select(repo.c.id)
        .select_from(repo.join(namespace, namespace.c.id == repo.c.namespace_id))
        .where(repo.c.type == type, namespace.c.name_key == name_key(owner), repo.c.name_key == name_key(name))
    )


def set_target(write: Write, type: str, word: str, repo_id: int) -> None:
    remove(write, type, word)
    write.execute(insert(redirect).values(type=type, full_key=name_key(word), kind="alias", repo_id=repo_id))


def remove(write: Write, type: str, word: str) -> bool:
    mine = (redirect.c.type == type, redirect.c.full_key == name_key(word), redirect.c.kind == "alias")
    return write.execute(delete(redirect).where(*mine)).rowcount > 0


def is_used(read: Read, word: str) -> bool:
    """For any type."""
    query = select(redirect.c.type).where(redirect.c.full_key == name_key(word), redirect.c.kind == "alias")
    return read.execute(query).first() is not None


def every(read: Read) -> list[AliasInfo]:
    word, owner = namespace.alias("word"), namespace.alias("owner")
    rows = read.execute(
        select(word.c.name.label("word"), redirect.c.type, owner.c.name.label("owner"), repo.c.name.label("repo"))
        .select_from(
            redirect.join(word, word.c.name_key == redirect.c.full_key)
            .join(repo, repo.c.id == redirect.c.repo_id)
            .join(owner, owner.c.id == repo.c.namespace_id)
        )
        .where(redirect.c.kind == "alias")
        .order_by(word.c.name_key, redirect.c.type)
    )
    return [AliasInfo(row.word, row.type, f"{row.owner}/{row.repo}") for row in rows]
