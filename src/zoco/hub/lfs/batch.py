"""What must be sent, and what can be fetched? Facts for each object of a batch; the surface makes addresses of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from zoco.adapters.db.engine import Database
from zoco.core.repos import ContentsRepo, WritableRepo
from zoco.formats.lfs.batch import AskedObject
from zoco.hub.lfs.objects import find_all, touch


@dataclass(frozen=True, slots=True)
class LfsLimits:
    file_size_max_bytes: int


class Step(Enum):
    """What the client does next with an object."""

    NOTHING = "it is here already"
    UPLOAD = "upload"
    DOWNLOAD = "download"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` and `message` are set when `step` is REFUSED (docs/api/batch.md, «Object error codes»)."""

    asked: AskedObject
    step: Step
    code: int = 0
    message: str = ""


def batch_upload(db: Database, repo: WritableRepo, objects: Sequence[AskedObject], limits: LfsLimits) -> list[Answer]:
    """Whoever is told that an object is here may count on it for the grace time, in which to commit it."""
    has = find_all(db, repo, [one.sha256 for one in objects if not one.problem])
    still = touch(db, repo, has)

    def answer(asked: AskedObject) -> Answer:
        if asked.problem:
            return Answer(asked, Step.REFUSED, 422, asked.problem)
        if (found := has.get(asked.sha256)) and asked.sha256 in still:
            return Answer(asked, Step.NOTHING) if found.size == asked.size else _other_size(asked, found.size)
        if asked.size > limits.file_size_max_bytes:
            return Answer(asked, Step.REFUSED, 422, too_large(asked.size, limits))
        return Answer(asked, Step.UPLOAD)

    return [answer(asked) for asked in objects]


def batch_download(db: Database, repo: ContentsRepo, objects: Sequence[AskedObject]) -> list[Answer]:
    has = find_all(db, repo, [one.sha256 for one in objects if not one.problem])

    def answer(asked: AskedObject) -> Answer:
        if asked.problem:
            return Answer(asked, Step.REFUSED, 422, asked.problem)
        if not (found := has.get(asked.sha256)):
            return Answer(asked, Step.REFUSED, 404, "This repository has no such object: it was never uploaded here.")
        return Answer(asked, Step.DOWNLOAD) if found.size == asked.size else _other_size(asked, found.size)

    return [answer(asked) for asked in objects]


def too_large(size_bytes: int, limits: LfsLimits) -> str:
    return (
        f"The file has {size_bytes} bytes, more than the {limits.file_size_max_bytes} this server takes in one LFS"
        " file: split it, or ask an administrator to raise lfs_file_size_max_bytes."
    )


def _other_size(asked: AskedObject, size: int) -> Answer:
    return Answer(asked, Step.REFUSED, 422, f"This object has {size} bytes, not {asked.size}.")
