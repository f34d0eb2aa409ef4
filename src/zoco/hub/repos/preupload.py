"""How shall each file of a coming commit be sent: in the commit itself, by LFS, or not at all?"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from zoco.adapters.git.reader import Reader
from zoco.core.errors import RevisionNotFound, StoreFull, TooLarge
from zoco.core.ids import EMPTY_TREE, Oid
from zoco.core.repos import ReadableRepo
from zoco.formats.git.attributes import Attributes, Ignore
from zoco.hub.repos.commit_ops import check_path
from zoco.hub.repos.entries import pointers_among
from zoco.hub.repos.lookup import Lookup
from zoco.hub.repos.revisions import reader_with, resolve_revision
from zoco.hub.repos.storage import RepoStorage, reader

FILES_MAX = 10_000
RULES_BYTES_MAX = 1 << 20
"""Of a .gitattributes or .gitignore; a larger one counts as empty."""


class Mode(StrEnum):
    REGULAR = "regular"
    LFS = "lfs"


@dataclass(frozen=True, slots=True)
class FileProbe:
    """`sample`: the file's first bytes."""

    path: str
    size: int
    sample: bytes = b""


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """`oid` of what stands there now: git's for a regular file, the SHA-256 for one in LFS, None for neither."""

    path: str
    mode: Mode
    should_ignore: bool
    oid: str | None


@dataclass(frozen=True, slots=True)
class Preupload:
    files: tuple[FileAnswer, ...]
    commit: Oid | None
    """None in a repository without commits"""


def preupload(
    storage: RepoStorage,
    repo: ReadableRepo,
    revision: str,
    files: Sequence[FileProbe],
    *,
    git_ignore: str | None = None,
    git_attributes: str | None = None,
) -> Preupload:
    """Rules that the request brings take the place of those in the repository.

    Raises RevisionNotFound, Unprocessable for a path no file may have, TooLarge for too many files, and StoreFull: here
    a client tells its user why at once.
    """
    if storage.blobs.room() == 0:
        raise StoreFull
    if len(files) > FILES_MAX:
        raise TooLarge(f"Ask for at most {FILES_MAX} files at once.")
    for probe in files:
        check_path(probe.path)
    commit = _commit_or_none(storage, repo, revision)
    with reader_with(storage, repo, commit) if commit else reader(storage, repo) as git:
        tree = Lookup(git, git.commit(commit).tree if commit else EMPTY_TREE)
        attributes = Attributes(_rules(git, tree, ".gitattributes") if git_attributes is None else git_attributes)
        ignore = Ignore(_rules(git, tree, ".gitignore") if git_ignore is None else git_ignore)
        present = _present(git, tree, files)
    size_max = storage.limits.regular_file_size_max_bytes
    return Preupload(
        tuple(
            FileAnswer(
                probe.path, _mode(probe, attributes, size_max), ignore.matches(probe.path), present.get(probe.path)
            )
            for probe in files
        ),
        commit,
    )


def is_binary(sample: bytes) -> bool:
    """A NUL, as git decides, or bytes that are no UTF-8; the sample may end inside a character."""
    if b"\0" in sample:
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return True
    return False


def _mode(probe: FileProbe, attributes: Attributes, size_max: int) -> Mode:
    if probe.size == 0:  # nothing to send by LFS
        return Mode.REGULAR
    is_lfs = probe.size > size_max or is_binary(probe.sample) or attributes.is_lfs(probe.path)
    return Mode.LFS if is_lfs else Mode.REGULAR


def _commit_or_none(storage: RepoStorage, repo: ReadableRepo, revision: str) -> Oid | None:
    try:
        return resolve_revision(storage, repo, revision)
    except RevisionNotFound:
        if revision in (repo.default_branch, f"refs/heads/{repo.default_branch}"):
            return None
        raise


def _rules(git: Reader, tree: Lookup, path: str) -> str:
    found = tree.find(path)
    if found is None or not found.is_blob or git.size(found.oid) > RULES_BYTES_MAX:
        return ""
    return git.read(found.oid)[1].decode("utf-8", "replace")


def _present(git: Reader, tree: Lookup, files: Sequence[FileProbe]) -> dict[str, str]:
    blobs = {probe.path: held.oid for probe in files if (held := tree.find(probe.path)) and held.is_blob}
    pointers = pointers_among(git, {oid: git.size(oid) for oid in blobs.values()})
    return {path: pointers[oid].sha256 if oid in pointers else oid for path, oid in blobs.items()}
