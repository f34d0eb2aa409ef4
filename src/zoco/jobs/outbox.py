"""Who hears of an event: one job for each subscriber, written in the transaction of the change itself.

A job carries the event as JSON and runs at least once, in order for each repository and handler. Handlers read the
repository as it is when they run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from zoco.adapters.db.engine import Write
from zoco.core.events import Event, RefUpdated, RepoDeleted
from zoco.jobs.queue import enqueue_all

Payload = Mapping[str, Any]  # Any: JSON

SUBSCRIPTIONS: Mapping[type[Event], tuple[str, ...]] = {
    RefUpdated: ("tidy",),
    RepoDeleted: ("forget_copy",),
}
"""Names of handlers (`assembly.py` has the functions). A table and not a registry: a command that deletes a repository
records the same jobs as the server, whatever it has imported."""

_KINDS: Mapping[str, type[Event]] = {kind.__name__: kind for kind in SUBSCRIPTIONS}


def record(write: Write, *events: Event) -> None:
    """Many at once cost one statement: a mirror pushes thousands of refs in one transaction."""
    # No idempotency key: the event is written with its change, so never twice, and a key made of the refs would
    # swallow the second of two equal changes (a branch moved from A to B, back, and again).
    enqueue_all(
        write,
        [
            (handler, {"event": type(event).__name__, **asdict(event)}, event.repo_key)
            for event in events
            for handler in SUBSCRIPTIONS[type(event)]
        ],
    )


def event_of(payload: Payload) -> Event:
    """The event that a job's payload carries."""
    facts = dict(payload)
    return _KINDS[facts.pop("event")](**facts)
