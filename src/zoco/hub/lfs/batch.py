"""What must be sent, and what can be fetched? Facts for each object of a batch; the surface makes addresses of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Self

from zoco.adapters.db.engine import Database
from zoco.core.errors import StoreFull
from zoco.core.repos import ContentsRepo, WritableRepo
from zoco.formats.lfs.batch import AskedObject
from zoco.hub.lfs.objects import find_all, keep
from zoco.settings import Settings


@dataclass(frozen=True, slots=True)
class LfsLimits:
    """`address_lifetime_s`: how long an address is good for, to begin using it."""

    file_size_max_bytes: int
    multipart_size_min_bytes: int = 500_000_000
    address_lifetime_s: int = 3600

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            settings.lfs_file_size_max_bytes, settings.lfs_multipart_size_min_bytes, settings.signed_url_lifetime_s
        )


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


def batch_upload(
    db: Database, repo: WritableRepo, objects: Sequence[AskedObject], limits: LfsLimits, room: int | None = None
) -> list[Answer]:
    """Whoever is told that an object is here may count on it for the grace time, in which to commit it.

    `room`: how many bytes the store can take, where that is known.
    """
    has = find_all(db, repo, [one.sha256 for one in objects if not one.problem])
    for gone in keep(db, repo, sorted(has)):
        del has[gone]

    left = room

    def answer(asked: AskedObject) -> Answer:
        nonlocal left
        if asked.problem:
            return Answer(asked, Step.REFUSED, 422, asked.problem)
        if found := has.get(asked.sha256):
            return Answer(asked, Step.NOTHING) if found.size == asked.size else _other_size(asked, found.size)
        if left is not None:
            if asked.size > left:
                return Answer(asked, Step.REFUSED, 507, StoreFull().message)
            left -= asked.size
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
