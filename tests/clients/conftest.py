"""Fixtures for tests with real clients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import constants
from tests.running import Request, Server

Seen = Callable[[str, str], list[Request]]


@pytest.fixture
def seen(server: Server) -> Seen:
    """What the shared server was asked during this test: `seen("POST", "/v1/xorbs/")`."""
    start = server.log.stat().st_size
    return lambda method, part: server.requests(method, part, start)


@pytest.fixture
def at_home(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """huggingface_hub in this process, as on a machine of its own: our Hub's address, an empty cache, no token."""
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    template = f"{server.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return tmp_path
