from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.core.errors import Conflict, Unavailable
from zoco.jobs import queue
from zoco.jobs.queue import claim, enqueue, list_jobs
from zoco.jobs.schedule import Periodic
from zoco.jobs.worker import Worker

WAIT_S = 30  # for what must happen; nobody waits that long unless it is broken


def put(db: Database, handler: str = "print", n: int = 0, **how: object) -> None:
    with db.write() as write:
        enqueue(write, handler, {"n": n}, **how)  # type: ignore[arg-type]


def run_in_thread(worker: Worker) -> tuple[threading.Event, Callable[[], None]]:
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(WAIT_S)
        assert not thread.is_alive()

    return stop, end


def test_jobs_are_run_and_go(db: Database) -> None:
    ran: list[int] = []
    for n in range(3):
        put(db, n=n)
    put(db, n=99, run_at_ms=now_ms() + 60_000)
    assert Worker(db, {"print": lambda payload: ran.append(payload["n"])}).run_until_empty() == 3
    assert ran == [0, 1, 2]
    assert [one.payload["n"] for one in list_jobs(db)] == [99]


def test_a_handler_that_fails_is_tried_again_and_holds_up_no_other(db: Database) -> None:
    def handler(payload: Mapping[str, Any]) -> None:
        if payload["n"] == 0:
            raise ZeroDivisionError("a bug")
        if payload["n"] == 1:
            raise Conflict("somebody was faster")
        ran.append(payload["n"])

    ran: list[int] = []
    for n in range(3):
        put(db, n=n)
    Worker(db, {"print": handler}).run_until_empty()
    assert ran == [2]
    first, second = list_jobs(db)
    assert first.last_error and "ZeroDivisionError: a bug" in first.last_error and "in handler" in first.last_error
    assert second.last_error == "Conflict: somebody was faster"
    assert {first.state(now_ms()), second.state(now_ms())} == {"to be tried again"}


def test_a_long_job_keeps_its_lease_and_others_run_beside_it(db: Database) -> None:
    release, renewed, other_ran = threading.Event(), threading.Event(), threading.Event()

    def slow(_payload: Mapping[str, Any]) -> None:
        assert release.wait(WAIT_S)

    put(db, "slow")
    put(db, "quick")
    worker = Worker(db, {"slow": slow, "quick": lambda _: other_ran.set()}, lease_ms=300, poll_s=0.01)
    _, end = run_in_thread(worker)
    assert other_ran.wait(WAIT_S)
    first = next(one.lease_until_ms for one in list_jobs(db) if one.handler == "slow")
    while not renewed.is_set():
        (slow_one,) = [one for one in list_jobs(db) if one.handler == "slow"]
        if first and slow_one.lease_until_ms and slow_one.lease_until_ms > first + 600:
            renewed.set()
    assert claim(db, ["slow"]) is None, "past its first lease, and still held"
    release.set()
    end()
    assert list_jobs(db) == []


def test_stopping_waits_for_what_has_begun(db: Database) -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def handler(_payload: Mapping[str, Any]) -> None:
        begun.set()
        assert may_end.wait(WAIT_S)
        ended.set()

    put(db)
    stop = threading.Event()
    thread = threading.Thread(target=Worker(db, {"print": handler}, poll_s=0.01).run, args=(stop,))
    thread.start()
    assert begun.wait(WAIT_S)
    stop.set()
    may_end.set()
    thread.join(WAIT_S)
    assert ended.is_set()
    assert list_jobs(db) == []


def test_a_task_of_the_schedule_is_due_again_after_it_ran(db: Database) -> None:
    ran = threading.Event()
    worker = Worker(db, {}, [Periodic("sweep", 3600, ran.set)], poll_s=0.01)
    before = now_ms()
    _, end = run_in_thread(worker)
    assert ran.wait(WAIT_S)
    end()
    (again,) = list_jobs(db)
    assert again.handler == "sweep"
    assert before + 3600_000 <= again.run_at_ms <= now_ms() + 3600_000


def test_workers_that_start_together_schedule_each_task_once(db: Database) -> None:
    ready = threading.Barrier(4)

    def start() -> None:
        ready.wait()
        queue.ensure_scheduled(db, ["sweep", "trim"])

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.handler for one in list_jobs(db)] == ["sweep", "trim"]


def test_a_task_that_was_given_up_begins_anew(db: Database) -> None:
    queue.ensure_scheduled(db, ["sweep"])
    with db.write() as write:
        write.exec_driver_sql("UPDATE job SET failed_at = 1")
    queue.ensure_scheduled(db, ["sweep"])
    assert [one.failed_at_ms for one in list_jobs(db)] == [None]


def test_a_task_of_this_machine_is_run_by_every_worker_and_needs_no_row(db: Database) -> None:
    ran: list[str] = []
    both = threading.Event()

    def trim() -> None:
        ran.append("trim")
        if len(ran) == 2:
            both.set()
        raise OSError("a task that fails is tried again at its next time")

    ends = [
        run_in_thread(Worker(db, {}, [Periodic("trim", 3600, trim, on_each_node=True)], poll_s=0.01))[1]
        for _ in range(2)
    ]
    assert both.wait(WAIT_S)
    for end in ends:
        end()
    assert list_jobs(db) == []


def test_a_database_that_is_away_for_a_while_ends_no_worker(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    tried, ran = threading.Event(), threading.Event()
    real = queue.claim

    def away(*args: Any, **kwargs: Any) -> Any:
        if not tried.is_set():
            tried.set()
            raise Unavailable("The database went away.")
        return real(*args, **kwargs)

    monkeypatch.setattr(queue, "claim", away)
    put(db)
    _, end = run_in_thread(Worker(db, {"print": lambda _: ran.set()}, threads=1, poll_s=0.01))
    assert ran.wait(WAIT_S)
    end()


CHILD = """
import sys, threading
from pathlib import Path
from zoco.adapters.db.engine import open_postgresql, open_sqlite
from zoco.jobs.worker import Worker

place = sys.argv[1]
db = open_postgresql(place) if place.startswith("postgres") else open_sqlite(Path(place))

def handler(payload):
    print("begun", flush=True)
    threading.Event().wait()

Worker(db, {"print": handler}, lease_ms=500).run(threading.Event())
"""


def test_what_a_killed_worker_was_doing_is_done_by_another(db: Database, tmp_path: Path) -> None:
    """kill -9 in the middle of a job: the lease runs out, and the job is run again."""
    put(db, n=7)
    place = str(tmp_path / "zoco.db") if db.is_sqlite else db.engine.url.render_as_string(hide_password=False)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, place.replace("+psycopg", "")], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    assert child.stdout.readline() == "begun\n"
    child.send_signal(signal.SIGKILL)
    child.wait(WAIT_S)
    child.stdout.close()
    (left,) = list_jobs(db)
    assert left.attempts == 1 and left.lease_until_ms is not None
    ran: list[int] = []
    done = threading.Event()

    def handler(payload: Mapping[str, Any]) -> None:
        ran.append(payload["n"])
        done.set()

    _, end = run_in_thread(Worker(db, {"print": handler}, poll_s=0.01))
    assert done.wait(WAIT_S)
    end()
    assert ran == [7]
    assert list_jobs(db) == []
