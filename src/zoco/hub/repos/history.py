"""What happened before a commit, and who did it? Commits as people read them, their authors matched to accounts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from zoco.adapters.git.history import ID_BYTES, all_commits, commits_of_path
from zoco.adapters.git.reader import Reader
from zoco.core.errors import EntryNotFound
from zoco.core.ids import Oid
from zoco.core.pages import Page
from zoco.core.repos import ReadableRepo
from zoco.formats.git.objects import Commit
from zoco.hub.repos.authors import accounts_of
from zoco.hub.repos.history_cache import HistoryCache
from zoco.hub.repos.revisions import reader_with
from zoco.hub.repos.storage import RepoStorage

PAGE_SIZE_MAX = 1000
CO_AUTHORS_MAX = 50

_CO_AUTHOR = re.compile(r"^co-authored-by:[ \t]*([^<>\n]*?)[ \t]*<([^<>\n]*)>[ \t\r]*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Author:
    """`user` is the account's name, where the address belongs to one."""

    name: str
    email: str
    user: str | None = None


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """`title` is the first line, `message` what follows it. The author comes first, then co-authors."""

    oid: Oid
    title: str
    message: str
    authors: tuple[Author, ...]
    at_ms: int
    parents: tuple[Oid, ...]

    @property
    def author_name(self) -> str:
        return self.authors[0].name

    @property
    def author_email(self) -> str:
        return self.authors[0].email

    @property
    def user(self) -> str | None:
        return self.authors[0].user


def list_commits(
    storage: RepoStorage,
    repo: ReadableRepo,
    tip: Oid,
    *,
    path: str | None = None,
    page: int = 0,
    limit: int = 50,
) -> Page[CommitInfo]:
    """Newest first, from `tip` back; with `path`, those that `git log -- path` shows. Pages count from 0.

    Raises EntryNotFound when no commit knows the path.
    """
    size = max(1, min(limit, PAGE_SIZE_MAX))
    page, path = max(0, page), (path or "").strip("/")
    if "\0" in path or not _is_text(path):  # libgit2 would look for what comes before
        raise EntryNotFound(path, tip)
    with reader_with(storage, repo, tip) as git:
        ids = _ids(git, repo, tip, path)
        if path and not ids:
            raise EntryNotFound(path, tip)
        total = len(ids) // ID_BYTES
        wanted = [ids[at * ID_BYTES : (at + 1) * ID_BYTES] for at in range(page * size, min((page + 1) * size, total))]
        infos = commit_infos(storage, git, [Oid(raw.hex()) for raw in wanted])
    following = str(page + 1) if (page + 1) * size < total else None
    return Page(tuple(infos), following, total)


def get_commit(storage: RepoStorage, repo: ReadableRepo, commit: Oid) -> CommitInfo:
    """Raises RevisionNotFound."""
    with reader_with(storage, repo, commit) as git:
        return commit_infos(storage, git, [commit])[0]


def commit_infos(storage: RepoStorage, git: Reader, oids: Sequence[Oid]) -> list[CommitInfo]:
    """In their order; one query for all authors."""
    commits = [(oid, git.commit(oid)) for oid in oids]
    people = {oid: _people(commit) for oid, commit in commits}
    users = accounts_of(storage, {email for authors in people.values() for _, email in authors})
    return [_info(oid, commit, people[oid], users) for oid, commit in commits]


def count_commits(storage: RepoStorage, repo: ReadableRepo, tip: Oid) -> int:
    with reader_with(storage, repo, tip) as git:
        return len(_ids(git, repo, tip, "")) // ID_BYTES


def split_message(message: str) -> tuple[str, str]:
    """Title and the rest."""
    title, _, rest = message.strip().partition("\n")
    return title.strip(), rest.strip()


def _is_text(path: str) -> bool:
    """False for lone surrogates, which JSON can bring."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


_histories = HistoryCache()


def _ids(git: Reader, repo: ReadableRepo, tip: Oid, path: str) -> bytes:
    def walk() -> bytes:
        return commits_of_path(git.repository, tip, path) if path else all_commits(git.repository, tip)

    return _histories.get((repo.key, tip, path), walk)


def _info(oid: Oid, commit: Commit, people: Sequence[tuple[str, str]], users: dict[str, str]) -> CommitInfo:
    title, message = split_message(commit.message)
    authors = tuple(Author(name, email, users.get(email.lower())) for name, email in people)
    return CommitInfo(oid, title, message, authors, commit.committer.at_s * 1000, commit.parents)


def _people(commit: Commit) -> list[tuple[str, str]]:
    """The author and the co-authors that the message names, each address once."""
    people = {commit.author.email.lower(): (commit.author.name, commit.author.email)}
    for found in _CO_AUTHOR.finditer(commit.message):
        if len(people) >= CO_AUTHORS_MAX:
            break
        people.setdefault(found[2].strip().lower(), (found[1] or found[2], found[2].strip()))
    return list(people.values())
