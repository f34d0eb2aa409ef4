from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import event

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.core.errors import NotFound
from zoco.core.events import RefUpdated, RepoDeleted
from zoco.core.ids import NULL_OID, Oid
from zoco.jobs import outbox, queue
from zoco.jobs.queue import Job, claim, done, enqueue, fail, list_jobs, renew, retry

HANDLERS = ("print", "draw")


class Clock:
    ahead_ms = 0

    def __call__(self) -> int:
        return now_ms() + self.ahead_ms


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(queue, "now_ms", made)
    return made


def put(db: Database, handler: str = "print", n: int = 0, **how: object) -> None:
    with db.write() as write:
        enqueue(write, handler, {"n": n}, **how)  # type: ignore[arg-type]


def claimed(db: Database) -> Job:
    found = claim(db, HANDLERS)
    assert found
    return found


def test_jobs_come_in_the_order_they_are_due(db: Database, clock: Clock) -> None:
    put(db, n=1, run_at_ms=now_ms() - 10_000)
    put(db, n=2, run_at_ms=now_ms() - 20_000)
    put(db, n=3, run_at_ms=now_ms() + 60_000)
    assert [claimed(db).payload["n"] for _ in range(2)] == [2, 1]
    assert claim(db, HANDLERS) is None
    clock.ahead_ms = 59_000
    put(db, "unknown to this worker")
    assert claim(db, HANDLERS) is None
    clock.ahead_ms = 60_001
    assert claimed(db).payload["n"] in {1, 2, 3}


def test_a_claimed_job_is_nobody_elses_until_its_lease_runs_out(db: Database, clock: Clock) -> None:
    put(db)
    first = claimed(db)
    assert first.attempts == 1
    assert claim(db, HANDLERS) is None
    clock.ahead_ms = queue.LEASE_MS - 1000
    assert renew(db, first)
    clock.ahead_ms = 2 * queue.LEASE_MS - 2000
    assert claim(db, HANDLERS) is None
    clock.ahead_ms = 3 * queue.LEASE_MS
    second = claimed(db)
    assert (second.id, second.attempts) == (first.id, 2)
    assert not renew(db, first), "the lease is lost"
    done(db, first)
    fail(db, first, "too late")
    assert [one.last_error for one in list_jobs(db)] == [None], "who lost the lease changes nothing"
    done(db, second)
    assert list_jobs(db) == []


def test_idle_looks_only_read(db: Database) -> None:
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert claim(db, HANDLERS) is None
    assert statements
    assert not [one for one in statements if not one.startswith(("SELECT", "BEGIN"))]
    assert "BEGIN IMMEDIATE" not in statements


def test_jobs_of_one_repository_and_handler_run_in_order(db: Database) -> None:
    for n in range(3):
        put(db, n=n, repo_key=7)
    put(db, "draw", n=10, repo_key=7)
    put(db, n=20, repo_key=8)
    put(db, n=30)
    first_round = [claimed(db) for _ in range(4)]
    assert [one.payload["n"] for one in first_round] == [0, 10, 20, 30]
    assert claim(db, HANDLERS) is None
    done(db, first_round[0])
    second = claimed(db)
    assert second.payload["n"] == 1
    fail(db, second, "later")
    assert claim(db, HANDLERS) is None, "a job that is tried again later keeps its place"


def test_a_failed_job_waits_longer_each_time_and_is_given_up_in_the_end(db: Database, clock: Clock) -> None:
    put(db, n=0, repo_key=7)
    put(db, n=1, repo_key=7)
    waits = []
    for attempt in range(1, queue.ATTEMPTS_MAX + 1):
        held = claimed(db)
        assert (held.payload["n"], held.attempts) == (0, attempt)
        before = clock()
        gave_up = fail(db, held, f"error {attempt}")
        assert gave_up is (attempt == queue.ATTEMPTS_MAX)
        waits.append(list_jobs(db)[0].run_at_ms - before)
        clock.ahead_ms += waits[-1] + 1000
    planned = [queue.back_off_ms(attempt) for attempt in range(1, queue.ATTEMPTS_MAX + 1)]
    assert planned == sorted(planned)
    assert planned[0] == 5_000
    late = [wait - plan for wait, plan in zip(waits, planned, strict=True)]
    assert all(0 <= ms < 1000 for ms in late), "each may be measured a moment after it was planned"
    assert waits[-1] <= queue.BACK_OFF_MAX_MS + 1000
    (failed,) = list_jobs(db, failed=True)
    assert (failed.state(clock()), failed.last_error) == ("failed", "error 10")
    assert claimed(db).payload["n"] == 1, "what was given up holds up nothing"


