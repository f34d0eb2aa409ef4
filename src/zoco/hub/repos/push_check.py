"""May these objects come in? Nothing missing, no file too large for git, no LFS pointer to what is not here.

What is refused is told to the person who pushed, with the command that helps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zoco.adapters.db.engine import Database
from zoco.adapters.git.reader import Reader, open_reader
from zoco.adapters.git.walk import new_objects
from zoco.core.errors import Invalid
from zoco.core.ids import Oid
from zoco.core.repos import ContentsRepo, WritableRepo
from zoco.formats.git.objects import Kind
from zoco.formats.git.receive import Command
from zoco.formats.git.refs import BRANCHES
from zoco.formats.lfs.pointer import POINTER_SIZE_MAX, Pointer, parse_pointer
from zoco.hub.repos.storage import RepoStorage, bare_repository

LfsMissing = Callable[[Database, ContentsRepo, Iterable[Pointer]], Sequence[Pointer]]
"""Which of these pointers' objects the repository does not have (`hub/lfs`)."""

_TOLD_MAX = 10
_POINTER_SIZE_MIN = 31  # the shortest version line: what begins with it and goes wrong after is told too


@dataclass(slots=True)
class Findings:
    """`problems` by ref; `explanation` for the person who pushed."""

    problems: dict[str, str] = field(default_factory=dict)
    explanation: str = ""


@dataclass(slots=True)
class _Met:
    """What was found while walking the new objects. Paths are as git shows them."""

    too_large: list[tuple[str, int]] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    pointers: dict[Oid, tuple[str, Pointer]] = field(default_factory=dict)


def check_objects(
    storage: RepoStorage,
    repo: WritableRepo,
    objects: Path | None,
    commands: Sequence[Command],
    lfs_missing: LfsMissing,
) -> Findings:
    """`objects` is the quarantine folder of the push, None when it brought none."""
    tips = [command for command in commands if command.new]
    if not tips:
        return Findings()
    bare = bare_repository(storage, repo)
    with open_reader(bare, (objects,) if objects else ()) as git:
        findings = Findings(problems=_wrong_kinds(git, tips))
        good = [command for command in tips if command.ref not in findings.problems]
        try:
            met = _walk(git, bare, objects, good, storage.limits.regular_file_size_max_bytes) if good else _Met()
        except Invalid as error:
            findings.problems |= {command.ref: "missing necessary objects" for command in good}
            findings.explanation = f"error: {error.message}\nThe push lacks objects: run 'git fsck', then push again."
            return findings
    pointers = [pointer for _, pointer in met.pointers.values()]
    away = set(lfs_missing(storage.db, repo, pointers)) if pointers else set()
    _judge(met, away, storage.limits.regular_file_size_max_bytes, good, findings)
    return findings


def _wrong_kinds(git: Reader, commands: Sequence[Command]) -> dict[str, str]:
    problems: dict[str, str] = {}
    for command in commands:
        assert command.new
        if not git.has(command.new):
            problems[command.ref] = "missing necessary objects"
        elif git.peel_to_commit(command.new) is None:
            problems[command.ref] = "only commits, and tags of commits, can be pushed"
        elif command.ref.startswith(BRANCHES) and git.header(command.new)[0] is not Kind.COMMIT:
            problems[command.ref] = "a branch holds commits, not tags"
    return problems


def _walk(git: Reader, bare: Path, objects: Path | None, commands: Sequence[Command], size_max: int) -> _Met:
    met = _Met()
    for oid, path in new_objects(bare, objects, [command.new for command in commands if command.new]):
        if not path:
            continue  # a commit, or the root of a tree
        kind, size = git.header(oid)
        if kind is not Kind.BLOB:
            continue
        if size > size_max:
            met.too_large.append((_shown(path), size))
        elif _POINTER_SIZE_MIN <= size < POINTER_SIZE_MAX:
            _look_for_pointer(git, oid, path, met)
    return met


def _look_for_pointer(git: Reader, oid: Oid, path: bytes, met: _Met) -> None:
    data = git.read(oid)[1]
    try:
        pointer = parse_pointer(data)
    except Invalid as error:
        met.broken.append((_shown(path), error.message))
        return
    if pointer:
        met.pointers[oid] = (_shown(path), pointer)


def _judge(met: _Met, away: set[Pointer], limit: int, commands: Sequence[Command], findings: Findings) -> None:
    """All refs of the push share the verdict, as with git's own pre-receive hook."""
    unknown = [(path, pointer) for path, pointer in met.pointers.values() if pointer in away]
    if met.too_large:
        reason, findings.explanation = _say_too_large(met.too_large, limit)
    elif met.broken:
        reason, findings.explanation = _say_broken(met.broken)
    elif unknown:
        reason, findings.explanation = _say_unknown(unknown)
    else:
        return
    findings.problems |= {command.ref: reason for command in commands}


def _say_too_large(found: Sequence[tuple[str, int]], limit: int) -> tuple[str, str]:
    path, size = found[0]
    pattern = _pattern_for(path)
    lines = [f"error: {path} is {_megabytes(size)}" for path, size in found[:_TOLD_MAX]] + _and_more(found)
    lines += [
        f"Files of more than {_megabytes(limit)} go by Git LFS. With git-lfs installed, move them there:",
        f'  git lfs track "{pattern}"',
        f'  git lfs migrate import --include="{pattern}" --everything',
        "and push again.",
    ]
    reason = f'{path} is {_megabytes(size)}, over the {_megabytes(limit)} limit: use git lfs track "{pattern}"'
    return reason, "\n".join(lines)


def _say_broken(found: Sequence[tuple[str, str]]) -> tuple[str, str]:
    path, _ = found[0]
    lines = [f"error: {path}: {why}" for path, why in found[:_TOLD_MAX]] + _and_more(found)
    return f"{path} is a broken Git LFS pointer", "\n".join(lines)


def _say_unknown(found: Sequence[tuple[str, Pointer]]) -> tuple[str, str]:
    path, pointer = found[0]
    lines = [f"error: {path} points to LFS object {one.sha256}, which is not here" for path, one in found[:_TOLD_MAX]]
    lines += _and_more(found)
    lines.append("Upload the LFS objects first: git lfs push --all <remote>, then push again.")
    return f"{path} points to an unknown LFS object {pointer.sha256[:12]}: run git lfs push --all", "\n".join(lines)


def _and_more(found: Sequence[object]) -> list[str]:
    return [f"and {len(found) - _TOLD_MAX} more"] if len(found) > _TOLD_MAX else []


def _pattern_for(path: str) -> str:
    name = path.rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    return f"*.{suffix}" if stem and dot else path


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


def _shown(path: bytes) -> str:
    """A path may hold anything, and a message goes to a terminal."""
    text = path.decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "?" for c in text[:200])
