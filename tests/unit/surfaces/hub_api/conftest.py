"""A whole Hub inside the test's own process: its database, its store, its app, and people with tokens."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from tests.services import PostgresServer
from tests.unit.surfaces.hub_api.callers import Api

from zoco.adapters.db.migrate import migrate, prepare
from zoco.app import create_app, open_database, open_hub
from zoco.core.access import TokenRole
from zoco.hub.accounts.tokens import create_token
from zoco.hub.accounts.users import create_user, get_user
from zoco.settings import load
from zoco.surfaces.state import Hub

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    settings = load(tmp_path_factory.mktemp("hub"), {}, regular_file_size_max_bytes=1_000_000)
    db = open_database(settings)
    prepare(db, settings)
    db.close()
    made = open_hub(settings)
    yield made
    made.db.close()


@pytest.fixture(scope="module")
def ana_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[Api]:
    """The same Hub on the other database."""
    url = postgres_server.fresh_database()
    settings = load(tmp_path_factory.mktemp("hub"), {}, database_url=url, secret_key="secret" * 8)
    db = open_database(settings)
    migrate(db)
    db.close()
    made = open_hub(settings)
    with TestClient(create_app(made), base_url="http://hub.test") as client:
        yield _person(made, client, "ana")
    made.db.close()


@pytest.fixture(scope="session")
def client(hub: Hub) -> Iterator[TestClient]:
    with TestClient(create_app(hub), base_url="http://hub.test", raise_server_exceptions=True) as one:
        yield one


@pytest.fixture
def anonymous(hub: Hub, client: TestClient) -> Api:
    return Api(hub, client)


@pytest.fixture
def ana(hub: Hub, client: TestClient) -> Api:
    return _person(hub, client, "ana")


@pytest.fixture
def otto(hub: Hub, client: TestClient) -> Api:
    return _person(hub, client, "otto")


def _person(hub: Hub, client: TestClient, stem: str, role: TokenRole = TokenRole.WRITE) -> Api:
    user = create_user(hub.db, f"{stem}{next(_numbers)}", full_name=stem.capitalize())
    _, secret = create_token(hub.db, user.id, "test", role)
    return Api(hub, client, user.name, secret)


@pytest.fixture
def reader_token(hub: Hub, client: TestClient, ana: Api) -> Api:
    """Ana with a token that may only read."""
    _, secret = create_token(hub.db, get_user(hub.db, ana.name).id, "read", TokenRole.READ)
    return Api(hub, client, ana.name, secret)
