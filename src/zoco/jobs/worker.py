"""Runs jobs: claims one, keeps its lease while the handler works, and writes how it ended."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from zoco.adapters import logs
from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.core.errors import HubError, Unavailable
from zoco.jobs import queue
from zoco.jobs.queue import Job
from zoco.jobs.schedule import Periodic

Handler = Callable[[Mapping[str, Any]], None]  # Any: JSON

POLL_S = 1.0
SCHEDULE_CHECK_S = 60.0


class Worker:
    """`threads` jobs at a time, so that one long job does not hold up the others."""

    def __init__(
        self,
        db: Database,
        handlers: Mapping[str, Handler],
        schedule: Iterable[Periodic] = (),
        *,
        threads: int = 2,
        lease_ms: int = queue.LEASE_MS,
        poll_s: float = POLL_S,
    ) -> None:
        self._db = db
        tasks = list(schedule)
        self._schedule = {task.name: task for task in tasks if not task.on_each_node}
        self._own = [task for task in tasks if task.on_each_node]
        self._own_due = dict.fromkeys((task.name for task in self._own), 0.0)
        assert not self._schedule.keys() & handlers.keys(), "one name, two meanings"
        self._handlers = dict(handlers) | {name: _periodic(task) for name, task in self._schedule.items()}
        self._threads = threads
        self._lease_ms = lease_ms
        self._poll_s = poll_s

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set; a job that has begun is finished."""
        others = [threading.Thread(target=self._loop, args=(stop,), name=f"jobs-{n}") for n in range(1, self._threads)]
        for thread in others:
            thread.start()
        self._loop(stop, keeps_schedule=True)
        for thread in others:
            thread.join()

    def run_until_empty(self) -> int:
        """Every job that is due, in this thread; how many were run."""
        count = 0
        while self._run_one():
            count += 1
        return count

    def _loop(self, stop: threading.Event, *, keeps_schedule: bool = False) -> None:
        next_check = 0.0
        while not stop.is_set():
            try:
                if keeps_schedule and time.monotonic() >= next_check:
                    queue.ensure_scheduled(self._db, self._schedule)
                    next_check = time.monotonic() + SCHEDULE_CHECK_S
                    self._run_own()
                found = self._run_one()
            except Unavailable as error:
                logs.warning("jobs_wait", why=error.message)
                found = False
            except Exception as error:  # noqa: BLE001 - the job loop must outlive every surprise
                logs.error("jobs_stumbled", trace=error)
                found = False
            if not found:
                stop.wait(self._poll_s)

    def _run_own(self) -> None:
        for task in self._own:
            if time.monotonic() < self._own_due[task.name]:
                continue
            try:
                task.run()
            except Exception as error:  # noqa: BLE001 - as in _attempt
                logs.error("task_failed", trace=error, task=task.name)
            self._own_due[task.name] = time.monotonic() + task.every_s

    def _run_one(self) -> bool:
        held = queue.claim(self._db, self._handlers, lease_ms=self._lease_ms)
        if held is None:
            return False
        error = self._attempt(held)
        if error is None:
            task = self._schedule.get(held.handler)
            queue.done(self._db, held, again_at_ms=now_ms() + task.every_s * 1000 if task else None)
        elif queue.fail(self._db, held, error):
            logs.error("job_given_up", job=held.id, handler=held.handler, attempts=held.attempts)
        return True

    def _attempt(self, held: Job) -> str | None:
        """What went wrong, or None."""
        finished = threading.Event()
        keeper = threading.Thread(target=self._keep_lease, args=(held, finished), name=f"lease-{held.id}", daemon=True)
        keeper.start()
        try:
            self._handlers[held.handler](held.payload)
        except HubError as error:
            logs.warning("job_failed", job=held.id, handler=held.handler, attempts=held.attempts, why=error.message)
            return f"{type(error).__name__}: {error.message}"
        except Exception as error:  # noqa: BLE001 - the job loop must outlive every handler
            logs.warning("job_failed", job=held.id, handler=held.handler, attempts=held.attempts, why=repr(error))
            return traceback.format_exc()
        finally:
            finished.set()
            keeper.join()
        return None

    def _keep_lease(self, held: Job, finished: threading.Event) -> None:
        while not finished.wait(self._lease_ms / 3000):
            try:
                if not queue.renew(self._db, held, lease_ms=self._lease_ms):
                    logs.warning("job_lease_lost", job=held.id, handler=held.handler)
                    return
            except Unavailable as error:  # the next try may come in time
                logs.warning("job_lease_not_renewed", job=held.id, why=error.message)


def _periodic(task: Periodic) -> Handler:
    def run(_payload: Mapping[str, Any]) -> None:
        task.run()

    return run
