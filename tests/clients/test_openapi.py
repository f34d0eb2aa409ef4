"""The OpenAPI document as served, judged by a validator that is not ours."""

from __future__ import annotations

import os
import urllib.request
from pathlib import Path

import pytest
from tests.clients.client_environments import python_with
from tests.clients.hf_client import run
from tests.running import Server

pytestmark = pytest.mark.client


def test_the_served_document_is_valid_openapi(server: Server, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    with urllib.request.urlopen(f"{server.url}/.well-known/openapi.json", timeout=30) as answer:
        document.write_bytes(answer.read())
    python = python_with("openapi", ("openapi-spec-validator==0.9.0",))
    run([str(python), "-m", "openapi_spec_validator", "--errors", "all", str(document)], os.environ)
