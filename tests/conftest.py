"""Fixtures that every folder of tests may use."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.databases import migrated
from tests.running import Person, Server
from tests.services import postgres_server, s3_server

__all__ = ["migrated", "postgres_server", "s3_server"]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One embedded Hub for the whole run: tests make people and repositories of their own."""
    running = Server(tmp_path_factory.mktemp("hub") / "data").start()
    yield running
    running.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Servers of this test alone: `own_server(workers=2, sign_up="closed")`, not started yet."""
    made: list[Server] = []

    def make(*, name: str = "data", workers: int = 1, **settings: str) -> Server:
        made.append(Server(tmp_path / name, settings, workers=workers))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def person(server: Server) -> Person:
    """Somebody new on the shared server."""
    return server.person(f"ana-{next(_numbers)}")


@pytest.fixture
def stranger(server: Server) -> Person:
    """Somebody else, who shares nothing with `person`."""
    return server.person(f"otto-{next(_numbers)}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser comes last: its driver keeps an event loop in the main thread, where no other can be run after it."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
