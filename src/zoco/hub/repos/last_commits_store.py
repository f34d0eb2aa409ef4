"""SQL of the remembered last commits: for each folder at some commits, which commit touched each entry last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select

from zoco.adapters.db.engine import Read, Write
from zoco.adapters.db.tables import last_commits
from zoco.adapters.db.upsert import insert

KEPT_PER_FOLDER = 4
"""The newest answers of a folder: one for each of the branches that people look at."""


def newest(read: Read, repo_key: int, folder_hash: str) -> dict[str, Mapping[str, str]]:
    """By commit: name of the entry -> commit."""
    query = (
        select(last_commits.c.commit_oid, last_commits.c.entries)
        .where(last_commits.c.repo_id == repo_key, last_commits.c.folder_hash == folder_hash)
        .order_by(last_commits.c.created_at.desc())
        .limit(KEPT_PER_FOLDER)
    )
    return {row.commit_oid: row.entries for row in read.execute(query)}


def remember(
    write: Write, repo_key: int, folder_hash: str, commit: str, entries: Mapping[str, str], now_ms: int
) -> None:
    """And forget the older ones."""
    values = {
        "repo_id": repo_key,
        "commit_oid": commit,
        "folder_hash": folder_hash,
        "entries": dict(entries),
        "created_at": now_ms,
    }
    write.execute(insert(write, last_commits).values(values).on_conflict_do_nothing())
    mine = (last_commits.c.repo_id == repo_key) & (last_commits.c.folder_hash == folder_hash)
    kept = write.scalars(select(last_commits.c.commit_oid).where(mine).order_by(last_commits.c.created_at.desc())).all()
    _forget(write, repo_key, folder_hash, kept[KEPT_PER_FOLDER:])


def _forget(write: Write, repo_key: int, folder_hash: str, commits: Sequence[str]) -> None:
    if commits:
        write.execute(
            delete(last_commits).where(
                last_commits.c.repo_id == repo_key,
                last_commits.c.folder_hash == folder_hash,
                last_commits.c.commit_oid.in_(commits),
            )
        )
