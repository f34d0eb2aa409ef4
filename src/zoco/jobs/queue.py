"""What is to be done later: a table of jobs with leases.

A job runs at least once: whoever claims it holds a lease and renews it while working; a lease that runs out (its
worker died) is free to be claimed again. Jobs with a `repo_key` run in order of their ids within one handler: a later
one waits until the earlier ones are done or given up. Looking for work only reads; a claim writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update

from zoco.adapters.clock import fresh_uuid, now_ms
from zoco.adapters.db.engine import Database, Write
from zoco.adapters.db.tables import job
from zoco.adapters.db.upsert import insert
from zoco.core.errors import NotFound

LEASE_MS = 60_000
ATTEMPTS_MAX = 10
BACK_OFF_FIRST_MS = 5_000
BACK_OFF_MAX_MS = 3_600_000
ERROR_LENGTH_MAX = 4000
CANDIDATES = 16  # several workers that look at once should not all hit the same row


@dataclass(frozen=True, slots=True)
class Job:
    id: int
    handler: str
    repo_key: int | None
    payload: Mapping[str, Any]  # Any: JSON
    attempts: int
    """this one included"""
    lease_holder: str


@dataclass(frozen=True, slots=True)
class JobInfo:
    """As an operator sees it."""

    id: int
    handler: str
    repo_key: int | None
    payload: Mapping[str, Any]  # Any: JSON
    attempts: int
    run_at_ms: int
    lease_until_ms: int | None
    last_error: str | None
    failed_at_ms: int | None
    created_at_ms: int

    def state(self, now: int) -> str:
        if self.failed_at_ms is not None:
            return "failed"
        if self.lease_until_ms is not None and self.lease_until_ms > now:
            return "running"
        return "waiting" if self.attempts == 0 else "to be tried again"


def enqueue(
    write: Write,
    handler: str,
    payload: Mapping[str, Any],
    *,
    repo_key: int | None = None,
    run_at_ms: int | None = None,
    idempotency_key: str | None = None,
) -> None:
    """While a job with the same `idempotency_key` waits to be begun, nothing is added."""
    now = now_ms()
    statement = insert(write, job).values(
        handler=handler,
        idempotency_key=idempotency_key,
        repo_key=repo_key,
        payload=dict(payload),
        run_at=now if run_at_ms is None else run_at_ms,
        attempts=0,
        created_at=now,
    )
    write.execute(statement.on_conflict_do_nothing(index_elements=["idempotency_key"]))


def enqueue_all(write: Write, jobs: Iterable[tuple[str, Mapping[str, Any], int]]) -> None:
    """(handler, payload, repo key), all due now and in this order."""
    now = now_ms()
    said = {"run_at": now, "attempts": 0, "created_at": now}
    rows = [{"handler": name, "payload": dict(payload), "repo_key": key, **said} for name, payload, key in jobs]
    if rows:
        write.execute(job.insert(), rows)


def claim(db: Database, handlers: Iterable[str], *, lease_ms: int = LEASE_MS) -> Job | None:
    """A job that is due, now held by the caller; None when there is none."""
    names = list(handlers)
    with db.read() as read:
        candidates = list(read.scalars(_due(names)))
    if not candidates:
        return None
    with db.write() as write:
        # what another worker is just claiming is skipped, not waited for (SQLite has one writer and ignores this)
        query = _due(names).where(job.c.id.in_(candidates)).limit(1).with_for_update(skip_locked=True, of=job)
        found = write.scalar(query)
        if found is None:
            return None
        return _take(write, int(found), lease_ms)


def renew(db: Database, held: Job, *, lease_ms: int = LEASE_MS) -> bool:
    """False when the lease was lost: somebody else may be at it."""
    with db.write() as write:
        return write.execute(update(job).where(_held(held)).values(lease_until=now_ms() + lease_ms)).rowcount > 0


def done(db: Database, held: Job, *, again_at_ms: int | None = None) -> None:
    """`again_at_ms`: a task of the schedule, due again then."""
    with db.write() as write:
        if write.execute(delete(job).where(_held(held))).rowcount and again_at_ms is not None:
            enqueue(
                write,
                held.handler,
                held.payload,
                repo_key=held.repo_key,
                run_at_ms=again_at_ms,
                idempotency_key=schedule_key(held.handler),
            )


def fail(db: Database, held: Job, error: str) -> bool:
    """Tries again later, longer each time; True when it was the last attempt and a human must look."""
    gave_up = held.attempts >= ATTEMPTS_MAX
    now = now_ms()
    with db.write() as write:
        write.execute(
            update(job)
            .where(_held(held))
            .values(
                lease_until=None,
                lease_holder=None,
                last_error=error[-ERROR_LENGTH_MAX:].replace("\0", "\N{REPLACEMENT CHARACTER}"),
                run_at=now + back_off_ms(held.attempts),
                failed_at=now if gave_up else None,
            )
        )
    return gave_up


def back_off_ms(attempts: int) -> int:
    """After the first failure 5 s, then four times longer each time, at most an hour."""
    return int(min(BACK_OFF_FIRST_MS * 4 ** (attempts - 1), BACK_OFF_MAX_MS))


def schedule_key(handler: str) -> str:
    return f"schedule:{handler}"


def ensure_scheduled(db: Database, handlers: Iterable[str]) -> None:
    """Tasks of the schedule that neither wait nor run are due now; one that was given up begins anew."""
    names = set(handlers)
    with db.read() as read:
        missing = names - set(
            read.scalars(select(job.c.handler).where(job.c.handler.in_(names), job.c.failed_at.is_(None)))
        )
    if not missing:
        return
    with db.write() as write:
        write.execute(delete(job).where(job.c.handler.in_(missing), job.c.failed_at.is_not(None)))
        for name in sorted(missing):
            enqueue(write, name, {}, idempotency_key=schedule_key(name))


# --- for operators ------------------------------------------------------------------------------------------------


def list_jobs(db: Database, *, failed: bool | None = None, limit: int = 1000) -> list[JobInfo]:
    """Oldest first. `failed` True: given up; False: waiting or running; None: all."""
    columns = (
        job.c.id, job.c.handler, job.c.repo_key, job.c.payload, job.c.attempts, job.c.run_at, job.c.lease_until,
        job.c.last_error, job.c.failed_at, job.c.created_at,
    )  # fmt: skip
    query = select(*columns).order_by(job.c.id).limit(limit)
    if failed is not None:
        query = query.where(job.c.failed_at.is_not(None) if failed else job.c.failed_at.is_(None))
    with db.read() as read:
        return [JobInfo(*tuple(row)) for row in read.execute(query)]


def repo_keys(db: Database, handlers: Iterable[str]) -> list[int]:
    """Repositories with a job of these handlers that was not done yet, given up ones too."""
    query = select(job.c.repo_key).where(job.c.handler.in_(list(handlers)), job.c.repo_key.is_not(None))
    with db.read() as read:
        return list(read.scalars(query.distinct().order_by(job.c.repo_key)))


def retry(db: Database, id: int) -> None:
    """A job that was given up goes to the end of the line: what came after it may have run. Raises NotFound."""
    with db.write() as write:
        row = write.execute(
            delete(job)
            .where(job.c.id == id, job.c.failed_at.is_not(None))
            .returning(job.c.handler, job.c.payload, job.c.repo_key)
        ).first()
        if row is None:
            raise NotFound(f"There is no failed job {id}.")
        enqueue(write, row.handler, row.payload, repo_key=row.repo_key)


# --- the SQL ------------------------------------------------------------------------------------------------------


def _due(handlers: list[str]) -> Any:  # Any: a Select whose type is longer than it is useful
    now = now_ms()
    ahead = job.alias("ahead")
    in_the_way = exists().where(
        ahead.c.repo_key == job.c.repo_key,
        ahead.c.handler == job.c.handler,
        ahead.c.id < job.c.id,
        ahead.c.failed_at.is_(None),
    )
    return (
        select(job.c.id)
        .where(
            job.c.handler.in_(handlers),
            job.c.run_at <= now,
            job.c.failed_at.is_(None),
            or_(job.c.lease_until.is_(None), job.c.lease_until < now),
            or_(job.c.repo_key.is_(None), ~in_the_way),
        )
        .order_by(job.c.run_at, job.c.id)
        .limit(CANDIDATES)
    )


def _take(write: Write, id: int, lease_ms: int) -> Job | None:
    now = now_ms()
    row = write.execute(
        update(job)
        .where(job.c.id == id)
        .values(
            lease_until=now + lease_ms,
            lease_holder=fresh_uuid(),
            attempts=job.c.attempts + 1,
            idempotency_key=None,  # what happens from now on is not covered by this run
        )
        .returning(job.c.id, job.c.handler, job.c.repo_key, job.c.payload, job.c.attempts, job.c.lease_holder)
    ).one()
    if row.attempts > ATTEMPTS_MAX:  # it ends the worker each time, so that nobody lived to write that it failed
        write.execute(
            update(job)
            .where(job.c.id == id)
            .values(failed_at=now, lease_until=None, last_error="the worker ended each time while it ran this")
        )
        return None
    return Job(*row)


def _held(held: Job) -> ColumnElement[bool]:
    return and_(job.c.id == held.id, job.c.lease_holder == held.lease_holder)