def test_a_job_that_kills_every_worker_is_given_up_too(db: Database, clock: Clock) -> None:
    put(db)
    for _ in range(queue.ATTEMPTS_MAX):
        claimed(db)
        clock.ahead_ms += queue.LEASE_MS + 1000
    assert claim(db, HANDLERS) is None
    (failed,) = list_jobs(db, failed=True)
    assert failed.last_error and "worker ended" in failed.last_error


def test_a_failed_job_is_tried_again_at_the_end_of_the_line(db: Database, clock: Clock) -> None:
    put(db, n=0, repo_key=7)
    for _ in range(queue.ATTEMPTS_MAX):
        fail(db, claimed(db), "no \0 luck")
        clock.ahead_ms += queue.BACK_OFF_MAX_MS + 1000
    put(db, n=1, repo_key=7)
    failed = list_jobs(db, failed=True)[0]
    retry(db, failed.id)
    first, *rest = list_jobs(db)
    assert first.payload["n"] == 1
    assert [(one.payload["n"], one.attempts) for one in rest] == [(0, 0)]
    for id in (failed.id, first.id, 10**6):
        with pytest.raises(NotFound):
            retry(db, id)


def test_one_job_waits_for_each_key_and_a_begun_one_does_not_count(db: Database) -> None:
    """What happens while a job runs is not covered by it: it must run again."""
    put(db, n=0, idempotency_key="prune:7")
    put(db, n=1, idempotency_key="prune:7")
    put(db, n=2, idempotency_key="prune:8")
    assert [one.payload["n"] for one in list_jobs(db)] == [0, 2]
    held = claimed(db)
    put(db, n=3, idempotency_key="prune:7")
    assert [one.payload["n"] for one in list_jobs(db)] == [0, 2, 3]
    done(db, held)


def test_many_workers_share_the_work_without_doing_any_twice(db: Database) -> None:
    for n in range(40):
        put(db, n=n, repo_key=n % 5)
    ran: list[tuple[int, int]] = []
    lock = threading.Lock()

    def work() -> None:
        idle = 0
        while idle < 200:
            held = claim(db, HANDLERS)
            if held is None:
                idle += 1
                continue
            with lock:
                ran.append((held.repo_key or 0, held.payload["n"]))
            done(db, held)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(n for _, n in ran) == list(range(40))
    for key in range(5):
        mine = [n for of, n in ran if of == key]
        assert mine == sorted(mine), "in order for each repository"


def test_a_transaction_that_fails_leaves_no_job(db: Database) -> None:
    def change() -> Iterator[None]:
        with db.write() as write:
            outbox.record(write, RepoDeleted(7))
            yield
            raise ValueError("the change itself failed")

    with pytest.raises(ValueError, match="itself"):
        list(change())
    assert list_jobs(db) == []


def test_every_subscriber_hears_every_event_in_order(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SUBSCRIPTIONS", {RefUpdated: HANDLERS, RepoDeleted: ("print",)})
    here, there = Oid("a" * 40), Oid("b" * 40)
    events = [
        RefUpdated(7, "refs/heads/main", None, here),
        RefUpdated(7, "refs/heads/main", here, there),
        RefUpdated(7, "refs/heads/main", there, here),
        RefUpdated(7, "refs/heads/main", here, there),
        RefUpdated(7, "refs/heads/main", there, None),
        RepoDeleted(7),
    ]
    with db.write() as write:
        for one in events:
            outbox.record(write, one)
    heard: dict[str, list[object]] = {"print": [], "draw": []}
    while held := claim(db, HANDLERS):
        heard[held.handler].append(outbox.event_of(held.payload))
        done(db, held)
    assert heard == {"print": events, "draw": events[:-1]}
    assert NULL_OID not in repr(heard)
